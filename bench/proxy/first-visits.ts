/** The first visit to a hostname that names settle, with 20 projects running: mint, discovery, decision, proxy. */
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { median, short } from '../discovery/figures.ts';
import { Machine } from '../discovery/machine.ts';
import { startHostwise } from './hostwise.ts';
import type { TargetParts } from './target.ts';

const SERVERS = 20;

/** Each hostname once, over a connection of its own. @returns a line of markdown */
export async function firstVisits(parts: TargetParts): Promise<string> {
  const machine = await Machine.make();
  const hostwise = await startHostwise(parts);
  try {
    for (let i = 0; i < SERVERS; i++) await machine.startServer(`project${i}`);
    await delay(1000);
    const times: number[] = [];
    for (let i = 0; i < SERVERS; i++) {
      times.push(await visit(hostwise.port, `project${i}.localhost`));
      await delay(50);
    }
    const [first = Number.NaN, ...later] = times;
    const again = await visit(hostwise.port, 'project0.localhost');
    return `median ${short(median(times))} ms, first of all ${short(first)} ms, longest later one ${short(Math.max(...later))} ms; a second visit to one of them ${short(again)} ms`;
  } finally {
    await machine.stop();
    await hostwise.stop();
  }
}

/** @returns ms from the first SYN to the end of the answer */
function visit(port: number, hostname: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { host: `${hostname}:${port}` };
    const options = { host: '127.0.0.1', port, servername: hostname, headers, agent: false, rejectUnauthorized: false };
    const request = https.get(options, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new Error(`"${hostname}" was answered with ${response.statusCode}`));
      });
    });
    request.once('error', reject);
  });
}
