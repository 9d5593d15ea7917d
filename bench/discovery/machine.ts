/**
 * The machines that are measured on: real servers in projects of their own, and a thousand processes that hold
 * descriptors. Everything is a child with a pipe to us, so it ends with us, however we end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A port that a server opened, and when (ns of the machine's monotonic clock). */
export interface Listening {
  port: number;
  atNs: bigint;
}

/** One real server. */
export interface BenchServer {
  /** Its project's, and so its hostname's. */
  name: string;
  /** When it first listened; with `waits`: it did not yet. */
  first: Listening | undefined;
  listen(): Promise<Listening>;
  stop(): Promise<void>;
}

/** What runs for one measurement; {@link stop} ends all of it by pid. */
export class Machine {
  readonly root: string;
  readonly #children = new Set<ChildProcess>();

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<Machine> {
    return new Machine(await mkdtemp(path.join(tmpdir(), 'hostwise-bench-')));
  }

  /**
   * A new server in a project of its own, when it runs.
   * @param waits it opens no port before it is told to
   */
  async startServer(name: string, { waits = false } = {}): Promise<BenchServer> {
    const cwd = path.join(this.root, 'src', name);
    await mkdir(cwd, { recursive: true });
    await writeFile(path.join(cwd, 'package.json'), JSON.stringify({ name, scripts: { dev: 'node server.mjs' } }));
    // In the project, as a project's own server is: one from elsewhere would not have its name.
    await copyFile(path.join(HERE, 'server.mjs'), path.join(cwd, 'server.mjs'));
    const args = [path.join(cwd, 'server.mjs'), '--mode', 'development', ...(waits ? ['--wait'] : [])];
    const child = this.#start(process.execPath, args, cwd);
    const lines = createInterface({ input: child.stdout });
    const next = async () => parseListening(String((await once(lines, 'line'))[0]));
    const first = await next();
    const listen = async () => {
      const listening = next();
      child.stdin.write('\n');
      return (await listening) ?? { port: 0, atNs: 0n };
    };
    return { name, first, listen, stop: () => this.#stop(child) };
  }

  /** Processes that hold descriptors and listen on nothing. @returns how many there are */
  async startHolders(processes: number, descriptorsEach: number): Promise<number> {
    const directory = path.join(this.root, 'held');
    await mkdir(directory, { recursive: true });
    await Promise.all(Array.from({ length: 40 }, (_, i) => writeFile(path.join(directory, `${i}.txt`), '')));
    const args = [path.join(HERE, 'holders.pl'), String(processes), String(descriptorsEach), directory];
    const child = this.#start('perl', args, directory);
    for await (const line of createInterface({ input: child.stdout })) return Number(line);
    throw new Error('perl could not start the processes');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#stop(child)));
    await rm(this.root, { recursive: true, force: true });
  }

  #start(program: string, args: string[], cwd: string) {
    const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    // Written to just as it ended.
    child.stdin.on('error', () => {});
    return child;
  }

  /** Its pipe closes, and it ends its own children; by signal when that takes too long. */
  async #stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
}

function parseListening(line: string): Listening | undefined {
  const { port, atNs } = JSON.parse(line) as { port?: number; atNs?: string };
  return port === undefined || atNs === undefined ? undefined : { port, atNs: BigInt(atNs) };
}
