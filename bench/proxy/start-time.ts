/** From the start of the bundled program to its first answer, and what it holds when it has nothing to do. */
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { median, short } from '../discovery/figures.ts';
import { launchHostwise } from './hostwise.ts';
import { type TargetParts, WEB_HOST } from './target.ts';

const IDLE_MS = 30_000;

/** @param count starts; the last one is left alone for 30 s. @returns lines of markdown */
export async function startTimes(parts: TargetParts, count: number): Promise<string> {
  const times: number[] = [];
  let idleMb = Number.NaN;
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    // On any processor, as people start it.
    const { target, listening } = await launchHostwise({ ...parts, cpu: undefined });
    try {
      await listening;
      await answered(target.port);
      times.push(performance.now() - startedAt);
      if (i < count - 1) continue;
      await delay(IDLE_MS);
      idleMb = target.group.rssMb();
    } finally {
      await target.stop();
    }
  }
  return `start to first answer: median ${short(median(times))} ms, longest ${short(Math.max(...times))} ms; VmRSS after 30 s: ${short(idleMb)} MB`;
}

function answered(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/1k', servername: WEB_HOST, agent: false };
    const headers = { host: `${WEB_HOST}:${port}` };
    const request = https.get({ ...options, headers, rejectUnauthorized: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`The first answer was ${response.statusCode}`));
      response.resume().once('end', resolve);
    });
    request.once('error', reject);
  });
}
