/**
 * Finds listening processes with `ss` from iproute2, where /proc/net may not be read or has another shape.
 * Everything but the sockets and their holders comes from /proc, as far as it can be read.
 */
import { AppError } from '../../core/errors.ts';
import { run } from '../../platform/exec.ts';
import { isActivator } from './linux-proc.ts';
import { type ListeningSocket, plainAddress } from './listening-socket.ts';
import { type Holders, type Owner, ownerAmong } from './owner.ts';
import { type ProcessFacts, readFacts, readStat, socketInode } from './proc-files.ts';
import { type Found, groupByProcess, type OwnedSocket } from './services.ts';

/** A socket of `ss` with every process that it says holds it. */
export interface SsSocket {
  socket: ListeningSocket;
  holders: (Owner & { name: string })[];
}

/** -e: inode and uid, without which nothing could be verified when a connection is opened. */
const SS_ARGS = ['-H', '-t', '-l', '-n', '-p', '-e'];
const SS_TIMEOUT_MS = 8_000;

/**
 * One scan.
 * @throws {AppError} DISCOVERY_FAILED where ss is missing, fails or takes longer than 8 s
 */
export async function scanSs(): Promise<Found> {
  const { code, stdout, stderr } = await run('ss', SS_ARGS, { timeoutMs: SS_TIMEOUT_MS });
  if (code !== 0) {
    throw new AppError(
      'DISCOVERY_FAILED',
      `"ss ${SS_ARGS.join(' ')}" failed: ${stderr.trim() || `exit code ${code}`}`,
      {
        hint: 'install iproute2',
      },
    );
  }
  const names = new Map<number, string>();
  const owned = parseSs(stdout).map((row) => ownedBy(row, names));
  return { processes: groupByProcess(owned, (pid) => factsOf(pid, names.get(pid) ?? '')), warnings: [] };
}

function ownedBy({ socket, holders }: SsSocket, names: Map<number, string>): OwnedSocket {
  // A process chooses its name, and ss prints it unescaped: `x",pid=1,fd=2)` would claim to be another one.
  const real = holders.filter(({ pid, fd }) => socket.inode === '' || socketInode(pid, fd) === socket.inode);
  const owner = ownerAmong(real, socket.inode, holdersAmong(real)) ?? real[0];
  const name = real.find(({ pid }) => pid === owner?.pid)?.name;
  if (owner && name !== undefined) names.set(owner.pid, name);
  return { socket, owner: owner && { pid: owner.pid, fd: owner.fd } };
}

function holdersAmong(owners: readonly Owner[]): Holders {
  return {
    fdOf: (pid) => owners.find((owner) => owner.pid === pid)?.fd,
    parentOf: (pid) => readStat(pid)?.ppid ?? 0,
    activates: isActivator,
  };
}

/** From /proc; a process of which nothing may be read keeps the name that ss knew. */
function factsOf(pid: number, name: string): ProcessFacts {
  const unread = { ppid: 0, argv: [], args: '', cwd: null, cwdDeleted: false, cwdIsOurs: false };
  return readFacts(pid) ?? { pid, command: name, ...unread, exe: undefined, startTicks: undefined, uid: undefined };
}

/** LISTEN, receive queue, send queue, local `address:port`, peer, and the rest in any order. */
const ROW = /^LISTEN\s+\d+\s+\d+\s+(\S+):(\d{1,5})\s+\S+:\S+(?:\s+([\s\S]*))?$/;
const HOLDER = /\("([\s\S]*?)",pid=(\d+),fd=(\d+)\)(?=,\("|\))/g;

/**
 * Sockets of `ss -H -tlnpe` (without -e: no inode, no uid). Pure.
 * A name may hold quotes, brackets, blanks and line feeds: what does not begin a row belongs to the one before.
 */
export function parseSs(text: string): SsSocket[] {
  const rows: string[] = [];
  for (const line of text.split('\n')) {
    if (ROW.test(line) || rows.length === 0) rows.push(line);
    else rows.push(`${rows.pop()}\n${line}`);
  }
  return rows.map(parseRow).filter((row) => row !== undefined);
}

function parseRow(row: string): SsSocket | undefined {
  const [, local, portText, rest = ''] = ROW.exec(row.trimEnd()) ?? [];
  const port = Number(portText);
  // `*` is an IPv6 socket that takes IPv4 too; /proc shows it as `::`.
  const address = local === '*' ? '::' : plainAddress(local ?? '');
  if (address === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  const holders = [...rest.matchAll(HOLDER)].map(([, name = '', pid, fd]) => ({
    name,
    pid: Number(pid),
    fd: Number(fd),
  }));
  // After the names: what a process is called must not be read as an inode.
  const details = rest.slice(rest.lastIndexOf('))') + 1);
  const inode = /(?:^|\s)ino:(\d+)/.exec(details)?.[1] ?? '';
  const uid = /(?:^|\s)uid:(\d+)/.exec(details)?.[1];
  // ss leaves out uid 0, and says nothing at all without -e.
  return { socket: { address, port, inode, uid: uid === undefined ? (inode ? 0 : undefined) : Number(uid) }, holders };
}
