/**
 * Starting the program in the background: a process of its own session that outlives the terminal, and the one message
 * by which it says how the start went. After that message nothing ties the two together.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError, ERROR_CODES, type ErrorCode, messageOf } from '../core/errors.ts';
import { makeFolder } from '../platform/paths.ts';

/** The log of a data folder. */
export function logFile(dataDir: string): string {
  return path.join(dataDir, 'logs', 'hostwise.log');
}

/** What the program prints beside its log: the last words of a crash. */
export function outputFile(dataDir: string): string {
  return path.join(dataDir, 'logs', 'output.log');
}

/** What to start. */
export interface DaemonCommand {
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  dataDir: string;
  /** It is given up, and ended, after this time; default {@link START_TIMEOUT_MS}. */
  timeoutMs?: number;
}

/** A daemon that answers. */
export interface StartedDaemon {
  pid: number;
  /** What the user should know of this start. */
  notes: string[];
}

/** A start takes half a second; a machine that swaps needs many times that. */
const START_TIMEOUT_MS = 60_000;
/** The file for crashes begins anew past this size. */
const MAX_OUTPUT_BYTES = 256 * 1024;

const reportSchema = z.union([
  z.object({ ready: z.object({ notes: z.array(z.string()) }) }),
  z.object({ failed: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }) }),
]);

/** How a start went. */
export type StartReportMessage = z.infer<typeof reportSchema>;

/**
 * Start it and wait until it answers.
 * @throws {AppError} what the daemon's own start failed with · START_FAILED · DATA_DIR_UNUSABLE
 */
export async function spawnDaemon(command: DaemonCommand): Promise<StartedDaemon> {
  const { file, args, env, dataDir, timeoutMs = START_TIMEOUT_MS } = command;
  const output = await openOutput(dataDir);
  // A folder that nobody will want to remove or unmount.
  const child = spawn(file, args, { cwd: '/', env, detached: true, stdio: ['ignore', output, output, 'ipc'] });
  closeSync(output);
  try {
    const report = await new Promise<StartReportMessage>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(startFailed(`it did not answer in ${timeoutMs / 1000} s`, dataDir));
      }, timeoutMs);
      const over = (error: AppError): void => {
        clearTimeout(timer);
        reject(error);
      };
      child.once('error', (error) => over(startFailed(messageOf(error), dataDir)));
      child.once('exit', (code, signal) => over(startFailed(`it ended at once (${signal ?? code})`, dataDir)));
      child.on('message', (message) => {
        const parsed = reportSchema.safeParse(message);
        if (!parsed.success) return;
        clearTimeout(timer);
        resolve(parsed.data);
      });
    });
    if ('failed' in report) throw toError(report.failed);
    return { pid: child.pid ?? 0, notes: report.ready.notes };
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** The child's side: say how it went, and let go of whoever started us. Does nothing when nobody listens. */
export async function reportStart(report: StartReportMessage | { failed: unknown }): Promise<void> {
  if (!process.connected) return;
  const message = 'ready' in report ? report : { failed: describe(report.failed) };
  await new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
  process.disconnect?.();
}

function describe(error: unknown): { code: string; message: string; hint?: string } {
  if (!(error instanceof AppError)) return { code: 'START_FAILED', message: messageOf(error) };
  const { code, message, hint } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function toError(failed: { code: string; message: string; hint?: string | undefined }): AppError {
  const code = isCode(failed.code) ? failed.code : 'START_FAILED';
  return new AppError(code, failed.message, failed.hint === undefined ? {} : { hint: failed.hint });
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function startFailed(reason: string, dataDir: string): AppError {
  return new AppError('START_FAILED', `hostwise could not be started: ${reason}`, {
    hint: `Its last words are in "${outputFile(dataDir)}"`,
  });
}

async function openOutput(dataDir: string): Promise<number> {
  const file = outputFile(dataDir);
  try {
    await makeFolder(path.dirname(file));
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    return openSync(file, size > MAX_OUTPUT_BYTES ? 'w' : 'a', 0o600);
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `The log "${file}" cannot be written: ${messageOf(error)}`, {
      hint: 'Move it away, or use another --data-dir',
      cause: error,
    });
  }
}
