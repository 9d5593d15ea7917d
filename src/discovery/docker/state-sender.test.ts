import { describe, expect, it } from 'vitest';
import type { ContainerService } from '../../core/service.ts';
import { type StateChange, StateSender } from './state-sender.ts';

function container(n: number, name = `box-${n}`): ContainerService {
  return { id: `c${n}`, name, image: 'web', expose: [], publish: [], compose: null, labels: {} };
}

describe('StateSender', () => {
  it('sends what is new, then only what changed, and nothing when nothing did', async () => {
    const sent: StateChange[] = [];
    const sender = new StateSender(async (change) => void sent.push(change));
    await sender.flush({ services: [container(1), container(2)], warning: undefined });
    await sender.flush({ services: [container(1), container(2)], warning: undefined });
    await sender.flush({ services: [container(2, 'renamed')], warning: 'slow' });
    expect(sent).toEqual([
      { set: [container(1), container(2)], gone: [], warning: undefined, isLast: true },
      { set: [container(2, 'renamed')], gone: ['c1'], warning: 'slow', isLast: true },
    ]);
  });

  it('sends many a few at a time, the next ones when those were taken in, in the order of its calls', async () => {
    const sent: StateChange[] = [];
    const taken: (() => void)[] = [];
    const sender = new StateSender((change) => {
      sent.push(change);
      return new Promise((resolve) => taken.push(resolve));
    });
    const services = Array.from({ length: 50 }, (_, i) => container(i));
    const done = Promise.all([
      sender.flush({ services, warning: undefined }),
      sender.flush({ services: [], warning: undefined }),
    ]);
    for (let i = 0; i < 4; i++) {
      await new Promise(setImmediate);
      expect(sent).toHaveLength(i + 1);
      taken[i]?.();
    }
    await done;
    expect(sent.map(({ set, gone, isLast }) => [set.length, gone.length, isLast])).toEqual([
      [20, 0, false],
      [20, 0, false],
      [10, 0, true],
      [0, 50, true],
    ]);
  });

  it('sends few at a time when they are large', async () => {
    const sent: StateChange[] = [];
    const sender = new StateSender(async (change) => void sent.push(change));
    const services = Array.from({ length: 3 }, (_, i) => ({ ...container(i), labels: { caddy: 'x'.repeat(60_000) } }));
    await sender.flush({ services, warning: undefined });
    expect(sent.map(({ set }) => set.length)).toEqual([1, 1, 1]);
  });
});
