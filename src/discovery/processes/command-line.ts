/**
 * Reading a command line as /proc gives it, and the name of the program behind it. Pure.
 */
import path from 'node:path';

/** Longest command line that is read: far beyond any real one, far below what a process may set (2 MiB and more). */
export const MAX_COMMAND_LINE_BYTES = 256 * 1024;

/**
 * Most arguments that are kept, far beyond any real server's. Each is an object of its own in the main thread: 128,000 of
 * a byte each would hold it up for longer than all other services together.
 */
export const MAX_ARGUMENTS = 4096;

/** The kernel keeps 15 bytes of a name (TASK_COMM_LEN is 16 with the closing NUL). */
const COMM_BYTES = 15;

/**
 * Arguments of a /proc/PID/cmdline. Bytes that are no UTF-8 become U+FFFD.
 * @param bytes at most {@link MAX_COMMAND_LINE_BYTES}; a longer one was cut, and its last, half argument is left out
 */
export function parseCommandLine(bytes: Buffer): string[] {
  let end = bytes.length;
  if (end >= MAX_COMMAND_LINE_BYTES) {
    const lastEnd = bytes.lastIndexOf(0);
    // One endless argument has no boundary to cut at: its beginning is better than nothing.
    end = lastEnd > 0 ? lastEnd : end;
  }
  // A process that renamed itself leaves the rest of its old arguments as NULs.
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end === 0 ? [] : bytes.toString('utf8', 0, end).split('\0', MAX_ARGUMENTS);
}

/** Names of the main thread, not of the program: Node 24 and 26, Java's launcher, .NET. */
const THREAD_NAME = /^(?:(?:[\w.-]+-)?MainThread|\.NET (?:Host|TP Worker).*|main)$/;

/**
 * Name of the executable as a person knows it. The kernel's `comm`, unless that is a thread's name or cut at
 * 15 bytes: then the name of argv[0], of the script, or of the executable that it is the beginning of.
 * @param exe path of the executable, undefined where it may not be read
 */
export function programName(comm: string, argv: readonly string[], exe: string | undefined): string {
  const names = [argv[0], argv[1], exe].map((arg) => (arg === undefined ? '' : baseName(arg)));
  const [first = '', , executable = ''] = names;
  if (comm === '' || isThreadName(comm, names)) {
    // A title may be anything, also a URL with credentials: then the executable's name is the better one.
    const isTitle = /:\/\/|@/.test(argv[0] ?? '');
    return (isTitle ? executable || first : first || executable) || comm;
  }
  if (Buffer.byteLength(comm) < COMM_BYTES) return comm;
  // The cut may have gone through a character.
  const beginning = comm.replace(/\uFFFD+$/, '');
  return [argv[0] ?? '', ...names].find((name) => name.startsWith(beginning) && !name.startsWith('/')) ?? comm;
}

/** A program may really be called `main` (Go's live reloaders build one): then argv says so too. */
function isThreadName(comm: string, names: readonly string[]): boolean {
  return THREAD_NAME.test(comm) && !names.includes(comm);
}

/** Last part of a path; a title with blanks (`next-server (v15.1.0)`, `nginx: master process /usr/sbin/nginx`) as it is. */
function baseName(arg: string): string {
  if (/^[^/]*\s/.test(arg)) return arg;
  // A login shell's argv[0] starts with a dash.
  return path.basename(arg).replace(/^-(?=\w)/, '');
}
