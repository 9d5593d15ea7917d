/** The names step on a snapshot of 1,000 services that was never seen before. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, short, table } from './figures.ts';

interface NamesReport {
  what: string;
  wallMs: number;
  delayMs: number;
}

/** A process each, so that no code is warm that would not be in a new proxy. */
export async function namesTimes(rounds: number): Promise<string> {
  const reports: NamesReport[] = [];
  for (let i = 0; i < rounds; i++) {
    const child = fork(fileURLToPath(new URL('./names-process.ts', import.meta.url)));
    const [found] = await once(child, 'message');
    reports.push(...(found as NamesReport[]));
    if (child.exitCode === null) await once(child, 'exit');
  }
  const groups = Map.groupBy(reports, ({ what }) => what);
  const rows = [...groups].map(([what, group]) => [
    what,
    short(median(group.map(({ wallMs }) => wallMs))),
    short(median(group.map(({ delayMs }) => delayMs))),
    short(Math.max(...group.map(({ delayMs }) => delayMs))),
  ]);
  return table(['what', 'wall ms', 'longest delay, median ms', 'longest of all ms'], rows);
}
