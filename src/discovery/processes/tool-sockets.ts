/**
 * From sockets that an OS tool lists to described processes: the part that lsof and netstat share.
 * Nothing is read from /proc: what the tools cannot know is absent, on every system alike.
 */
import { statSync } from 'node:fs';
import { platform } from 'node:process';
import { programName } from './command-line.ts';
import type { ListeningSocket } from './listening-socket.ts';
import { type LsofFile, parseLsofFields, readingsOfPath, unescapeLsof } from './lsof-fields.ts';
import type { RunTool } from './os-tool.ts';
import { ownerAmong } from './owner.ts';
import type { ProcessFacts } from './proc-files.ts';
import { askParents, askPs, type PsRow } from './ps.ts';
import { type Found, groupByProcess, type OwnedSocket } from './services.ts';

/** A process that a tool says holds a socket. */
export interface ToolHolder {
  pid: number;
  /** undefined where the tool does not say. */
  fd: number | undefined;
  /** Name in the kernel. */
  name: string;
  uid?: number | undefined;
}

/** A socket with everybody who holds it. */
export interface ToolSocket {
  socket: ListeningSocket;
  holders: ToolHolder[];
}

/** Complete the sockets with what lsof and ps know about their owners: two calls, three where a socket is shared. */
export async function describeSockets(sockets: readonly ToolSocket[], runTool: RunTool): Promise<Found> {
  const isShared = sockets.some(({ holders }) => new Set(holders.map(({ pid }) => pid)).size > 1);
  const parents = isShared ? await askParents(runTool) : new Map<number, number>();
  const owned = sockets.map((socket) => withOwner(socket, parents));
  // Where two tools name one process, the first that was asked is believed.
  const named = sockets.flatMap(({ holders }) => holders.map((holder) => [holder.pid, holder] as const));
  const names = new Map(named.reverse());
  const pids = [...new Set(owned.map(({ owner }) => owner?.pid ?? 0))].filter((pid) => pid > 0);
  const [rows, places] = await Promise.all([askPs(pids, runTool), askPlaces(pids, runTool)]);
  const factsOf = (pid: number): ProcessFacts | undefined => {
    const row = rows?.get(pid);
    // Gone since; where ps itself is missing, what lsof said is all there is.
    return rows && !row ? undefined : factsFrom(names.get(pid), row, places.get(pid));
  };
  const warnings = rows ? [] : ['command lines and start times are not known: "ps" failed'];
  return { processes: groupByProcess(owned, factsOf), warnings };
}

/** The owner by the one rule of all backends. */
function withOwner({ socket, holders }: ToolSocket, parents: ReadonlyMap<number, number>): OwnedSocket {
  const fds = new Map(holders.map(({ pid, fd }) => [pid, fd] as const).reverse());
  const activators = new Set(holders.filter(isActivator).map(({ pid }) => pid));
  const known = [...fds.keys()].map((pid) => ({ pid, fd: 0 }));
  const owner = ownerAmong(known, socket.inode, {
    fdOf: (one) => (fds.has(one) ? 0 : undefined),
    parentOf: (one) => parents.get(one) ?? 0,
    activates: (one) => activators.has(one),
  });
  // All of them open sockets for others: the newest, which may be the user's own.
  const pid = owner?.pid ?? Math.max(...fds.keys());
  return { socket, owner: fds.size === 0 ? undefined : { pid, fd: fds.get(pid) } };
}

/** They open sockets for others, which may be started later: the init process, launchd, systemd's user instance. */
function isActivator({ pid, name }: ToolHolder): boolean {
  return name === 'systemd' || (pid === 1 && (name === 'init' || name === 'launchd'));
}

/** Where a process is and what it executes. */
interface Places {
  cwd: string | null;
  cwdDeleted: boolean;
  cwdIsOurs: boolean;
  exe: string | undefined;
}

const NOWHERE: Places = { cwd: null, cwdDeleted: false, cwdIsOurs: false, exe: undefined };

/** Working directory and executable, in one call. -a: and, not or. */
async function askPlaces(pids: readonly number[], runTool: RunTool): Promise<Map<number, Places>> {
  if (pids.length === 0) return new Map();
  // 1 when one of many processes is gone or may not be inspected: the others are there all the same.
  const { stdout } = await runTool('lsof', ['-nP', '-w', '-a', '-d', 'cwd,txt', '-p', pids.join(','), '-F0fDin']);
  return new Map(parseLsofFields(stdout).map(({ pid, files }) => [pid, placesOf(files)]));
}

/** Places of one process's `cwd` and `txt` files. Pure but for looking whether the directory is there. */
export function placesOf(files: readonly LsofFile[], isMac = platform === 'darwin'): Places {
  const cwd = files.find(({ f }) => f === 'cwd');
  // macOS lists every mapped library as `txt`, the executable first.
  const exe = unescapeLsof(files.find(({ f }) => f === 'txt')?.n ?? '').replace(DELETED, '');
  return { ...(cwd ? directoryOf(cwd, isMac) : NOWHERE), exe: exe.startsWith('/') ? exe : undefined };
}

/** What the kernel appends on Linux to a directory that was removed. */
const DELETED = / \(deleted\)$/;
/** What lsof appends where it could not look: `/proc/1/cwd (readlink: Permission denied)`. */
const UNREADABLE = / \((?:readlink|stat|opendir|lstat|fstat): [^()]*\)$/;

function directoryOf(file: LsofFile, isMac: boolean): Omit<Places, 'exe'> {
  const text = file.n ?? '';
  if (!text.startsWith('/')) return NOWHERE;
  const readings = readingsOfPath(text);
  // The one of that device and inode is meant, whatever it is called.
  const cwd = readings.find((path) => isThatFile(path, file));
  if (cwd !== undefined) return { cwd, cwdDeleted: false, cwdIsOurs: true };
  const [likeliest = ''] = readings;
  if (UNREADABLE.test(likeliest)) return NOWHERE;
  // On a Mac a path means the same to everybody: no container has a root of its own there.
  const isOurs = isMac && isDirectory(likeliest);
  if (isMac || !DELETED.test(likeliest)) return { cwd: likeliest, cwdDeleted: false, cwdIsOurs: isOurs };
  // Removed, and made again by somebody: the same place for a person.
  const removed = likeliest.replace(DELETED, '');
  return { cwd: removed, cwdDeleted: true, cwdIsOurs: isDirectory(removed) };
}

function isThatFile(path: string, { D: device, i: inode }: LsofFile): boolean {
  if (inode === undefined) return false;
  try {
    const stats = statSync(path, { bigint: true });
    return stats.ino === BigInt(inode) && (device === undefined || stats.dev === BigInt(device));
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function factsFrom(
  holder: ToolHolder | undefined,
  row: PsRow | undefined,
  places: Places = NOWHERE,
): ProcessFacts | undefined {
  if (!holder) return undefined;
  const args = row?.args ?? '';
  return {
    pid: holder.pid,
    ppid: row?.ppid ?? 0,
    command: nameFrom(holder.name, args, places.exe),
    argv: undefined,
    args,
    ...places,
    startTicks: undefined,
    startedAt: row?.startedAt,
    uid: row?.uid ?? holder.uid,
  };
}

/** A title with blanks is longer than a name may be: so long is what a person still calls a name. */
const MAX_TITLE_LENGTH = 64;

/**
 * Name of the program, where only blanks divide the arguments. Where the command line begins with the executable's
 * path that is argv[0], blanks and all; a title that the kernel cut may be the whole of it.
 */
export function nameFrom(comm: string, args: string, exe: string | undefined): string {
  const begins = exe !== undefined && (args === exe || args.startsWith(`${exe} `));
  const first = begins ? exe : args.slice(0, MAX_ARGUMENT_LENGTH).split(' ', 1)[0];
  const rest = args.slice((first ?? '').length + 1, MAX_ARGUMENT_LENGTH).split(' ', 1);
  const isTitle = comm.includes(' ') && args.startsWith(comm) && args.length <= MAX_TITLE_LENGTH;
  return programName(comm, isTitle ? [args] : [first ?? '', ...rest], exe);
}

/** PATH_MAX: no first or second argument that names anything is longer. */
const MAX_ARGUMENT_LENGTH = 4096;
