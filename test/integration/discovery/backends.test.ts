import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessService, Snapshot } from '../../../src/core/service.ts';
import { Scanner } from '../../../src/discovery/scan.ts';
import { needs } from '../../fixtures/needs.ts';
import { type Server, type Servers, startServers, TestMachine } from './test-machine.ts';

const isLinux = needs('linux');
const isRoot = isLinux && needs('root');
const OURS = process.pid;

let machine: TestMachine;
let servers: Servers;

beforeAll(async () => {
  if (!isLinux) return;
  machine = await TestMachine.make();
  servers = await startServers(machine, isRoot);
});
afterAll(() => machine?.stop());

function scan(backend: 'proc' | 'ss' | 'lsof'): Promise<Snapshot> {
  return new Scanner({ backend, ownPids: [OURS] }).scan();
}

function find(snapshot: Snapshot, pid: number): ProcessService | undefined {
  return snapshot.processes.find((process) => process.pid === pid);
}

/** Addresses and ports of a service, in order. */
function listens(service: ProcessService | undefined): [string, number][] {
  return (service?.listen ?? []).map(({ address, port }) => [address, port]);
}

const BACKENDS = [
  { backend: 'proc', isThere: isLinux, name: 'linux' },
  { backend: 'ss', isThere: isLinux && needs('ss'), name: 'ss' },
  { backend: 'lsof', isThere: isLinux && needs('lsof'), name: 'lsof' },
] as const;

describe.each(BACKENDS)('$backend [needs $name]', ({ backend, isThere }) => {
  let snapshot: Snapshot;
  beforeAll(async () => {
    if (isThere) snapshot = await scan(backend);
  });
  const live = it.skipIf(!isThere);
  /** ps joins arguments by blanks and replaces line feeds: boundaries and ticks are nothing lsof or ps could know. */
  const knowsArgv = backend !== 'lsof';
  const get = (server: Server) => find(snapshot, server.pid);

  live('sees everything without a warning', () => {
    // Unless it is root, lsof cannot.
    const warnings = backend === 'lsof' && !isRoot ? ['"lsof" shows only your own processes'] : undefined;
    expect(snapshot.warnings).toEqual(warnings);
    expect(snapshot.containers).toEqual([]);
  });

  live('gives each address as it listens', () => {
    const { ipv4, ipv6Only, wildcard, dualStack, mapped } = servers;
    expect(listens(get(ipv4))).toEqual([['127.0.0.1', ipv4.ports[0]]]);
    expect(listens(get(ipv6Only))).toEqual([['::1', ipv6Only.ports[0]]]);
    expect(listens(get(wildcard))).toEqual([['0.0.0.0', wildcard.ports[0]]]);
    expect(listens(get(dualStack))).toEqual([['::', dualStack.ports[0]]]);
    expect(listens(get(mapped))).toEqual([['127.0.0.1', mapped.ports[0]]]);
  });

  live('gives all ports of one process, ascending, each with its proof', async () => {
    const service = get(servers.several);
    expect(service?.listen.map(({ port }) => port)).toEqual(servers.several.ports.toSorted((a, b) => a - b));
    expect(service?.listen.map(({ address }) => address).sort()).toEqual(['127.0.0.1', '127.0.0.1', '::', '::1']);
    for (const { inode, fd } of service?.listen ?? []) {
      expect(inode).toMatch(/^\d+$/);
      expect(fd).toBeGreaterThan(2);
    }
  });

  live('gives who it is: command, argv, directory, parent, start, user', async () => {
    const stat = await readFile(`/proc/${servers.ipv4.pid}/stat`, 'utf8');
    expect(get(servers.ipv4)).toMatchObject({
      id: `p${servers.ipv4.pid}`,
      ppid: OURS,
      command: 'node',
      cwd: servers.ipv4.cwd,
      uid: process.getuid?.(),
    });
    const { argv, args, startTicks, startedAt } = get(servers.ipv4) ?? { argv: undefined };
    const commandLine = await readFile(`/proc/${servers.ipv4.pid}/cmdline`, 'utf8');
    expect(args).toBe(commandLine.split('\0').slice(0, -1).join(' '));
    expect(argv?.join('\0')).toBe(knowsArgv ? commandLine.slice(0, -1) : undefined);
    expect(startTicks).toBe(knowsArgv ? Number(stat.split(' ')[21]) : undefined);
    if (knowsArgv) expect(startedAt).toBeUndefined();
    else expect(Math.abs(Date.parse(startedAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  live('gives one service for a parent and the workers that hold its socket', () => {
    for (const server of [servers.cluster, servers.shared]) {
      expect(listens(get(server))).toEqual([['127.0.0.1', server.ports[0]]]);
      for (const worker of server.children) expect(find(snapshot, worker.pid)).toBeUndefined();
    }
  });

  live('gives one service for workers that their parent left with its socket: the oldest', () => {
    const { orphans } = servers;
    expect(get(orphans)).toMatchObject({ command: 'node', cwd: orphans.cwd });
    expect(listens(get(orphans))).toEqual([['127.0.0.1', orphans.ports[0]]]);
    for (const { pid } of orphans.children) expect(find(snapshot, pid)).toBeUndefined();
  });

  live('gives a service of its own to the child of a listening supervisor', () => {
    const [child] = servers.supervisor.children;
    expect(listens(get(servers.supervisor))).toEqual([['127.0.0.1', servers.supervisor.ports[0]]]);
    expect(find(snapshot, child?.pid ?? 0)).toMatchObject({
      ppid: servers.supervisor.pid,
      listen: [{ address: '::1', port: child?.ports[0] }],
    });
  });

  live('gives the name that a process took, whole', () => {
    expect(get(servers.renamed)).toMatchObject({ command: 'my-api', args: 'my-api', cwd: servers.renamed.cwd });
    expect(get(servers.renamed)?.argv).toEqual(knowsArgv ? ['my-api'] : undefined);
    expect(get(servers.title)).toMatchObject({ command: 'puma 6.5 (tcp)', args: 'puma 6.5 (tcp)', project: null });
    // The kernel cuts this name to `next-server (v1`, and lsof on Linux passes over a process with an unpaired bracket.
    if (backend === 'lsof') expect(get(servers.longTitle)).toBeUndefined();
    else expect(get(servers.longTitle)).toMatchObject({ command: 'next-server (v15.1.0)', project: null });
  });

  live('cuts a command line of 2 MB, between two arguments where they are known', () => {
    const { argv = [], args = '', command } = get(servers.longCommand) ?? {};
    expect(command).toBe('node');
    expect(args.length).toBeGreaterThan(100_000);
    expect(args.length).toBeLessThanOrEqual(256 * 1024);
    if (!knowsArgv) return;
    expect(argv.length).toBeGreaterThan(200);
    expect(argv.length).toBeLessThan(300);
    expect(argv.at(-1)).toMatch(/^--option-\d+=x{1000}$/);
  });

  live('keeps directories and arguments that are not ASCII, and finds the project there', () => {
    const service = get(servers.nonAscii);
    expect(service).toMatchObject({
      cwd: servers.nonAscii.cwd,
      project: { root: servers.nonAscii.cwd, name: 'bücher' },
    });
    if (knowsArgv) expect(service?.argv?.at(-1)).toBe('--näme=本"\n');
    else expect(service?.args).toContain('--näme=本"');
  });

  live('gives a directory that was removed, says so, and makes no project of what lies above', () => {
    const { cwd } = servers.deletedCwd;
    expect(get(servers.deletedCwd)).toMatchObject({ cwd, cwdDeleted: true, project: null, git: null });
  });

  it.skipIf(!isThere || !isRoot)('sees another user’s process as root [needs root]', () => {
    expect(servers.otherUser && get(servers.otherUser)).toMatchObject({
      uid: 65_534,
      command: 'node',
      cwd: servers.otherUser?.cwd,
    });
  });
});

describe('all backends', () => {
  const pidsOf = (all: readonly Server[]) =>
    new Set(all.flatMap(({ pid, children }) => [pid, ...children.map((child) => child.pid)]));

  it.skipIf(!isLinux || !needs('ss') || !needs('lsof'))(
    'agree on everything about every server that they may know [needs ss, lsof]',
    async () => {
      const pids = pidsOf(Object.values(servers));
      const [proc, ss, lsof] = await Promise.all([scan('proc'), scan('ss'), scan('lsof')]);
      const ours = ({ processes }: Snapshot) => processes.filter(({ pid }) => pids.has(pid));
      expect(ours(proc).length).toBeGreaterThanOrEqual(isRoot ? 18 : 17);
      expect(ours(ss)).toEqual(ours(proc));

      const unseen = servers.longTitle.pid;
      expect(ours(lsof).map(knownToAll)).toEqual(
        ours(proc)
          .filter(({ pid }) => pid !== unseen)
          .map(knownToAll),
      );
    },
  );
});

/** Without what lsof and ps cannot know: argv and ticks; a command line as another tool prints it. */
function knownToAll(service: ProcessService): Partial<ProcessService> {
  const { argv: _argv, args: _args, startTicks: _ticks, startedAt: _start, ...known } = service;
  return known;
}
