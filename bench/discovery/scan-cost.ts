/** What a scan costs beside `ss` and `lsof`: all in one round, in turns, so that the machine's load hits all of them. */
import { spawnSync } from 'node:child_process';
import { Scanner } from '../../src/discovery/scan.ts';
import { Discovery } from '../../src/discovery/snapshot.ts';
import { type Cost, median, medianRatio, short, table } from './figures.ts';

const OPTIONS = { backend: 'proc', ownPids: [process.pid] } as const;

/** Of a command, by the shell's own count of its children's time (1 ms). */
function commandCost(command: string): Cost {
  const startedAt = performance.now();
  // Not replaced by the command: the shell has to be there to say what it cost.
  const { stdout } = spawnSync('bash', ['-c', `${command} > /dev/null 2>&1; times`], { encoding: 'utf8' });
  const wallMs = performance.now() - startedAt;
  const [user = Number.NaN, system = Number.NaN] = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    (match) => Number(match[1]) * 60_000 + Number(match[2]) * 1000,
  );
  return { wallMs, cpuMs: user + system };
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

/** Everything measured in one round, by name. */
async function round(): Promise<Map<string, Cost>> {
  const costs = new Map<string, Cost>();
  costs.set('bash -c true', commandCost('true'));
  costs.set('ss -tlnp', commandCost('ss -tlnp'));
  costs.set('lsof -nP -iTCP -sTCP:LISTEN', commandCost('lsof -nP -iTCP -sTCP:LISTEN'));
  const scanner = new Scanner(OPTIONS);
  costs.set('cold scan, memory empty', await costOf(() => scanner.scan()));
  costs.set('repeated scan', await costOf(() => scanner.scan()));
  const discovery = new Discovery({ backend: 'proc' });
  costs.set('cold scan with the start of its thread', await costOf(() => discovery.refresh()));
  costs.set('repeated scan, asked of the thread', await costOf(() => discovery.refresh()));
  await discovery.close();
  return costs;
}

/** Medians of `rounds` rounds, as a table. */
export async function scanCosts(rounds: number): Promise<string> {
  // What a process pays once (reading and compiling its own source) is no part of a scan.
  await round();
  const all: Map<string, Cost>[] = [];
  for (let i = 0; i < rounds; i++) all.push(await round());
  const column = (name: string, key: keyof Cost) => all.map((costs) => costs.get(name)?.[key] ?? Number.NaN);
  const rows = [...(all[0] ?? new Map<string, Cost>()).keys()].map((name) => [
    name,
    short(median(column(name, 'wallMs'))),
    short(medianRatio(column(name, 'wallMs'), column('ss -tlnp', 'wallMs'))),
    short(median(column(name, 'cpuMs'))),
    short(medianRatio(column(name, 'cpuMs'), column('ss -tlnp', 'cpuMs'))),
  ]);
  return table(['what', 'wall ms', 'x ss', 'CPU ms', 'x ss'], rows);
}
