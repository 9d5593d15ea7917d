/** The longest delay of the proxy's main thread while a scan runs, beside the same process with none. */
import { median, short, table } from './figures.ts';
import { BenchProxy } from './proxy.ts';

interface Delay {
  delayMs: number;
  /** Of the main thread. */
  cpuMs: number;
}

/** As long as a cold scan on a large machine. */
const IDLE_MS = '300';

/** Medians and maxima of `rounds` windows each. */
export async function stallTimes(rounds: number): Promise<string> {
  const delays = new Map<string, Delay[]>();
  const note = (what: string, delay: Delay) => delays.set(what, [...(delays.get(what) ?? []), delay]);
  for (let i = 0; i < rounds; i++) {
    // A process compiles its code once; the first scan after the proxy's start is measured with that, too.
    const proxy = await BenchProxy.start();
    note('first scan of a new proxy', await proxy.ask<Delay>('stall'));
    note('repeated scan', await proxy.ask<Delay>('stall'));
    note('scan and first decision by name', await proxy.ask<Delay>('stallRoute', `server${i % 20}.localhost`));
    note('scan and another decision', await proxy.ask<Delay>('stallRoute', `server${(i + 1) % 20}.localhost`));
    note('nothing', await proxy.ask<Delay>('idle', IDLE_MS));
    note('no scan, but a thread that computes', await proxy.ask<Delay>('busy', IDLE_MS));
    await proxy.ask('renew');
    note('cold scan, new thread', await proxy.ask<Delay>('stall'));
    note('nothing', await proxy.ask<Delay>('idle', IDLE_MS));
    await proxy.stop();
  }
  const rows = [...delays].map(([what, found]) => {
    const ms = found.map(({ delayMs }) => delayMs);
    const cpuMs = found.map((one) => one.cpuMs);
    return [
      what,
      String(found.length),
      short(median(ms)),
      short(Math.max(...ms)),
      short(median(cpuMs)),
      short(Math.max(...cpuMs)),
    ];
  });
  return table(
    ['what runs', 'windows', 'longest delay, median ms', 'of all ms', 'own CPU, median ms', 'of all ms'],
    rows,
  );
}
