/** A sample app as a process of its own, which ends with us however we end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** One that listens. */
export interface DemoProcess {
  pid: number;
  address: string;
  port: number;
  /** SIGTERM, then SIGKILL; resolves when it is over. */
  stop(): Promise<void>;
}

/** Node starts in 50 ms; a machine that swaps may need seconds. */
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 2_000;
/** Not for the apps: Node's switches (a debugger's port), and keys that they have no use for. */
const NOT_PASSED_ON = /^(?:NODE_.*|LLM_API_KEY|HOSTWISE_.*|npm_.*)$/;

/**
 * Start `server.mjs` of a folder and wait until it listens. The channel to it closes with us, even by SIGKILL, and the
 * app ends when it does.
 * @param address tried first; the app says where it listens
 */
export async function startDemoProcess(
  dir: string,
  address: string,
  env: Record<string, string | undefined>,
): Promise<DemoProcess> {
  const passed = Object.entries(env).filter(([name]) => !NOT_PASSED_ON.test(name));
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: dir,
    env: { ...Object.fromEntries(passed), DEMO_ADDRESS: address },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  try {
    const listening = await listeningOf(child);
    return { pid: child.pid ?? 0, ...listening, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function listeningOf(child: ChildProcess): Promise<{ address: string; port: number }> {
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    // The end of a trace says more than its beginning, and it may go on for ever.
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`it did not listen in ${START_TIMEOUT_MS / 1000} s`)),
      START_TIMEOUT_MS,
    );
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`it ended at once: ${complaint.trim()}`)));
    child.once('message', (message) => {
      const place = placeOf(message);
      if (place) resolve(place);
      else reject(new Error('it did not say where it listens'));
    });
    child.once('message', () => clearTimeout(timer)).once('exit', () => clearTimeout(timer));
  });
}

function placeOf(message: unknown): { address: string; port: number } | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { address, port } = message as { address?: unknown; port?: unknown };
  return typeof address === 'string' && typeof port === 'number' ? { address, port } : undefined;
}

async function stop(child: ChildProcess): Promise<void> {
  if (isOver(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([ended, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  if (isOver(child)) return;
  child.kill('SIGKILL');
  await ended;
}

function isOver(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
