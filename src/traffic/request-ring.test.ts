import { describe, expect, it } from 'vitest';
import type { TrafficRecord } from '../core/traffic.ts';
import { RequestRing } from './request-ring.ts';
import { trafficRecord } from './traffic-record.test-data.ts';

const ids = (records: Iterable<TrafficRecord>): number[] => [...records].map(({ id }) => id);

describe('the ring of requests', () => {
  it('keeps the newest, newest first', () => {
    const ring = new RequestRing({ maxRecords: 3 });
    for (let i = 0; i < 5; i++) ring.add(trafficRecord());
    expect(ids(ring.newest())).toEqual([5, 4, 3]);
    expect(ids(ring.newest(5))).toEqual([4, 3]);
    expect(ring.get(2)).toBeUndefined();
    expect(ring.get(6)).toBeUndefined();
  });

  it('drops the oldest when headers weigh too much, never the newest', () => {
    const ring = new RequestRing({ maxRecords: 100, maxBytes: 20_000 });
    for (let i = 0; i < 5; i++) ring.add(trafficRecord({ requestHeaders: ['x-large', 'a'.repeat(8_000)] }));
    expect(ids(ring.newest())).toEqual([5, 4]);
    ring.add(trafficRecord({ requestHeaders: ['x-huge', 'a'.repeat(100_000)] }));
    expect(ids(ring.newest())).toEqual([6]);
  });

  it('counts what a response adds, and forgets what was dropped', () => {
    const ring = new RequestRing({ maxRecords: 100, maxBytes: 20_000 });
    const first = { ...trafficRecord() };
    ring.add(first);
    ring.add(trafficRecord());
    ring.update(Object.assign(first, { responseHeaders: ['x-large', 'a'.repeat(30_000)] }));
    expect(ids(ring.newest())).toEqual([2]);
    ring.update(first);
    for (let i = 0; i < 20; i++) ring.add(trafficRecord());
    expect(ids(ring.newest())).toHaveLength(21);
  });
});
