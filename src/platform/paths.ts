/**
 * Where hostwise keeps its files, and whether it may: CA, mappings, logs and control socket live in one folder that
 * is its user's alone. Never in a shared temporary folder, where others plant links and cleaners purge.
 */
import { createHash, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { lchown, mkdir, open, stat, unlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { shellQuote } from '../core/shell-quote.ts';
import { type InvokingUser, invokingUser } from './invoking-user.ts';

/** What is read of the environment here. */
export type PathEnvironment = Record<string, string | undefined>;

/** Longest socket path in bytes: macOS takes 103, Linux 107, and while it is made it has a suffix. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Home folder of the user: HOME where it is set to an absolute path, else what the system's user database says
 * (a daemon started at boot has no HOME). Under sudo with root's HOME it is the home of the user who called sudo:
 * whose CA and routes those are does not depend on how sudo is set up.
 * @throws {AppError} DATA_DIR_UNUSABLE when neither knows one (a container's arbitrary uid), or for a third user's HOME
 */
export function homeFolder(env: PathEnvironment): string {
  const user = invokingUser(env);
  const behindSudo = user?.home;
  const given = env.HOME !== undefined && path.isAbsolute(env.HOME) ? env.HOME : undefined;
  if (behindSudo !== undefined && (given === undefined || given === os.userInfo().homedir)) return behindSudo;
  if (user && given !== undefined) checkHome(given, user);
  if (given !== undefined) return given;
  try {
    return os.userInfo().homedir;
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', 'HOME is not set and this user has no entry in the user database', {
      hint: 'Say where the files may go: --data-dir /some/folder',
      cause: error,
    });
  }
}

/** sudo with the HOME of a third user: what is there is neither the caller's nor root's, and stays untouched. */
function checkHome(home: string, { uid, name }: InvokingUser): void {
  const owner = statSync(home, { throwIfNoEntry: false })?.uid;
  if (owner === uid || owner === 0 || owner === undefined) return;
  throw new AppError('DATA_DIR_UNUSABLE', `HOME is "${home}", which is not the home of ${name || uid}`, {
    hint: 'Call sudo with -H, or run this as the user who is meant',
  });
}

/**
 * The platform's data folder: `$XDG_DATA_HOME/hostwise` or `~/.local/share/hostwise`; on macOS
 * `~/Library/Application Support/hostwise`. A relative XDG_DATA_HOME is ignored, as the XDG base directory
 * specification asks.
 * @param home home folder; '' or undefined: found out by {@link homeFolder}
 */
export function defaultDataDir(
  env: PathEnvironment,
  platform: NodeJS.Platform = process.platform,
  home?: string,
): string {
  const homeDir = home || homeFolder(env);
  if (platform === 'darwin') return path.join(homeDir, 'Library', 'Application Support', 'hostwise');
  const base = env.XDG_DATA_HOME;
  if (base !== undefined && path.isAbsolute(base)) return path.join(base, 'hostwise');
  return path.join(homeDir, '.local', 'share', 'hostwise');
}

/**
 * Path of the control socket: in the data folder, or, past the length that the system takes, in the user's run-time
 * folder or a folder of the user's own below the temporary one, under a name made from the data folder's.
 */
export function controlSocketPath(dataDir: string, env: PathEnvironment): string {
  const plain = path.join(dataDir, 'control.sock');
  if (fits(plain)) return plain;
  const name = createHash('sha256').update(path.resolve(dataDir)).digest('hex').slice(0, 16);
  const runtimeDir = env.XDG_RUNTIME_DIR;
  if (runtimeDir !== undefined && path.isAbsolute(runtimeDir)) {
    const inRuntime = path.join(runtimeDir, `hostwise-${name}.sock`);
    if (fits(inRuntime)) return inRuntime;
  }
  // TMPDIR may be as long as anything; /tmp is there on every system with unix sockets.
  const own = path.join(`hostwise-${process.getuid?.() ?? 'user'}`, `${name}.sock`);
  const inTemporary = path.join(os.tmpdir(), own);
  return fits(inTemporary) ? inTemporary : path.join('/tmp', own);
}

function fits(socketPath: string): boolean {
  return Buffer.byteLength(socketPath) <= MAX_SOCKET_PATH_BYTES;
}

/**
 * Make the folder (0700) where it is missing, and check that it can be used: it is a folder, ours (or we are root),
 * nobody else may write into it, and a file can be made in it. An existing folder's permissions are never changed.
 * @throws {AppError} DATA_DIR_UNUSABLE with what is wrong and how to mend it
 */
export async function prepareDataDir(dir: string): Promise<void> {
  try {
    await makeFolder(path.resolve(dir));
    await checkOwner(dir);
    await checkWritable(dir);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unusable(dir, reasonOf(error), fixOf(error, dir), error);
  }
}

/**
 * Make a folder and what is missing above it. mkdir's own `recursive` never comes back where the file system says
 * ENOENT to everything (/proc, a dead mount). Under sudo with the user's HOME a new folder is given to the owner of the
 * one above, who could not use it otherwise. An existing folder (or file) is left as it is.
 * @param dir absolute
 */
export async function makeFolder(dir: string): Promise<void> {
  const parent = path.dirname(dir);
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await isThere(parent))) throw error;
    await makeFolder(parent);
    await mkdir(dir, { mode: 0o700 });
  }
  const { uid, gid } = await stat(parent);
  if (process.geteuid?.() === 0 && uid !== 0) await lchown(dir, uid, gid);
}

async function isThere(dir: string): Promise<boolean> {
  return stat(dir).then(
    () => true,
    () => false,
  );
}

async function checkOwner(dir: string): Promise<void> {
  const found = await stat(dir);
  const own = process.geteuid?.();
  if (!found.isDirectory()) throw unusable(dir, 'it is not a folder', `Move it away, or use another --data-dir`);
  if (own !== undefined && own !== 0 && found.uid !== own) {
    throw unusable(dir, `it belongs to another user (uid ${found.uid})`, `sudo chown -R ${own} ${shellQuote(dir)}`);
  }
  if ((found.mode & 0o022) !== 0 && process.platform !== 'win32') {
    // /tmp and the like, too: whoever may write here may replace the CA or the mappings.
    throw unusable(dir, 'others may write into it', `chmod 700 ${shellQuote(dir)}, or use another --data-dir`);
  }
}

/** Really make a file: permission bits say nothing of read-only mounts, quotas and access lists. */
async function checkWritable(dir: string): Promise<void> {
  const probe = path.join(dir, `.write-test-${randomBytes(6).toString('hex')}`);
  const handle = await open(probe, 'wx', 0o600);
  await handle.close();
  await unlink(probe);
}

function unusable(dir: string, reason: string, hint: string, cause?: unknown): AppError {
  return new AppError('DATA_DIR_UNUSABLE', `The data folder "${dir}" cannot be used: ${reason}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}

function reasonOf(error: unknown): string {
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOENT':
      return 'it cannot be made there';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'there is a file in the way';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    case 'ENAMETOOLONG':
      return 'its name is too long';
    default:
      return messageOf(error);
  }
}

function fixOf(error: unknown, dir: string): string {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'Free some space, or use another --data-dir';
  if (code === 'EACCES' || code === 'EPERM')
    return `Check who owns ${shellQuote(dir)} and its parents, or use another --data-dir`;
  return 'Use another folder: --data-dir /some/folder (or HOSTWISE_DATA_DIR)';
}
