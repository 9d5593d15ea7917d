/**
 * The control socket: how the commands reach the running proxy, and the sign that one runs. One daemon per data folder:
 * whoever holds the socket is it; a socket that nobody answers on is left over from one that was killed.
 */
import { chmod, lstat, rename, unlink } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { prepareDataDir } from '../platform/paths.ts';
import { withStartLock } from './instance-lock.ts';

/** A control socket that is ours. */
export interface ControlSocket {
  /** End every connection and take the socket away, unless it is another daemon's by now. */
  close(): Promise<void>;
}

/** A live daemon accepts at once; one that is stopped (SIGSTOP) has a backlog that does. */
const PROBE_TIMEOUT_MS = 1_000;

/**
 * Open an HTTP server on a unix socket that only this user may reach (0600). A stale socket is replaced.
 * @param socketPath at most 100 bytes; see controlSocketPath
 * @throws {AppError} ALREADY_RUNNING · DATA_DIR_UNUSABLE
 */
export async function acquireControlSocket(socketPath: string, handler: http.RequestListener): Promise<ControlSocket> {
  await prepareDataDir(path.dirname(socketPath));
  return withStartLock(`${socketPath}.lock`, async () => {
    await checkFree(socketPath);
    const server = http.createServer({ requestTimeout: 0 }, handler);
    await openAt(server, socketPath);
    return closable(server, socketPath);
  });
}

/** @throws {AppError} when somebody answers there, or when it is no socket of ours to replace */
async function checkFree(socketPath: string): Promise<void> {
  const found = await lstat(socketPath).catch(() => undefined);
  if (found === undefined) return;
  // Connecting to an ordinary file is refused like connecting to a stale socket; it is not ours to remove.
  if (!found.isSocket()) throw inTheWay(socketPath, 'it is not a socket');
  const code = await probe(socketPath);
  if (code === undefined || code === 'EAGAIN') {
    throw new AppError('ALREADY_RUNNING', 'hostwise is already running with this data folder', {
      hint: 'Use that one, end it (hostwise stop), or give this one another --data-dir',
      data: { controlSocket: socketPath },
    });
  }
  if (code !== 'ECONNREFUSED' && code !== 'ENOENT') throw inTheWay(socketPath, code);
}

function inTheWay(socketPath: string, why: string): AppError {
  return new AppError('DATA_DIR_UNUSABLE', `The control socket "${socketPath}" cannot be made: ${why}`, {
    hint: 'Move that file away, or use another --data-dir',
  });
}

/** @returns undefined when somebody accepts, else the system's error code */
function probe(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    const finish = (code: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(code);
    };
    const timer = setTimeout(finish, PROBE_TIMEOUT_MS, undefined);
    socket.once('connect', () => finish(undefined));
    socket.once('error', (error) => finish(systemCode(error) ?? messageOf(error)));
  });
}

/**
 * Listen under a second name and rename: the socket is never there with wider permissions, nor without a listener, and
 * Node, which removes the name it listened on at the end, cannot remove another daemon's.
 */
async function openAt(server: http.Server, socketPath: string): Promise<void> {
  const temporary = `${socketPath}~`;
  try {
    await unlink(temporary).catch(() => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(temporary, resolve);
    });
    server.on('error', () => {});
    await chmod(temporary, 0o600);
    await rename(temporary, socketPath);
  } catch (error) {
    server.close();
    throw new AppError('DATA_DIR_UNUSABLE', `The control socket "${socketPath}" cannot be made: ${messageOf(error)}`, {
      hint: 'Use another --data-dir, on a file system that has unix sockets',
      cause: error,
    });
  }
}

async function closable(server: http.Server, socketPath: string): Promise<ControlSocket> {
  const { ino } = await lstat(socketPath);
  let closed: Promise<void> | undefined;
  return {
    close: () => {
      closed ??= closeServer(server, socketPath, ino);
      return closed;
    },
  };
}

async function closeServer(server: http.Server, socketPath: string, ino: number): Promise<void> {
  const now = await lstat(socketPath).catch(() => undefined);
  if (now?.ino === ino) await unlink(socketPath).catch(() => {});
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    // Event streams of `logs -f` and the like do not end by themselves.
    server.closeAllConnections();
  });
}
