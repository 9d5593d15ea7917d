/**
 * The commands' side of the daemon's life: is one there, who is it, and its end. A daemon is known by what answers on
 * the control socket of its data folder, never by the name of a process or a number in a file.
 */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { isAlive } from '../platform/is-alive.ts';
import { socketHolder } from '../platform/socket-holder.ts';
import { type EndRequest, type Identity, identitySchema, LIFECYCLE_PATHS } from './lifecycle.ts';

/** A daemon that works answers in milliseconds, on a busy machine in a second or two. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Requests under way get 10 s of the daemon itself; a demo and the last writes some more. */
const END_TIMEOUT_MS = 20_000;
const ASK_AGAIN_MS = 20;
const MAX_ANSWER_CHARS = 256 * 1024;

/** What may be set of the waiting; for tests. */
export interface DaemonTimeouts {
  answerMs?: number;
  endMs?: number;
}

/**
 * Who runs with this control socket.
 * @returns undefined when nobody does: no socket, or one that nobody listens on any more
 * @throws {AppError} DAEMON_UNREACHABLE when somebody is there but does not say who
 */
export async function identify(socketPath: string, timeouts: DaemonTimeouts = {}): Promise<Identity | undefined> {
  const asked = await ask(socketPath, 'GET', LIFECYCLE_PATHS.identity, timeouts.answerMs);
  asked?.response.destroy();
  return asked?.identity;
}

/** How a daemon ended. */
export interface Ended {
  pid: number;
  /** It did not answer, or did not get done, and was killed. */
  killed: boolean;
}

/**
 * Ask the daemon to end, and wait until its ports are free and its process is gone. One that hangs is killed, once
 * the system says which process holds the socket.
 * @returns undefined when nobody runs
 * @throws {AppError} STOP_FAILED when it hangs and cannot be killed · DAEMON_UNREACHABLE
 */
export async function endDaemon(
  socketPath: string,
  how: EndRequest = 'stop',
  timeouts: DaemonTimeouts = {},
): Promise<Ended | undefined> {
  let asked: Asked | undefined;
  try {
    asked = await ask(socketPath, 'POST', LIFECYCLE_PATHS[how], timeouts.answerMs);
  } catch (error) {
    if (!isSilence(error)) throw error;
    return { pid: await killHolder(socketPath, 'it does not answer'), killed: true };
  }
  if (asked === undefined) return undefined;
  const { pid } = asked.identity;
  const deadline = Date.now() + (timeouts.endMs ?? END_TIMEOUT_MS);
  await Promise.race([asked.ended, delay(Math.max(0, deadline - Date.now()), undefined, { ref: false })]);
  while (isAlive(pid)) {
    // A restart under a supervisor may be a new process with the same socket; what counts is the old one's end.
    if (Date.now() > deadline) {
      asked.response.destroy();
      return { pid: await killHolder(socketPath, 'it does not end', pid), killed: true };
    }
    await delay(ASK_AGAIN_MS);
  }
  return { pid, killed: false };
}

/** @returns the pid of what was killed */
async function killHolder(socketPath: string, why: string, expected?: number): Promise<number> {
  const pid = await socketHolder(socketPath);
  if (pid === undefined || (expected !== undefined && pid !== expected)) {
    throw new AppError('STOP_FAILED', `The running hostwise cannot be stopped: ${why}`, {
      hint: `End it yourself; see who has the socket: lsof -U | grep ${socketPath}`,
    });
  }
  try {
    // SIGTERM is what it would already have heeded.
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    throw new AppError('STOP_FAILED', `The running hostwise (pid ${pid}) cannot be stopped: ${messageOf(error)}`, {
      hint: `sudo kill -9 ${pid}`,
      cause: error,
    });
  }
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  while (isAlive(pid) && Date.now() < deadline) await delay(ASK_AGAIN_MS);
  return pid;
}

interface Asked {
  identity: Identity;
  response: http.IncomingMessage;
  /** The connection is over. */
  ended: Promise<void>;
}

/** A request whose answer is one line, and perhaps a long wait after it. */
async function ask(
  socketPath: string,
  method: string,
  path: string,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Asked | undefined> {
  try {
    const { response, line } = await firstLine(socketPath, method, path, timeoutMs);
    const identity = identitySchema.safeParse(parseJson(line));
    if (!identity.success) {
      response.destroy();
      throw unreachable('what answers there does not say that it is one');
    }
    const ended = new Promise<void>((resolve) => {
      response.once('close', resolve).on('error', () => {});
      response.resume();
    });
    return { identity: identity.data, response, ended };
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES' || code === 'EPERM') throw unreachable(`"${socketPath}" belongs to another user`, error);
    if (error instanceof AppError) throw error;
    throw unreachable(messageOf(error), error);
  }
}

const SILENCE = 'it does not answer';

function isSilence(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof Error && error.cause.message === SILENCE;
}

function firstLine(
  socketPath: string,
  method: string,
  path: string,
  timeoutMs: number,
): Promise<{ response: http.IncomingMessage; line: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path, headers: { host: 'proxy.localhost' }, agent: false });
    const timer = setTimeout(() => request.destroy(new Error(SILENCE)), timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.once('response', (response) => {
      let text = '';
      const finish = (): void => {
        clearTimeout(timer);
        response.off('data', read).off('end', finish);
        resolve({ response, line: text });
      };
      const read = (chunk: string): void => {
        text += chunk;
        if (text.includes('\n') || text.length > MAX_ANSWER_CHARS) finish();
      };
      response.setEncoding('utf8').on('data', read).once('end', finish);
      response.once('error', reject);
    });
    request.end();
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(reason: string, cause?: unknown): AppError {
  return new AppError('DAEMON_UNREACHABLE', `The running hostwise cannot be asked: ${reason}`, {
    hint: 'end it where it runs, or use another --data-dir',
    ...(cause === undefined ? {} : { cause }),
  });
}
