/**
 * One engine, seen from the main thread: what its thread (engine.worker.ts) tells of it, in memory. The thread lives as
 * long as this does; when it crashes, the engine counts as lost.
 */
import { Worker } from 'node:worker_threads';
import type { ContainerLog } from '../../core/container-log.ts';
import { messageOf } from '../../core/errors.ts';
import type { ContainerService } from '../../core/service.ts';
import type { EngineAddress } from './engine-address.ts';
import { EngineError } from './engine-client.ts';
import type { Loss } from './engine-view.ts';
import type { StateChange } from './state-sender.ts';

/** What the thread is started with. */
export interface EngineThreadData {
  address: EngineAddress;
  /** Of ssh, for an engine behind it. */
  env: Readonly<Record<string, string | undefined>>;
}

/** What the thread is asked or told. */
export type EngineQuestion =
  | { kind: 'look'; id: number }
  | { kind: 'holds'; id: number; container: string; dialled: string; port: number }
  | { kind: 'log'; id: number; container: string; lines: number }
  /** A change was taken in. */
  | { kind: 'taken' }
  | { kind: 'close' };

/** What the thread says. `failed` is the last of it, and comes in the place of `opened`. */
export type EngineReply =
  | { kind: 'opened' }
  | { kind: 'failed'; message: string; code: string | undefined }
  | { kind: 'change'; change: StateChange }
  | { kind: 'lost'; loss: Loss }
  | { kind: 'answer'; id: number; value: boolean }
  | { kind: 'log'; id: number; log: ContainerLog };

/** Nothing that the thread is asked takes longer; then it hangs, which no engine can bring about. */
const OPEN_TIMEOUT_MS = 60_000;
/** After it is told to, the thread has so long to end, and ssh with it. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Beside this file as source (`engine.worker.ts`), beside a bundle as `engine.worker.js`. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './engine.worker.ts' : './engine.worker.js', import.meta.url);
}

/** See the file's header. */
export class EngineThread {
  readonly address: EngineAddress;
  /** Resolves when changes are not heard of any more. */
  readonly lost: Promise<Loss>;
  readonly #worker: Worker;
  readonly #onChange: () => void;
  readonly #answers = new Map<number, (value: boolean) => void>();
  readonly #logs = new Map<number, (log: ContainerLog) => void>();
  #known = new Map<string, ContainerService>();
  /** Changes of which the last is still to come. */
  #coming = new Map<string, ContainerService>();
  #services: ContainerService[] | undefined;
  #warning: string | undefined;
  #isFollowing = true;
  #isEnded = false;
  #lastId = 0;
  #opened: () => void = () => {};
  #failed: (error: EngineError) => void = () => {};
  #markLost: (loss: Loss) => void = () => {};

  private constructor(data: EngineThreadData, onChange: () => void, url: URL) {
    this.address = data.address;
    this.#onChange = onChange;
    this.lost = new Promise((resolve) => {
      this.#markLost = (loss) => {
        this.#isFollowing = false;
        resolve(loss);
      };
    });
    this.#worker = new Worker(url, { name: 'hostwise-engine', workerData: data });
    this.#listen();
  }

  /**
   * Start a thread and let it connect.
   * @param onChange called after each change
   * @param url of the thread's code; given by tests
   * @throws {EngineError} when the list cannot be had; its `cause` has the `code` of the system's error
   */
  static async open(data: EngineThreadData, onChange: () => void, url: URL = workerUrl()): Promise<EngineThread> {
    const thread = new EngineThread(data, onChange, url);
    const timer = setTimeout(
      () => thread.#failed(new EngineError('cannot be asked: its thread hangs')),
      OPEN_TIMEOUT_MS,
    );
    try {
      await new Promise<void>((resolve, reject) => {
        thread.#opened = resolve;
        thread.#failed = reject;
      });
      thread.#worker.unref();
      return thread;
    } catch (error) {
      thread.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Is every change heard of? */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** Running containers, by name. */
  get services(): readonly ContainerService[] {
    this.#services ??= [...this.#known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#services;
  }

  /** What could not be seen; undefined when all is well. */
  get warning(): string | undefined {
    return this.#warning;
  }

  /** Resolves when everything that has happened by now is in {@link services}. Never rejects. */
  async look(): Promise<void> {
    await this.#ask((id) => ({ kind: 'look', id }));
  }

  /** Does this container own the address now? Asked of the thread, which hears of changes first. Never rejects. */
  holds(container: string, dialled: string, port: number): Promise<boolean> {
    return this.#ask((id) => ({ kind: 'holds', id, container, dialled, port }));
  }

  /** The last lines that a container wrote. @param container its id without our letter. Never rejects. */
  log(container: string, lines: number): Promise<ContainerLog> {
    if (this.#isEnded) return Promise.resolve({ problem: 'the Docker engine is gone' });
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#logs.set(id, resolve);
      this.#worker.ref();
      this.#tell({ kind: 'log', id, container, lines });
    });
  }

  /** End it. */
  close(): void {
    this.#tell({ kind: 'close' });
    this.#worker.unref();
    setTimeout(() => void this.#worker.terminate(), CLOSE_TIMEOUT_MS).unref();
    this.#end('it was closed');
  }

  #ask(question: (id: number) => EngineQuestion): Promise<boolean> {
    if (this.#isEnded) return Promise.resolve(false);
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#answers.set(id, resolve);
      // Only while somebody waits may the thread keep the process alive.
      this.#worker.ref();
      this.#tell(question(id));
    });
  }

  #tell(question: EngineQuestion): void {
    this.#worker.postMessage(question);
  }

  #listen(): void {
    let reason = 'its thread ended';
    this.#worker.on('message', (reply: EngineReply) => this.#hear(reply));
    this.#worker.on('error', (error) => {
      reason = `its thread crashed: ${messageOf(error)}`;
    });
    this.#worker.on('exit', () => {
      if (this.#isEnded) return;
      this.#warning = `cannot be followed: ${reason}`;
      this.#failed(new EngineError(`cannot be asked: ${reason}`));
      this.#end(reason);
    });
  }

  #hear(reply: EngineReply): void {
    switch (reply.kind) {
      case 'opened':
        this.#opened();
        return;
      case 'failed':
        this.#failed(new EngineError(reply.message, undefined, { code: reply.code }));
        return;
      case 'change':
        this.#take(reply.change);
        this.#tell({ kind: 'taken' });
        return;
      case 'lost':
        this.#markLost(reply.loss);
        return;
      case 'answer':
        this.#answers.get(reply.id)?.(reply.value);
        this.#answers.delete(reply.id);
        this.#rest();
        return;
      case 'log':
        this.#logs.get(reply.id)?.(reply.log);
        this.#logs.delete(reply.id);
        this.#rest();
    }
  }

  #rest(): void {
    if (this.#answers.size + this.#logs.size === 0) this.#worker.unref();
  }

  #take({ set, gone, warning, isLast }: StateChange): void {
    for (const service of set) this.#coming.set(service.id, service);
    if (!isLast) return;
    for (const id of gone) this.#known.delete(id);
    for (const [id, service] of this.#coming) this.#known.set(id, service);
    this.#coming = new Map();
    this.#warning = warning;
    this.#services = undefined;
    this.#onChange();
  }

  /** Nobody waits for ever, and nobody is vouched for. */
  #end(reason: string): void {
    this.#isEnded = true;
    this.#markLost({ reason, isRefused: false });
    for (const resolve of this.#answers.values()) resolve(false);
    this.#answers.clear();
    for (const resolve of this.#logs.values()) resolve({ problem: reason });
    this.#logs.clear();
  }
}
