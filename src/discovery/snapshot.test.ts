import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../core/service.ts';
import { Discovery, type ScanSource } from './snapshot.ts';

/** Scans that end when the test says so; each snapshot carries the number of its scan. */
class Scans implements ScanSource {
  readonly #waiting: { resolve: (snapshot: Snapshot) => void; reject: (error: Error) => void }[] = [];
  started = 0;

  scan(): Promise<Snapshot> {
    this.started++;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async finish(): Promise<void> {
    this.#waiting.shift()?.resolve(numbered(this.started));
    await settled();
  }

  async fail(message: string): Promise<void> {
    this.#waiting.shift()?.reject(new Error(message));
    await settled();
  }

  async close(): Promise<void> {
    await this.fail('closed');
  }
}

function numbered(scan: number): Snapshot {
  return { processes: [], containers: [], scan };
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function discovery() {
  const scans = new Scans();
  const warnings: unknown[] = [];
  return { scans, warnings, discovery: new Discovery({ log: { warn: (entry) => warnings.push(entry) } }, scans) };
}

describe('Discovery.refresh', () => {
  it('starts one scan and gives its result', async () => {
    const { scans, discovery: it } = discovery();
    expect(it.current).toBeUndefined();
    const first = it.refresh();
    await scans.finish();
    expect(await first).toMatchObject({ scan: 1 });
    expect(it.current).toMatchObject({ scan: 1 });
  });

  it('queues one more scan for all who ask while one runs', async () => {
    const { scans, discovery: it } = discovery();
    const first = it.refresh();
    const later = [it.refresh(), it.refresh(), it.refresh()];
    expect(scans.started).toBe(1);
    await scans.finish();
    expect(await first).toMatchObject({ scan: 1 });
    expect(scans.started).toBe(2);
    const evenLater = it.refresh();
    await scans.finish();
    for (const snapshot of await Promise.all(later)) expect(snapshot).toMatchObject({ scan: 2 });
    expect(scans.started).toBe(3);
    await scans.finish();
    expect(await evenLater).toMatchObject({ scan: 3 });
  });

  it('gives a snapshot that is young enough from memory, and joins a scan that is', async () => {
    const { scans, discovery: it } = discovery();
    const joined = [it.refresh({ maxAgeMs: 60_000 }), it.refresh({ maxAgeMs: 60_000 })];
    await scans.finish();
    await Promise.all(joined);
    expect(await it.refresh({ maxAgeMs: 60_000 })).toMatchObject({ scan: 1 });
    expect(scans.started).toBe(1);
    const fresh = it.refresh({ maxAgeMs: -1 });
    expect(scans.started).toBe(2);
    await scans.finish();
    expect(await fresh).toMatchObject({ scan: 2 });
  });

  it('gives the previous snapshot with a warning when a scan fails, and scans again when asked', async () => {
    const { scans, warnings, discovery: it } = discovery();
    const first = it.refresh();
    await scans.finish();
    await first;
    for (let i = 0; i < 2; i++) {
      const failed = it.refresh();
      await scans.fail('the scan took longer than 10000 ms');
      expect(await failed).toMatchObject({ scan: 1, warnings: ['the scan took longer than 10000 ms'] });
    }
    expect(warnings).toHaveLength(2);
    const again = it.refresh();
    await scans.finish();
    expect(await again).toEqual(numbered(scans.started));
  });

  it('gives an empty snapshot with a warning when the first scan fails', async () => {
    const { scans, discovery: it } = discovery();
    const failed = it.refresh();
    await scans.fail('broken');
    expect(await failed).toEqual({ processes: [], containers: [], warnings: ['broken'] });
  });

  it('answers everybody when it is closed, and scans no more', async () => {
    const { scans, discovery: it } = discovery();
    const running = it.refresh();
    const queued = it.refresh();
    await it.close();
    expect(await running).toMatchObject({ warnings: ['closed'] });
    expect(await queued).toMatchObject({ processes: [] });
    expect(await it.refresh()).toMatchObject({ processes: [] });
    expect(scans.started).toBe(1);
    const unused = discovery();
    await unused.discovery.close();
    expect(await unused.discovery.refresh()).toMatchObject({ warnings: ['discovery is closed'] });
  });
});

describe('Discovery.onSnapshot', () => {
  it('tells every listener until it leaves, whatever another one does', async () => {
    const { scans, warnings, discovery: it } = discovery();
    const seen: unknown[] = [];
    it.onSnapshot(() => {
      throw new Error('a broken listener');
    });
    const leave = it.onSnapshot((snapshot) => seen.push(snapshot.scan));
    const first = it.refresh();
    await scans.finish();
    await first;
    leave();
    const second = it.refresh();
    await scans.finish();
    await second;
    expect(seen).toEqual([1]);
    expect(warnings).toHaveLength(2);
  });
});
