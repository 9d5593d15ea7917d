import { describe, expect, it } from 'vitest';
import { type Pausable, runAtOnce, runInSlices } from './slices.ts';

function* count(to: number, onStep: () => void = () => {}): Pausable<number> {
  for (let i = 0; i < to; i++) {
    onStep();
    yield;
  }
  return to;
}

/** A step longer than a slice. */
function spin(): void {
  const untilMs = performance.now() + 1.5;
  while (performance.now() < untilMs);
}

describe('work in slices', () => {
  it('gives one result either way', async () => {
    expect(runAtOnce(count(1000))).toBe(1000);
    expect(await runInSlices(count(1000))).toBe(1000);
  });

  it('lets others have their turn in between', async () => {
    let turns = 0;
    const other = setInterval(() => turns++, 1);
    await runInSlices(count(10, spin));
    clearInterval(other);
    expect(turns).toBeGreaterThan(2);
  });

  it('rejects with what the work throws', async () => {
    const broken = count(3, () => {
      throw new Error('broken');
    });
    await expect(runInSlices(broken)).rejects.toThrow('broken');
  });
});
