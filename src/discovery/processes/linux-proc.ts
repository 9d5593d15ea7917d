/**
 * Finds the listening processes of a Linux machine from /proc alone.
 *
 * What costs is reading links: 50,000 descriptors are 250 ms. So the search for owners goes to the newest processes
 * first and stops when every socket has one, and what was found is remembered between scans: a known owner is
 * re-checked by one readlink, and a new socket is looked for first in the processes that are new or whose number of
 * descriptors changed since the scan that did not see it.
 */
import type { ListeningSocket } from './listening-socket.ts';
import { listeningSockets } from './listening-tables.ts';
import { type Holders, type Owner, ownerAmong, ownerFrom } from './owner.ts';
import {
  countDescriptors,
  listChildren,
  listDescriptors,
  listPids,
  type ProcessFacts,
  readComm,
  readFacts,
  readLink,
  readStat,
  socketInode,
} from './proc-files.ts';
import { type Found, groupByProcess, type OwnedSocket } from './services.ts';

/** What one scan leaves for the next. */
export interface ProcMemory {
  /** Owner of each socket, by inode. */
  owners: Map<string, Owner>;
  /** Sockets whose owner was looked for everywhere and not found. */
  ownerless: Set<string>;
  /** Number of descriptors of each process, taken before the sockets were listed. Absent: it could not be searched. */
  counts: Map<number, number>;
  /** The second look for ownerless sockets: only processes below this id are left in its round. */
  secondLookBelow: number;
  /** When the round of second looks began, by `performance.now()`. */
  secondLookAtMs: number;
}

/** A memory that knows nothing: the next scan is a cold one. */
export function emptyMemory(): ProcMemory {
  return { owners: new Map(), ownerless: new Set(), counts: new Map(), secondLookBelow: 0, secondLookAtMs: 0 };
}

/**
 * Descriptors also travel over sockets and may replace others, and pids come round again: processes that seem unchanged
 * are searched for ownerless sockets a second time, once in a while and a few in each scan, so that nobody waits for it.
 */
const SECOND_LOOK_EVERY_MS = 60_000;
const SECOND_LOOK_MS = 4;

/**
 * One scan.
 * @param memory of the scan before; changed in place
 * @throws where /proc/net/tcp cannot be read: there is no /proc, or not Linux's
 */
export function scanProc(memory: ProcMemory): Found {
  // Before the sockets: one that is opened in between must not be in the counts alone, or the next scan would have to
  // look for it everywhere.
  const pids = listPids();
  const counts = countAll(pids);
  const { sockets, warnings } = listeningSockets();
  const owned = new OwnerSearch(memory).run(sockets, pids, counts);
  return { processes: groupByProcess(owned, stillOwning(memory)), warnings };
}

/** 5 us each, where listing them would be 100. */
function countAll(pids: readonly number[]): Map<number, number> {
  return new Map(pids.map((pid) => [pid, countDescriptors(pid)]));
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
  /** Executables of holders and their siblings, '' where they may not be read. */
  readonly #programs = new Map<number, string>();
  /** Descriptors of the wanted sockets' holders' ancestors, each process read once. */
  readonly #sockets = new Map<number, Map<string, number>>();

  constructor(memory: ProcMemory) {
    this.#memory = memory;
  }

  /**
   * @param pids newest first
   * @param counts of descriptors, taken before the sockets were listed
   */
  run(sockets: readonly ListeningSocket[], pids: readonly number[], counts: Map<number, number>): OwnedSocket[] {
    const { owners, ownerless, counts: before } = this.#memory;
    const inodes = new Set(sockets.map(({ inode }) => inode));
    forget(owners, inodes);
    forget(ownerless, inodes);
    this.#memory.counts = counts;
    for (const inode of inodes) if (!this.#isSettled(inode)) this.#wanted.add(inode);
    // 0: a kernel that does not tell. Then only new processes are known to have changed.
    if (this.#wanted.size > 0) this.#search(...partition(pids, (pid) => before.get(pid) !== counts.get(pid)));
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

  /** @param changed new processes, and those with another number of descriptors than before */
  #search(changed: readonly number[], unchanged: readonly number[]): void {
    if (!this.#searchAll(changed)) return;
    if ([...this.#wanted].some((inode) => this.#isNew(inode))) {
      // A server that closed one port and opened another has as many descriptors as before.
      const known = new Set([...this.#memory.owners.values()].map(({ pid }) => pid));
      const [owners, others] = partition(unchanged, (pid) => known.has(pid));
      if (this.#searchAll(owners) && this.#searchAll(others)) this.#noteOwnerless();
    } else {
      this.#lookAgain(unchanged);
    }
  }

  /** Was it never looked for everywhere? */
  #isNew(inode: string): boolean {
    return !this.#memory.owners.has(inode) && !this.#memory.ownerless.has(inode);
  }

  #noteOwnerless(): void {
    const { owners, ownerless } = this.#memory;
    for (const inode of this.#wanted) if (!owners.has(inode)) ownerless.add(inode);
    this.#memory.secondLookAtMs = performance.now();
  }

  /** The second look, from the newest down, going on where the last one ended. */
  #lookAgain(pids: readonly number[]): void {
    const memory = this.#memory;
    const startedAtMs = performance.now();
    if (memory.secondLookBelow === 0) {
      if (startedAtMs - memory.secondLookAtMs < SECOND_LOOK_EVERY_MS) return;
      memory.secondLookAtMs = startedAtMs;
      memory.secondLookBelow = Number.POSITIVE_INFINITY;
    }
    for (const pid of pids) {
      if (pid >= memory.secondLookBelow) continue;
      if (!this.#searchIn(pid)) return;
      memory.secondLookBelow = pid;
      if (performance.now() - startedAtMs >= SECOND_LOOK_MS) return;
    }
    memory.secondLookBelow = 0;
  }

  /** @returns false when nothing is wanted any more */
  #searchAll(pids: readonly number[]): boolean {
    return pids.every((pid) => this.#searchIn(pid));
  }

  /** Look for wanted sockets in one process. @returns false when nothing is wanted any more */
  #searchIn(pid: number): boolean {
    const descriptors = listDescriptors(pid);
    // Another user's, or caught in the middle of exec or setuid, when they may not be read: look again next time.
    if (!descriptors) this.#memory.counts.delete(pid);
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
    owners.set(inode, isActivator ? holder : this.#ownerOf(holder, inode));
    ownerless.delete(inode);
    // Whoever was started for it is newer than the activator, and was searched before it.
    if (!isActivator) this.#wanted.delete(inode);
  }

  /**
   * The search ends at the first holder. Who holds it beside that one and its ancestors is a sibling: a worker whose
   * parent is gone, or closed the socket. Only those that run the same program are looked into.
   */
  #ownerOf(holder: Owner, inode: string): Owner {
    const root = ownerFrom(holder, inode, this.#holders);
    const program = this.#programOf(root.pid);
    const known = [root];
    for (const pid of listChildren(this.#holders.parentOf(root.pid))) {
      const fd = this.#programOf(pid) === program ? this.#holders.fdOf(pid, inode) : undefined;
      if (fd !== undefined) known.push({ pid, fd });
    }
    return ownerAmong(known, inode, this.#holders) ?? root;
  }

  #programOf(pid: number): string {
    const program = this.#programs.get(pid) ?? readLink(`/proc/${pid}/exe`) ?? '';
    this.#programs.set(pid, program);
    return program;
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
function forget<K>(map: Map<K, unknown> | Set<K>, alive: ReadonlySet<K>): void {
  for (const key of map.keys()) if (!alive.has(key)) map.delete(key);
}

function partition<T>(values: readonly T[], isFirst: (value: T) => boolean): [T[], T[]] {
  const first: T[] = [];
  const others: T[] = [];
  for (const value of values) (isFirst(value) ? first : others).push(value);
  return [first, others];
}
