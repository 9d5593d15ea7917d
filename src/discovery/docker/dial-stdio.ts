/**
 * A connection to an engine behind ssh, as the docker CLI makes it: `docker system dial-stdio` on the other machine,
 * one child per connection. The only program that container discovery ever starts.
 */
import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { messageOf } from '../../core/errors.ts';
import type { EngineAddress } from './engine-address.ts';

/** Longest complaint of ssh that is kept, in characters. */
const MAX_COMPLAINT_CHARS = 400;

type SshAddress = Extract<EngineAddress, { kind: 'ssh' }>;

/** The command line, without `ssh` itself. BatchMode: nobody is there to type a password. Pure. */
export function sshArguments({ host, user, port, path }: SshAddress): string[] {
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['-o', 'ConnectTimeout=10', '-o', 'BatchMode=yes', '-T', '--', host, 'docker'],
    ...(path === undefined ? [] : ['--host', shellQuote(`unix://${path}`)]),
    ...['system', 'dial-stdio'],
  ];
}

/** ssh hands its arguments to the other machine's shell. */
function shellQuote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Open a connection. What ssh complains about is the error of the stream.
 * @param env the environment of ssh: PATH, SSH_AUTH_SOCK
 */
export function dialStdio(address: SshAddress, env: NodeJS.ProcessEnv): Duplex {
  const child = spawn('ssh', sshArguments(address), { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(0, MAX_COMPLAINT_CHARS);
  });
  const stream = new ChildStream(child.stdin, child.stdout, () => child.kill('SIGTERM'));
  child.on('error', (error) => stream.destroy(new Error(`ssh cannot be started: ${messageOf(error)}`)));
  child.on('close', (code) => {
    const words = complaint.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
    if (code === 0) stream.push(null);
    else stream.destroy(new Error(words || `ssh ended with exit code ${code}`));
  });
  return stream;
}

/** The child's two pipes as one stream that can be closed. */
class ChildStream extends Duplex {
  readonly #input: NodeJS.WritableStream;
  readonly #output: NodeJS.ReadableStream;
  readonly #kill: () => void;

  constructor(input: NodeJS.WritableStream, output: NodeJS.ReadableStream, kill: () => void) {
    super();
    this.#input = input;
    this.#output = output;
    this.#kill = kill;
    output.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) output.pause();
    });
    // Its end is not told of before the child's: only then is it known whether it was a failure.
    // EPIPE of a child that ended: its exit says why.
    input.on('error', () => {});
  }

  override _read(): void {
    this.#output.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#input.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#input.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#kill();
    done(error);
  }
}
