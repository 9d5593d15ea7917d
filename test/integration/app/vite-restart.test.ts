/** A real Vite that is killed and started again while pages are loaded: nobody sees that it happened. */

import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask2, session2 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeViteProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

let parent: string;
let shop: SampleProject;
let vite: StartedProcess;
let hostwise: RunningHostwise;
let caPem: string;

function startVite(): StartedProcess {
  return startProcess(process.execPath, ['node_modules/vite/bin/vite.js'], { cwd: shop.folder });
}

beforeAll(async () => {
  parent = await makeTempDir('hw-restart');
  shop = await makeViteProject(parent, 'shop', 'the shop');
  vite = startVite();
  await vite.printed(/Local: +http/);
  hostwise = await startHostwise();
  caPem = await readFile(hostwise.caFile, 'utf8');
}, 90_000);

afterAll(async () => {
  await vite?.stop();
  await hostwise?.stop();
  await removeDir(parent);
});

/** What a person sees of one navigation, in the end. */
interface Seen {
  /** How often the waiting page was shown before. */
  waited: number;
  /** `page`, or what went wrong. */
  what: string;
  ms: number;
}

type Load = () => Promise<{ status: number; body: string; headers: Record<string, unknown> }>;

/** As a browser does: the waiting page loads itself again until the page is there. */
async function navigate(load: Load): Promise<Seen> {
  const startedAtMs = performance.now();
  for (let waited = 0; ; waited++) {
    const { status, body, headers } = await load().catch((error: Error) => ({
      status: 0,
      body: error.message,
      headers: {} as Record<string, unknown>,
    }));
    const ms = performance.now() - startedAtMs;
    if (status === 503 && headers['retry-after'] !== undefined && /Waiting for/.test(body) && ms < 15_000) continue;
    const isPage = status === 200 && body.includes(`<title>${shop.name}</title>`);
    return { waited, ms, what: isPage ? 'page' : `${status} ${body.slice(0, 200)}` };
  }
}

it('costs no navigation when it is restarted, however often', async () => {
  const host = `${shop.name}.localhost`;
  const agent = new https.Agent({ keepAlive: true });
  const session = session2(hostwise.httpsPort, host, caPem);
  const load1: Load = () =>
    new Promise((resolve, reject) => {
      const at = { host: '127.0.0.1', port: hostwise.httpsPort, servername: host, ca: caPem };
      https
        .get({ ...at, agent, headers: { Host: `${host}:${hostwise.httpsPort}`, ...NAVIGATION } }, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => {
            body += chunk;
          });
          response.on('error', reject);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
        })
        .on('error', reject);
    });
  const load2: Load = () => ask2(session, { ':path': '/', ...NAVIGATION });
  expect((await navigate(load1)).what).toBe('page');

  let isStorming = true;
  const seen: Seen[] = [];
  const people = [load1, load1, load2, load2].map(async (load) => {
    while (isStorming) {
      seen.push(await navigate(load));
      await delay(5);
    }
  });
  const loads = (count: number): Promise<boolean> => {
    const wanted = seen.length + count;
    return waitFor('more pages to be loaded', () => seen.length >= wanted, 30_000);
  };
  const pids = [vite.pid];
  const gapsMs: number[] = [];
  for (let round = 0; round < 3; round++) {
    await loads(10);
    const killedAtMs = performance.now();
    process.kill(vite.pid, 'SIGKILL');
    await vite.exited;
    vite = startVite();
    pids.push(vite.pid);
    await vite.printed(/Local: +http/);
    gapsMs.push(performance.now() - killedAtMs);
  }
  await loads(10);
  isStorming = false;
  await Promise.all(people);
  agent.destroy();
  session.destroy();

  expect(new Set(pids).size).toBe(4);
  expect(seen.filter(({ what }) => what !== 'page')).toEqual([]);
  // Some were held over each gap: they took as long as Vite needed.
  expect(seen.filter(({ ms }) => ms > Math.min(...gapsMs) / 2).length).toBeGreaterThanOrEqual(3);
  // Only a machine so slow that Vite is away for two seconds, or a look takes one, shows the page that waits.
  const longestMs = Math.max(...gapsMs);
  if (longestMs < 1_200) expect(seen.filter(({ waited }) => waited > 0)).toEqual([]);
}, 90_000);
