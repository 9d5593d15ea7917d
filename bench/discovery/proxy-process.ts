/**
 * The part of the proxy that discovery could hold up, as a process of its own: the real Discovery, HostRouter and names,
 * no LLM. Asked over IPC by routable.ts and stalls.ts, which may be busy without disturbing what is measured here.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { Discovery } from '../../src/discovery/snapshot.ts';
import { createLogger } from '../../src/platform/log.ts';
import { Resolver } from '../../src/resolve/resolver.ts';
import { HostRouter } from '../../src/resolve/router.ts';
import { MappingStore } from '../../src/routes/mapping-store.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'hostwise-bench-proxy-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const log = createLogger({ level: 'silent' });
const store = await MappingStore.open(path.join(directory, 'cache.json'), log);
// What is still being written would make the folder anew.
process.on('disconnect', () => void store.flush().finally(() => process.exit(0)));

function makeRouter(): { discovery: Discovery; router: HostRouter } {
  const discovery = new Discovery({ log });
  const resolver = new Resolver({ llm: null, mode: 'names', domains: ['localhost'] });
  return { discovery, router: new HostRouter({ discovery, store, resolver, log }) };
}

let { discovery, router } = makeRouter();

/**
 * Longest delay of a 1 ms timer while `work` runs, the timer's own 1 ms in it; and the processor time of this thread,
 * which no other program's load is in: no delay that we cause is longer.
 */
async function delayOf(work: () => Promise<unknown>): Promise<{ delayMs: number; cpuMs: number }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await pause(20);
  histogram.reset();
  // The first interval after a reset does not count: work that starts at once would not be seen.
  await pause(5);
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  await pause(20);
  histogram.disable();
  return { delayMs: histogram.max / 1e6, cpuMs: (user + system) / 1000 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What may be asked; each answer is a plain object. */
const questions: Record<string, (argument: string) => Promise<object>> = {
  /** Forget all, as a proxy that was just started. */
  renew: async () => {
    await discovery.close();
    ({ discovery, router } = makeRouter());
    return {};
  },
  refresh: async () => ({ processes: (await discovery.refresh()).processes.length }),
  /** Ask until the hostname has an address: when, and how often it took. */
  route: async (hostname) => {
    for (let asked = 1; asked <= 50; asked++) {
      const outcome = await router.route({ hostname, navigation: true });
      const atNs = process.hrtime.bigint().toString();
      if (outcome.kind === 'upstream') return { atNs, asked, port: outcome.upstream.port };
    }
    return { atNs: '0', asked: 50, port: 0 };
  },
  idle: (ms) => delayOf(() => pause(Number(ms))),
  /** The same beside a thread that only computes: what sharing the processor costs, whatever the thread does. */
  busy: (ms) =>
    delayOf(async () => {
      const code = `const until = performance.now() + ${Number(ms)}; while (performance.now() < until);`;
      const spinner = new Worker(code, { eval: true });
      await once(spinner, 'exit');
    }),
  stall: () => delayOf(() => discovery.refresh()),
  /** The same with a decision about a name that is not known yet: the index of names is built, too. */
  stallRoute: (hostname) => delayOf(() => router.route({ hostname, navigation: true })),
};

process.on('message', async ({ question, argument }: { question: string; argument: string }) => {
  process.send?.(await questions[question]?.(argument));
});
process.send?.({ ready: true });
