/** `npm run bench:discovery [-- --rounds N]`: discovery on a small and on a large machine. Prints markdown. */
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchServer } from './machine.ts';
import { Machine } from './machine.ts';
import { namesTimes } from './names.ts';
import { routableTimes, waitingNeeded } from './routable.ts';
import { scanCosts } from './scan-cost.ts';
import { stallTimes } from './stalls.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    /** Of scan, stall, routable, names; default all. */
    only: { type: 'string', default: 'scan,stall,routable,names' },
    /** 20, 1000 or both. */
    machines: { type: 'string', default: '20,1000' },
  },
});
const rounds = Math.max(1, Number(values.rounds));
const parts = values.only.split(',');

const SERVERS = 20;
const HOLDERS = 1_000;
const DESCRIPTORS_EACH = 50;

function say(text: string): void {
  console.log(`${text}\n`);
}

function loadText(): string {
  return `load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`;
}

/** @param holders 0 for the small machine */
async function measure(holders: number): Promise<void> {
  const machine = await Machine.make();
  try {
    // First, so that they are the oldest: a search that begins with the newest process finds them last.
    for (let i = 0; i < SERVERS; i++) await machine.startServer(`server${i}`);
    const waiting: BenchServer[] = [];
    const count = parts.includes('routable') ? waitingNeeded(Math.min(rounds, 5)) : 0;
    for (let i = 0; i < count; i++) waiting.push(await machine.startServer(`waiting${i}`, { waits: true }));
    const started = holders > 0 ? await machine.startHolders(holders, DESCRIPTORS_EACH) : 0;
    say(
      `## ${SERVERS} servers${started ? `, ${started} processes with ${started * DESCRIPTORS_EACH} descriptors` : ''}`,
    );
    if (parts.includes('scan')) say(`Scan (${loadText()})\n\n${await scanCosts(rounds)}`);
    if (parts.includes('stall')) say(`Main thread (${loadText()})\n\n${await stallTimes(rounds)}`);
    if (parts.includes('routable')) {
      say(`From listen to routable (${loadText()})\n\n${await routableTimes(machine, waiting, Math.min(rounds, 5))}`);
    }
  } finally {
    await machine.stop();
  }
}

const [cpu] = cpus();
say(
  `${new Date().toISOString()}, Node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpu?.model}, ${rounds} rounds`,
);
for (const size of values.machines.split(',')) await measure(size === '20' ? 0 : HOLDERS);
if (parts.includes('names')) say(`## Names of 1,000 new services (${loadText()})\n\n${await namesTimes(rounds)}`);
