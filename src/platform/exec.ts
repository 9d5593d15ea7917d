/**
 * Runs another program and collects what it prints: no shell, a time limit and a size limit, always.
 */
import { spawn } from 'node:child_process';
import { systemCode } from '../core/errors.ts';

/** Limits of one {@link run}. */
export interface RunLimits {
  /** The program is killed after this time; default 10 s. */
  timeoutMs?: number;
  /** Kept of each of stdout and stderr; what comes after is read and dropped. Default 8 MiB. */
  maxBytes?: number;
  /** Set on top of our own environment: the language that the output is to be in. */
  env?: Readonly<Record<string, string>>;
  /** Run as this user, without our groups; needs root's rights. */
  user?: { uid: number; gid: number };
}

/** What a program left behind. */
export interface RunResult {
  /** Exit code; null where a signal (ours after the time limit, or another) ended it, or where it could not be started. */
  code: number | null;
  stdout: string;
  stderr: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Run `file` with `args`. Never rejects: a program that is missing or may not be run gives code null and the reason
 * in `stderr`, as one that was killed does.
 */
export function run(file: string, args: readonly string[], limits: RunLimits = {}): Promise<RunResult> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES, env, user } = limits;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      ...(env ? { env: { ...process.env, ...env } } : {}),
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    });
    const stdout = new CappedText(maxBytes);
    const stderr = new CappedText(maxBytes);
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    // A grandchild that inherited the pipes keeps them open after the kill: do not wait for it.
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      settle(null, `"${file}" was stopped after ${timeoutMs} ms`);
    }, timeoutMs);

    let settled = false;
    function settle(code: number | null, note = ''): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve({ code, stdout: stdout.text(), stderr: stderr.text() + note });
    }
    child.on('error', (error) => settle(null, `"${file}" could not be run: ${systemCode(error) ?? error.message}`));
    child.on('close', (code) => settle(code));
  });
}

/** Collects bytes up to a limit and decodes them once: a character cut between two chunks stays whole. */
class CappedText {
  readonly #chunks: Buffer[] = [];
  #left: number;

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  add(chunk: Buffer): void {
    if (this.#left <= 0) return;
    const kept = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    this.#chunks.push(kept);
    this.#left -= kept.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
