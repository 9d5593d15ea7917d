import { expect, it } from 'vitest';
import { Traffic } from './traffic.ts';
import { trafficRecord } from './traffic-record.test-data.ts';

const at = (startedAtMs: number, error?: string, hostname = 'shop.localhost') =>
  trafficRecord({ startedAtMs, hostname, error, totalMs: 1 });

it('knows since when every request to a hostname fails', () => {
  const traffic = new Traffic();
  const add = (...records: ReturnType<typeof at>[]) => {
    for (const record of records) {
      traffic.began(record);
      if (record.totalMs !== undefined) traffic.ended(record);
    }
  };
  expect(traffic.failingSince('shop.localhost')).toBeUndefined();
  add(at(1, 'refused'), at(2), at(3, 'refused'), at(4, 'refused'), at(5, undefined, 'blog.localhost'));
  expect(traffic.failingSince('shop.localhost')).toBe(3);
  // One that still runs says nothing yet.
  add(trafficRecord({ startedAtMs: 6, hostname: 'shop.localhost', error: undefined, totalMs: undefined }));
  expect(traffic.failingSince('shop.localhost')).toBe(3);
  add(at(7));
  expect(traffic.failingSince('shop.localhost')).toBeUndefined();
});
