import { describe, expect, it } from 'vitest';
import { RouteFigures, SLICE_MS, SLICES } from './route-figures.ts';
import { trafficRecord } from './traffic-record.test-data.ts';

const NOW_MS = 1_000 * SLICE_MS + 7;

describe('figures of a hostname', () => {
  it('counts requests, what is under way, and errors with the last one in words', () => {
    const figures = new RouteFigures();
    for (let i = 0; i < 4; i++) figures.began(trafficRecord({ startedAtMs: NOW_MS + i }));
    figures.ended(trafficRecord({ status: 404 }), NOW_MS);
    figures.ended(trafficRecord({ status: 503 }), NOW_MS + 1);
    expect(figures.totals.lastError?.text).toBe('Nobody was there to answer: 503');
    expect(figures.totals.failing).toBeNull();
    figures.ended(
      trafficRecord({ status: 502, error: 'It refused the connection', startedAtMs: NOW_MS + 1 }),
      NOW_MS + 2,
    );
    expect(figures.totals).toEqual({
      requests: 4,
      errors: 2,
      open: 1,
      lastAtMs: NOW_MS + 3,
      lastError: { atMs: NOW_MS + 2, text: 'It refused the connection' },
      failing: { sinceMs: NOW_MS + 1, id: null },
    });
  });

  it('knows who does not answer, and begins anew with whoever was started in its place', () => {
    const figures = new RouteFigures();
    const fail = (startedAtMs: number, serviceId: string): void => {
      const upstream = { label: 'shop', address: '127.0.0.1', port: 1, serviceId };
      figures.ended(trafficRecord({ startedAtMs, status: 502, error: 'It refused', upstream }), NOW_MS);
    };
    fail(1, 'p1');
    fail(2, 'p1');
    expect(figures.totals.failing).toEqual({ sinceMs: 1, id: 'p1' });
    fail(3, 'p2');
    expect(figures.totals.failing).toEqual({ sinceMs: 3, id: 'p2' });
    figures.ended(trafficRecord(), NOW_MS);
    expect(figures.totals.failing).toBeNull();
  });

  it('slices the last 15 minutes, with the latency of most and of nearly all', () => {
    const figures = new RouteFigures();
    for (let i = 0; i < 20; i++) figures.ended(trafficRecord({ firstByteMs: i === 0 ? 900 : 4 }), NOW_MS);
    figures.ended(trafficRecord({ status: 500, firstByteMs: 40_000 }), NOW_MS + SLICE_MS);
    const slices = figures.slices(NOW_MS + SLICE_MS);
    expect(slices).toHaveLength(SLICES);
    expect(slices.at(-2)).toEqual({ atMs: 1_000 * SLICE_MS, requests: 20, errors: 0, p50Ms: 5, p95Ms: 5 });
    expect(slices.at(-1)).toMatchObject({ requests: 1, errors: 1, p50Ms: 10_000 });
    expect(slices[0]).toMatchObject({ requests: 0, errors: 0, p50Ms: null, p95Ms: null });
  });

  it('forgets slices that are older than the window, also after a pause of hours', () => {
    const figures = new RouteFigures();
    figures.ended(trafficRecord({ status: 500 }), NOW_MS);
    const later = NOW_MS + SLICES * SLICE_MS;
    expect(figures.slices(later).reduce((sum, { requests }) => sum + requests, 0)).toBe(0);
    figures.ended(trafficRecord(), later);
    expect(figures.slices(later).at(-1)).toMatchObject({ requests: 1, errors: 0 });
  });
});
