/** One new process that decides names among 1,000 made-up services, and says how long its main thread was held up. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessService, Snapshot } from '../../src/core/service.ts';
import { Resolver } from '../../src/resolve/resolver.ts';

const SERVICES = 1_000;

/** Monorepos of five packages, every fourth of them in a linked worktree. */
function makeService(i: number): ProcessService {
  const group = Math.floor(i / 5);
  const linked = group % 4 === 3;
  const main = `/home/kim/src/shop-${linked ? group - 1 : group}`;
  const root = linked ? `/home/kim/src/shop-${group - 1}-fix-${group}` : main;
  const part = ['web', 'api', 'admin', 'docs', 'worker'][i % 5] ?? 'web';
  const argv = ['node', `${root}/node_modules/.bin/vite`, '--port', String(10_000 + i)];
  return {
    id: `p${i + 1}`,
    pid: i + 1,
    ppid: 1,
    command: 'node',
    argv,
    args: argv.join(' '),
    cwd: `${root}/packages/${part}`,
    listen: [{ address: '127.0.0.1', port: 10_000 + i, inode: String(90_000 + i), fd: 20 }],
    project: { root: `${root}/packages/${part}`, name: `@shop-${group}/${part}`, workspace: root, framework: 'vite' },
    git: linked ? { root, branch: `fix-${group}`, worktree: true, main } : { root, branch: 'main', worktree: false },
    startTicks: 1_000 + i,
    uid: 1_000,
  };
}

function makeSnapshot(): Snapshot {
  return { processes: Array.from({ length: SERVICES }, (_, i) => makeService(i)), containers: [] };
}

const resolver = new Resolver({ llm: null, mode: 'names', domains: ['localhost'] });

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function measure(what: string, work: () => Promise<unknown>): Promise<object> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await pause(30);
  histogram.reset();
  // The first interval after a reset does not count: work that starts at once would not be seen.
  await pause(5);
  const startedAt = performance.now();
  await work();
  const wallMs = performance.now() - startedAt;
  await pause(10);
  histogram.disable();
  return { what, wallMs, delayMs: histogram.max / 1e6 };
}

const [first, second] = [makeSnapshot(), makeSnapshot()];
const changed = { ...second, processes: [...second.processes.slice(0, -1), makeService(SERVICES)] };
const ask = async (snapshot: Snapshot) => {
  const decision = await resolver.resolve({ host: 'web.shop-0.localhost' }, snapshot);
  if (decision.target?.id !== 'p1') throw new Error(`decided ${JSON.stringify(decision.target)}`);
};
const askOther = async (snapshot: Snapshot) => {
  const decision = await resolver.resolve({ host: 'api.shop-0.localhost' }, snapshot);
  if (decision.target?.id !== 'p2') throw new Error(`decided ${JSON.stringify(decision.target)}`);
};
const reports = [
  await measure('nothing', () => pause(20)),
  await measure('first snapshot of the process', () => ask(first)),
  await measure('the same snapshot again', () => ask(first)),
  await measure('another 1,000 services', () => ask(second)),
  await measure('one service of 1,000 changed', () => askOther(changed)),
];
process.send?.(reports, () => process.exit(0));
