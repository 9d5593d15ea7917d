/**
 * Reading the files of one process under /proc. Nothing here throws: a process may vanish between two reads, and
 * most of it may not be read for another user's process.
 *
 * All of it is synchronous on purpose: these reads never wait for a disk, they run off the main thread, and a thousand
 * of them through the thread pool take ten times as long.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { MAX_COMMAND_LINE_BYTES, parseCommandLine, programName } from './command-line.ts';

/** What is known about a process that listens. */
export interface ProcessFacts {
  pid: number;
  ppid: number;
  command: string;
  /** undefined where the tool that was asked does not tell one argument from the next. */
  argv: string[] | undefined;
  /** The whole command line, arguments joined by blanks. */
  args: string;
  /** null where it may not be read. */
  cwd: string | null;
  /** The working directory was removed (or replaced by another of the same name) under the process. */
  cwdDeleted: boolean;
  /** Does the path `cwd` mean the same directory to us? Not so in a container, or once it is removed and not made again. */
  cwdIsOurs: boolean;
  exe: string | undefined;
  startTicks: number | undefined;
  /** Start time to the second, ISO 8601, where the tool knows no ticks. */
  startedAt?: string | undefined;
  uid: number | undefined;
  /** Id of the container that it runs in, all 64 digits; absent outside of containers. */
  container?: string;
}

/** The two fields of /proc/PID/stat that matter here. */
export interface ProcessStat {
  ppid: number;
  /** Clock ticks since boot: with the pid it names one process for ever. */
  startTicks: number;
}

/** Ids of all processes that may be seen, highest (most often the newest) first; [] without /proc. */
export function listPids(): number[] {
  try {
    const pids: number[] = [];
    for (const name of readdirSync('/proc')) {
      const first = name.charCodeAt(0);
      if (first >= 0x31 && first <= 0x39) pids.push(Number(name));
    }
    return pids.sort((a, b) => b - a);
  } catch {
    return [];
  }
}

/** Target of a symbolic link, undefined where there is none or it may not be read. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Names of a process's descriptors, undefined where they may not be read. */
export function listDescriptors(pid: number): string[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return undefined;
  }
}

/** Ids of a process's children; [] where it has none, is gone, or the kernel does not tell (CONFIG_PROC_CHILDREN). */
export function listChildren(pid: number): number[] {
  try {
    // Each thread has its own: a process is often started by another one than the main thread.
    const threads = pid > 0 ? readdirSync(`/proc/${pid}/task`) : [];
    const lists = threads.map((thread) => readText(`/proc/${pid}/task/${thread}/children`) ?? '');
    return lists
      .flatMap((text) => text.split(' '))
      .filter((text) => text !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** Number of descriptors a process has, where the kernel says so without listing them (Linux 6.2 and later), else 0. */
export function countDescriptors(pid: number): number {
  return statOf(`/proc/${pid}/fd`)?.size ?? 0;
}

/** Inode of the socket behind a descriptor, undefined where it is none. */
export function socketInode(pid: number, fd: number | string): string | undefined {
  const target = readLink(`/proc/${pid}/fd/${fd}`);
  return target?.startsWith('socket:[') ? target.slice('socket:['.length, -1) : undefined;
}

/** Parent and start time, undefined for a process that is gone. */
export function readStat(pid: number): ProcessStat | undefined {
  return parseStat(readText(`/proc/${pid}/stat`) ?? '');
}

/** Fields of a /proc/PID/stat line. The name in brackets is the process's own choice and may hold brackets and blanks. */
export function parseStat(line: string): ProcessStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ', 20);
  const ppid = Number(fields[1]);
  const startTicks = Number(fields[19]);
  if (fields.length < 20 || !Number.isSafeInteger(ppid) || !Number.isSafeInteger(startTicks)) return undefined;
  return { ppid, startTicks };
}

/** Name that the kernel shows for the main thread, '' for a process that is gone. */
export function readComm(pid: number): string {
  return (readText(`/proc/${pid}/comm`) ?? '').replace(/\n$/, '');
}

/** Everything known about a process, undefined when it is gone. */
export function readFacts(pid: number): ProcessFacts | undefined {
  const stat = readStat(pid);
  if (!stat) return undefined;
  const argv = parseCommandLine(readStart(`/proc/${pid}/cmdline`, MAX_COMMAND_LINE_BYTES));
  const exe = readLink(`/proc/${pid}/exe`)?.replace(DELETED, '');
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1];
  return {
    pid,
    ppid: stat.ppid,
    command: programName(readComm(pid), argv, exe),
    argv,
    args: argv.join(' '),
    ...readCwd(pid),
    exe,
    startTicks: stat.startTicks,
    uid: uid === undefined ? undefined : Number(uid),
    ...containerOf(readText(`/proc/${pid}/cgroup`) ?? ''),
  };
}

/**
 * Engines name a container's control group by its id: `/docker/<id>`, `docker-<id>.scope`, `libpod-<id>.scope`. Of
 * containers inside of one another the innermost is meant.
 */
export function containerOf(cgroup: string): { container?: string } {
  const container = cgroup.match(/[0-9a-f]{64}/g)?.at(-1);
  return container === undefined ? {} : { container };
}

/** What the kernel appends to the target of a link whose file was removed. */
const DELETED = / \(deleted\)$/;

/** Our own control group, '' where there is none. */
export function ownControlGroup(): string {
  return readText('/proc/self/cgroup') ?? '';
}

function readCwd(pid: number): Pick<ProcessFacts, 'cwd' | 'cwdDeleted' | 'cwdIsOurs'> {
  const link = `/proc/${pid}/cwd`;
  const target = readLink(link);
  if (target === undefined) return { cwd: null, cwdDeleted: false, cwdIsOurs: false };
  const actual = statOf(link);
  // A directory may really be called `x (deleted)`: then it is there, and it is this one.
  if (isSame(actual, statOf(target))) return { cwd: target, cwdDeleted: false, cwdIsOurs: true };
  if (!DELETED.test(target)) return { cwd: target, cwdDeleted: false, cwdIsOurs: false };
  const cwd = target.replace(DELETED, '');
  return { cwd, cwdDeleted: true, cwdIsOurs: statOf(cwd)?.isDirectory() ?? false };
}

function isSame(a: Stats | undefined, b: Stats | undefined): boolean {
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** At most `maxBytes` from the beginning of a file, empty where it cannot be read. */
function readStart(path: string, maxBytes: number): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      return readUpTo(file, maxBytes);
    } finally {
      closeSync(file);
    }
  } catch {
    return Buffer.alloc(0);
  }
}

function readUpTo(file: number, maxBytes: number): Buffer {
  let buffer = Buffer.allocUnsafe(4096);
  let length = 0;
  while (length < maxBytes) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(buffer.length * 4, maxBytes));
    const count = readSync(file, buffer, length, buffer.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}
