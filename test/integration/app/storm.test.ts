/**
 * Never a neighbour, as a property: whatever starts, stops, moves or fights for a port, no request reaches an app that its
 * hostname does not mean. A few seconds here; `npm run test:storm` for a minute.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { storm, WAYS } from '../../fixtures/storm.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

const DURATION_MS = Number(process.env.STORM_SECONDS ?? 5) * 1_000;
const SEED = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);

let parent: string;
let hostwise: RunningHostwise;

beforeAll(async () => {
  parent = await makeTempDir('hw-storm');
  hostwise = await startHostwise();
});

afterAll(async () => {
  await hostwise?.stop();
  await removeDir(parent);
});

it(
  `no request reaches an app that its hostname does not mean, in a storm of ${DURATION_MS / 1000} s`,
  async () => {
    const { httpPort, httpsPort, caFile } = hostwise;
    const caPem = await readFile(caFile, 'utf8');
    const report = await storm({ parent, httpPort, httpsPort, caPem, durationMs: DURATION_MS, seed: SEED });
    if (process.env.STORM_SECONDS) console.log(`seed ${SEED}`, report);
    expect(report.wrong, `seed ${SEED}`).toEqual([]);
    for (const way of WAYS) expect(report.right[way] ?? 0, way).toBeGreaterThan(3);
    expect(report.events.swapped).toBeGreaterThan(3);
    // A bug of ours would be a 500.
    expect(report.others['500'] ?? 0).toBe(0);
  },
  DURATION_MS + 60_000,
);
