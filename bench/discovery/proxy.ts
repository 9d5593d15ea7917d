/** proxy-process.ts seen from the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One question at a time. */
export class BenchProxy {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<BenchProxy> {
    const child = fork(fileURLToPath(new URL('./proxy-process.ts', import.meta.url)));
    await once(child, 'message');
    return new BenchProxy(child);
  }

  async ask<T>(question: string, argument = ''): Promise<T> {
    const answer = once(this.#child, 'message');
    this.#child.send({ question, argument });
    const [message] = await answer;
    return message as T;
  }

  /** It ends when its channel closes. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
