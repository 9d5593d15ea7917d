import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { crowd } from '../../bench/resolve/timing.ts';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { buildNames, canonicalNames } from './canonical.ts';
import { prepareNames } from './name-index.ts';

const SERVICES = 1_000;
/** A garbage collection is in some rounds only. */
const ROUNDS = 8;
/** As long as a request may be held up. */
const MOST_MS = 5;

describe('the names of 1,000 services', () => {
  it('are found in steps that hold up nobody', () => {
    let least: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const work = buildNames(crowd(SERVICES));
      const times: number[] = [];
      for (let done: boolean | undefined = false; !done; ) {
        times.push(
          cpuMs(() => {
            done = work.next().done;
          }),
        );
      }
      least = times.map((time, i) => Math.min(time, least[i] ?? time));
    }
    expect(least.length).toBeGreaterThan(SERVICES);
    expect(Math.max(...least)).toBeLessThan(MOST_MS);
  });

  it('leave others their turns while they are found', async () => {
    const snapshot = crowd(SERVICES);
    let isDone = false;
    const work = prepareNames(snapshot).then(() => {
      isDone = true;
    });
    let turns = 0;
    while (!isDone) {
      await turn();
      turns++;
    }
    await work;
    // Over 20 ms of work on any machine, a millisecond at a time.
    expect(turns).toBeGreaterThan(10);
    expect(canonicalNames(snapshot).byId.size).toBe(SERVICES);
  });
});
