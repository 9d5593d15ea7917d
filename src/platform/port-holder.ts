/**
 * Who listens on a port: asked only when a port could not be had, so that the error can name the program.
 */
import { access, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { run } from './exec.ts';

/** The program that holds a port, as far as it may be seen. */
export interface PortHolder {
  /** 0 where another user's processes may not be looked into. */
  pid: number;
  /** Program and, for an interpreter, its script: `nginx`, `node server.js`. '' when unknown. */
  command: string;
  /** User of the socket. */
  uid: number;
}

/**
 * Find the process that listens on a TCP port, on any address: in /proc, or by lsof on a system without it.
 * @returns undefined when nobody is seen to listen
 */
export async function whoHolds(port: number): Promise<PortHolder | undefined> {
  const hasProc = await access('/proc/net/tcp').then(
    () => true,
    () => false,
  );
  return hasProc ? holderInProc(port) : holderByLsof(port);
}

const LSOF_TIMEOUT_MS = 5_000;

/** One program for one port (50 ms on a Mac). Another user's processes are not seen without root's rights. */
export async function holderByLsof(port: number): Promise<PortHolder | undefined> {
  const { stdout } = await run('lsof', ['-nP', '-w', `-iTCP:${port}`, '-sTCP:LISTEN', '-F', 'pcu'], {
    timeoutMs: LSOF_TIMEOUT_MS,
  });
  return holderInFields(stdout);
}

/** The first process of lsof's field output (lsof(8), "OUTPUT FOR OTHER PROGRAMS"): a field a line, `p` begins a process. */
export function holderInFields(text: string): PortHolder | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}(.*)$`, 'm').exec(text)?.[1];
  const pid = Number(field('p') ?? Number.NaN);
  if (!Number.isInteger(pid)) return undefined;
  // lsof writes a space in a name as \x20.
  const command = (field('c') ?? '').replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return { pid, command: command.slice(0, 60), uid: Number(field('u') ?? 0) };
}

/** The port's line takes milliseconds, then one readlink per open file until the owner is found (up to 0.3 s). */
async function holderInProc(port: number): Promise<PortHolder | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'latin1').catch(() => '');
    for (const line of text.split('\n')) {
      if (!line.includes(' 0A ')) continue;
      const columns = line.trim().split(/\s+/);
      const [, local, , , , , , uid, , inode] = columns;
      if (!local?.endsWith(suffix) || inode === undefined) continue;
      const pid = await pidOfSocket(inode);
      return { pid: pid ?? 0, command: pid === undefined ? '' : await commandOf(pid), uid: Number(uid) };
    }
  }
  return undefined;
}

/** The process that has this socket open, as far as we may look; costs one readlink per open file of the machine. */
export async function pidOfSocket(inode: string): Promise<number | undefined> {
  const wanted = `socket:[${inode}]`;
  const pids = (await readdir('/proc').catch((): string[] => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    const descriptors = await readdir(folder).catch((): string[] => []);
    const links = await Promise.all(descriptors.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
    if (links.includes(wanted)) return Number(pid);
  }
  return undefined;
}

/** Of a command line only the program and its script are said: the rest may hold secrets. */
async function commandOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', script = ''] = text.split('\0');
  // A process that renamed itself has its whole title in the first argument: `nginx: master process ...`.
  const name = path.basename(program.split(/[\s:]/, 1)[0] ?? '');
  if (!/^(?:node|bun|deno|python[\d.]*|ruby|php|java)$/.test(name) || script === '' || script.startsWith('-')) {
    return name.slice(0, 60);
  }
  return `${name} ${path.basename(script)}`.slice(0, 60);
}

/** The holder in words: `nginx (pid 812)`, `a program of user 0`. */
export function holderText({ pid, command, uid }: PortHolder): string {
  if (pid === 0) return uid === 0 ? 'a program of root' : `a program of the user with uid ${uid}`;
  return `${command || 'a process'} (pid ${pid})`;
}
