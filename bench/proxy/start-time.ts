/** From the start of the bundled program to its first answer, and what it holds when it has nothing to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import https from 'node:https';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, short } from '../discovery/figures.ts';
import { launchHostwise } from './hostwise.ts';
import { type TargetParts, WEB_HOST } from './target.ts';

const IDLE_MS = 30_000;

/**
 * One data folder, as people have one: its first start makes the CA and compiles, the later ones find both.
 * @param count later starts, between them a Node that does nothing; the last one is left alone for 30 s
 * @returns lines of markdown
 */
export async function startTimes(parts: TargetParts, count: number): Promise<string> {
  const dataDir = await mkdtemp(path.join(parts.folder, 'start-'));
  const times: number[] = [];
  const floor: number[] = [];
  const first = await timeOfStart(parts, dataDir);
  let idleMb = Number.NaN;
  for (let i = 0; i < count; i++) {
    floor.push(await timeOfNode());
    times.push(
      await timeOfStart(parts, dataDir, async (rssMb) => {
        if (i < count - 1) return;
        await delay(IDLE_MS);
        idleMb = rssMb();
      }),
    );
  }
  return [
    `start to first answer: median ${short(median(times))} ms, longest ${short(Math.max(...times))} ms`,
    `the very first of its data folder: ${short(first)} ms; node -e 0: median ${short(median(floor))} ms`,
    `VmRSS after 30 s: ${short(idleMb)} MB`,
  ].join('\n');
}

async function timeOfStart(
  parts: TargetParts,
  dataDir: string,
  then: (rssMb: () => number) => Promise<void> = async () => {},
): Promise<number> {
  const startedAt = performance.now();
  // On any processor, as people start it.
  const { target, listening } = await launchHostwise({ ...parts, cpu: undefined }, { dataDir });
  try {
    await listening;
    await answered(target.port);
    const took = performance.now() - startedAt;
    await then(() => target.group.rssMb());
    return took;
  } finally {
    await target.stop();
  }
}

/** What no program in JavaScript can be faster than. */
async function timeOfNode(): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startedAt;
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
