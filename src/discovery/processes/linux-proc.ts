/**
 * Finds the listening processes of a Linux machine from /proc alone.
 *
 * What costs is reading links: 50,000 descriptors are 250 ms. So the search for owners goes to the newest processes
 * first and stops when every socket has one, and what was found is remembered between scans: a known owner is
 * re-checked by one readlink, and a socket whose owner may not be seen is looked for only in processes that are new
 * or whose number of descriptors changed.
 */
import { readFileSync } from 'node:fs';
import { messageOf, systemCode } from '../../core/errors.ts';
import { type ListeningSocket, parseProcNet } from './listening-socket.ts';
import { type Holders, type Owner, ownerFrom } from './owner.ts';
import {
  countDescriptors,
  listDescriptors,
  listPids,
  type ProcessFacts,
  readComm,
  readFacts,
  readStat,
  socketInode,
} from './proc-files.ts';
import { type Found, groupByProcess, type OwnedSocket } from './services.ts';

/** What one scan leaves for the next; plain data, so that it may travel between threads. */
export interface ProcMemory {
  /** Owner of each socket, by inode. */
  owners: Map<string, Owner>;
  /** Sockets whose owner was not found, and how many complete searches that took. */
  ownerless: Map<string, number>;
  /** Processes that were searched, with their number of descriptors then. */
  searched: Map<number, number>;
  /** When the last complete search ended, by {@link monotonicMs}. */
  completeAtMs: number;
}

/** A memory that knows nothing: the next scan is a cold one. */
export function emptyMemory(): ProcMemory {
  return { owners: new Map(), ownerless: new Map(), searched: new Map(), completeAtMs: Number.NEGATIVE_INFINITY };
}

/** The machine's own clock, the same in every thread and never set back. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/**
 * A process may have been caught in the middle of exec or setuid, when its descriptors may not be read: a socket counts
 * as ownerless only after a second complete search.
 */
const SEARCHES_BEFORE_OWNERLESS = 2;

/** Descriptors also travel over sockets, and pids come round again: once in a while everything is searched again. */
const COMPLETE_SEARCH_EVERY_MS = 60_000;

/**
 * One scan.
 * @param memory of the scan before; changed in place
 * @throws where /proc/net/tcp cannot be read: there is no /proc, or not Linux's
 */
export function scanProc(memory: ProcMemory): Found {
  const { sockets, warnings } = listeningSockets();
  const search = new OwnerSearch(memory);
  const owned: OwnedSocket[] = search.run(sockets);
  return { processes: groupByProcess(owned, stillOwning(memory)), warnings };
}

/**
 * All listening sockets of this network namespace.
 * @throws the system's error where the IPv4 table cannot be read
 */
export function listeningSockets(): { sockets: ListeningSocket[]; warnings: string[] } {
  const sockets = parseProcNet(readFileSync('/proc/net/tcp', 'latin1'));
  try {
    sockets.push(...parseProcNet(readFileSync('/proc/net/tcp6', 'latin1')));
  } catch (error) {
    // No such file: a kernel without IPv6, and nothing is missing.
    if (systemCode(error) !== 'ENOENT') {
      return { sockets, warnings: [`IPv6 sockets cannot be listed: "/proc/net/tcp6": ${messageOf(error)}`] };
    }
  }
  return { sockets, warnings: [] };
}

/** Facts of an owner, unless it lost its sockets since: then the pid may already be somebody else's. */
function stillOwning(memory: ProcMemory) {
  return (pid: number, held: readonly OwnedSocket[]): ProcessFacts | undefined => {
    const facts = readFacts(pid);
    const [first] = held;
    if (facts && first?.owner?.fd !== undefined && socketInode(pid, first.owner.fd) === first.socket.inode)
      return facts;
    for (const { socket } of held) memory.owners.delete(socket.inode);
    return undefined;
  };
}

/** Finds the owner of every socket; one instance per scan. */
class OwnerSearch {
  readonly #memory: ProcMemory;
  /** Sockets still without an owner. */
  readonly #wanted = new Set<string>();
  readonly #parents = new Map<number, number>();
  readonly #activators = new Map<number, boolean>();
  /** Descriptors of the wanted sockets' holders' ancestors, each process read once. */
  readonly #sockets = new Map<number, Map<string, number>>();

  constructor(memory: ProcMemory) {
    this.#memory = memory;
  }

  run(sockets: readonly ListeningSocket[]): OwnedSocket[] {
    const { owners, ownerless } = this.#memory;
    const inodes = new Set(sockets.map(({ inode }) => inode));
    forget(owners, inodes);
    forget(ownerless, inodes);
    for (const inode of inodes) if (!this.#isSettled(inode)) this.#wanted.add(inode);
    if (this.#wanted.size > 0) this.#search(listPids());
    return sockets.map((socket) => ({ socket, owner: owners.get(socket.inode) }));
  }

  /** Is the remembered owner still the owner? */
  #isSettled(inode: string): boolean {
    const { owners } = this.#memory;
    const known = owners.get(inode);
    if (!known) return false;
    const holds = socketInode(known.pid, known.fd) === inode;
    if (!holds) owners.delete(inode);
    // Held open for a service that is started by its first client: look whether it was started.
    return holds && !this.#holders.activates(known.pid);
  }

  #search(pids: number[]): void {
    const { searched } = this.#memory;
    forget(searched, new Set(pids));
    const [changed, unchanged] = this.#split(pids);
    for (const pid of changed) if (!this.#searchIn(pid)) return;
    if (!this.#needsCompleteSearch()) return;
    for (const pid of unchanged) if (!this.#searchIn(pid)) return;
    this.#noteOwnerless();
  }

  /** Processes that are new or have another number of descriptors than when they were searched, and the others. */
  #split(pids: readonly number[]): [number[], number[]] {
    const { searched } = this.#memory;
    const changed: number[] = [];
    const unchanged: number[] = [];
    for (const pid of pids) {
      const before = searched.get(pid);
      (before === undefined || this.#hasChanged(pid, before) ? changed : unchanged).push(pid);
    }
    return [changed, unchanged];
  }

  #hasChanged(pid: number, before: number): boolean {
    const count = countDescriptors(pid);
    // 0: a kernel that does not tell.
    return count !== 0 && count !== before;
  }

  /** Only for a socket that was not looked for everywhere already; or when it is time to look again. */
  #needsCompleteSearch(): boolean {
    const { owners, ownerless, completeAtMs } = this.#memory;
    if (monotonicMs() - completeAtMs > COMPLETE_SEARCH_EVERY_MS) return true;
    return [...this.#wanted].some(
      (inode) => !owners.has(inode) && (ownerless.get(inode) ?? 0) < SEARCHES_BEFORE_OWNERLESS,
    );
  }

  #noteOwnerless(): void {
    const { owners, ownerless } = this.#memory;
    for (const inode of this.#wanted) if (!owners.has(inode)) ownerless.set(inode, (ownerless.get(inode) ?? 0) + 1);
    this.#memory.completeAtMs = monotonicMs();
  }

  /** Look for wanted sockets in one process. @returns false when nothing is wanted any more */
  #searchIn(pid: number): boolean {
    const descriptors = listDescriptors(pid);
    this.#memory.searched.set(pid, descriptors?.length ?? countDescriptors(pid));
    for (const fd of descriptors ?? []) {
      const inode = socketInode(pid, fd);
      if (inode !== undefined && this.#wanted.has(inode)) this.#settle(inode, { pid, fd: Number(fd) });
      if (this.#wanted.size === 0) return false;
    }
    return true;
  }

  #settle(inode: string, holder: Owner): void {
    const { owners, ownerless } = this.#memory;
    const isActivator = this.#holders.activates(holder.pid);
    if (isActivator && owners.has(inode)) return;
    owners.set(inode, isActivator ? holder : ownerFrom(holder, inode, this.#holders));
    ownerless.delete(inode);
    // Whoever was started for it is newer than the activator, and was searched before it.
    if (!isActivator) this.#wanted.delete(inode);
  }

  readonly #holders: Holders = {
    fdOf: (pid, inode) => this.#socketsOf(pid).get(inode),
    parentOf: (pid) => {
      const parent = this.#parents.get(pid) ?? readStat(pid)?.ppid ?? 0;
      this.#parents.set(pid, parent);
      return parent;
    },
    activates: (pid) => {
      const known = this.#activators.get(pid) ?? isActivator(pid);
      this.#activators.set(pid, known);
      return known;
    },
  };

  #socketsOf(pid: number): Map<string, number> {
    const known = this.#sockets.get(pid);
    if (known) return known;
    const sockets = new Map<string, number>();
    for (const fd of listDescriptors(pid) ?? []) {
      const inode = socketInode(pid, fd);
      if (inode !== undefined && !sockets.has(inode)) sockets.set(inode, Number(fd));
    }
    this.#sockets.set(pid, sockets);
    return sockets;
  }
}

/** The init process and systemd's user instance hold sockets for services that they start on demand. */
export function isActivator(pid: number): boolean {
  const comm = readComm(pid);
  return comm === 'systemd' || (pid === 1 && comm === 'init');
}

/** Drop what is not in `alive`. */
function forget<K>(map: Map<K, unknown>, alive: ReadonlySet<K>): void {
  for (const key of map.keys()) if (!alive.has(key)) map.delete(key);
}
