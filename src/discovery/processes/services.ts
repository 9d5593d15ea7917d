/**
 * From sockets with owners to services: one per process, with all its sockets. Shared by the backends.
 */
import type { Listen, ProcessService } from '../../core/service.ts';
import type { ListeningSocket } from './listening-socket.ts';
import type { ProcessFacts } from './proc-files.ts';

/** A listening socket and who holds it; no owner where that may not be seen. */
export interface OwnedSocket {
  socket: ListeningSocket;
  owner: { pid: number; fd?: number | undefined } | undefined;
}

/** A service as a backend gives it: not yet described (project, git, noise). */
export interface FoundProcess {
  service: ProcessService;
  /** What only the description needs. */
  facts: ProcessFacts | undefined;
}

/** What a backend found. */
export interface Found {
  processes: FoundProcess[];
  /** What could not be seen, and why. */
  warnings: string[];
}

/** Services of all sockets, by pid, those without a visible owner last; the sockets of each by port and address. */
export function groupByProcess(
  sockets: readonly OwnedSocket[],
  factsOf: (pid: number, sockets: readonly OwnedSocket[]) => ProcessFacts | undefined,
): FoundProcess[] {
  const byPid = Map.groupBy(sockets, ({ owner }) => owner?.pid ?? 0);
  const ownerless = (byPid.get(0) ?? []).map(({ socket }) => ({ service: unseenService(socket), facts: undefined }));
  byPid.delete(0);
  const found: FoundProcess[] = [];
  for (const [pid, held] of [...byPid].sort(([a], [b]) => a - b)) {
    const facts = factsOf(pid, held);
    if (facts) found.push({ service: processService(facts, held), facts });
  }
  return [...found, ...ownerless.sort((a, b) => byPort(a.service.listen[0], b.service.listen[0]))];
}

function processService(facts: ProcessFacts, held: readonly OwnedSocket[]): ProcessService {
  return {
    id: `p${facts.pid}`,
    pid: facts.pid,
    ppid: facts.ppid,
    command: facts.command,
    ...(facts.argv === undefined ? {} : { argv: facts.argv }),
    args: facts.args,
    cwd: facts.cwd,
    ...(facts.cwdDeleted ? { cwdDeleted: true } : {}),
    listen: held.map(listenOf).sort(byPort),
    project: null,
    git: null,
    ...(facts.startTicks === undefined ? {} : { startTicks: facts.startTicks }),
    ...(facts.startedAt === undefined ? {} : { startedAt: facts.startedAt }),
    ...(facts.uid === undefined ? {} : { uid: facts.uid }),
    ...(facts.container === undefined ? {} : { container: facts.container }),
  };
}

/** A socket whose process may not be inspected: all that the kernel tells everybody. */
function unseenService(socket: ListeningSocket): ProcessService {
  return {
    id: `s${socket.inode || `${socket.address}:${socket.port}`}`,
    pid: 0,
    ppid: 0,
    command: '',
    args: '',
    cwd: null,
    listen: [listenOf({ socket, owner: undefined })],
    project: null,
    git: null,
    ...(socket.uid === undefined ? {} : { uid: socket.uid }),
  };
}

function listenOf({ socket, owner }: OwnedSocket): Listen {
  return {
    address: socket.address,
    port: socket.port,
    ...(socket.inode === '' ? {} : { inode: socket.inode }),
    ...(owner?.fd === undefined ? {} : { fd: owner.fd }),
  };
}

function byPort(a: Listen | undefined, b: Listen | undefined): number {
  if (!a || !b) return 0;
  return a.port - b.port || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
}
