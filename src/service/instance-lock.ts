/**
 * A lock that is held for the few milliseconds in which a control socket is checked and taken: of two programs that
 * start at once, one waits for the other. Not the sign that a daemon runs; that is the socket, which answers.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, systemCode } from '../core/errors.ts';
import { isAlive } from '../platform/is-alive.ts';

/** Nobody holds the lock this long but a process that was stopped or killed in between. */
const STALE_AFTER_MS = 5_000;
const ASK_AGAIN_MS = 15;
/** Longer than {@link STALE_AFTER_MS}, so that a stale lock is always broken before a waiter gives up. */
const GIVE_UP_AFTER_MS = 10_000;

/**
 * Run `work` while holding the lock file `file`.
 * @throws {AppError} ALREADY_RUNNING when another start holds it for 10 s · whatever `work` throws
 */
export async function withStartLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const token = `${process.pid} ${randomBytes(8).toString('hex')}\n`;
  await acquire(file, token);
  try {
    return await work();
  } finally {
    if ((await contentOf(file)) === token) await unlink(file).catch(() => {});
  }
}

async function acquire(file: string, token: string): Promise<void> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  while (!(await tryTake(file, token))) {
    if (await isStale(file)) await breakLock(file);
    else if (Date.now() > deadline) {
      throw new AppError('ALREADY_RUNNING', 'Another hostwise is starting with the same data folder', {
        hint: `If none is, remove "${file}"`,
      });
    } else await delay(ASK_AGAIN_MS);
  }
}

/** The file appears with its content, by a link: nobody ever sees it empty. */
async function tryTake(file: string, token: string): Promise<boolean> {
  const own = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(own, 'wx', 0o600);
  try {
    await handle.writeFile(token);
    await handle.close();
    await link(own, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(own).catch(() => {});
  }
}

async function isStale(file: string): Promise<boolean> {
  const pid = Number((await contentOf(file))?.split(' ', 1)[0]);
  if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) return true;
  const age = await stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age > STALE_AFTER_MS;
}

/**
 * Take a stale lock away. Two may do so at once, and the second would take the first one's fresh lock: what was moved
 * is looked at, and a live lock is put back.
 */
async function breakLock(file: string): Promise<void> {
  const moved = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, moved);
  } catch {
    return;
  }
  if (!(await isStale(moved))) await link(moved, file).catch(() => {});
  await unlink(moved).catch(() => {});
}

function contentOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
