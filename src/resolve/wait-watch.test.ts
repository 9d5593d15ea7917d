import { describe, expect, it } from 'vitest';
import type { RouteOutcome } from '../core/route.ts';
import type { DecisionUnderWay, WaitNews } from '../core/wait.ts';
import { WaitWatch } from './wait-watch.ts';

const AWAY: RouteOutcome = { kind: 'away', label: 'shop', detail: 'nothing listens on port 1 now' };
const HERE: RouteOutcome = {
  kind: 'upstream',
  upstream: { key: 'k', address: '127.0.0.1', port: 1, serviceId: 'p1', label: 'shop', proof: { kind: 'fixed' } },
};

/** A watch of which the outcomes come one after the other, the last for ever. */
function stand(outcomes: (RouteOutcome | Promise<RouteOutcome>)[]) {
  const asked: unknown[] = [];
  const bugs: unknown[] = [];
  /** Whether it takes connections: one answer after the other, the last for ever. */
  const state: { underWay: DecisionUnderWay | undefined; answers: boolean[] } = {
    underWay: undefined,
    answers: [true],
  };
  const watch = new WaitWatch({
    route: async (ask) => {
      asked.push(ask);
      return (outcomes.length > 1 ? outcomes.shift() : outcomes[0]) as RouteOutcome;
    },
    answers: async () => (state.answers.length < 2 ? (state.answers[0] ?? true) : (state.answers.shift() as boolean)),
    underWay: () => state.underWay,
    onBug: (error) => bugs.push(error),
    firstLookMs: 1,
  });
  /** All news until it is over. */
  const follow = (hostname = 'shop.localhost'): Promise<WaitNews[]> =>
    new Promise((resolve) => {
      const all: WaitNews[] = [];
      const stop = watch.listen(hostname, (news) => {
        all.push(news);
        if (news.kind !== 'ready' && news.kind !== 'choose') return;
        stop?.();
        resolve(all);
      });
    });
  return { watch, asked, bugs, state, follow };
}

describe('a hostname that is waited for', () => {
  it('is told as away once, and as ready when it is there', async () => {
    const { follow, asked } = stand([AWAY, AWAY, AWAY, HERE]);
    const news = await follow();
    expect(news.map(({ kind }) => kind)).toEqual(['away', 'ready']);
    expect(JSON.stringify(news[0])).toContain('nothing listens on port 1 now');
    // Whoever only waits spends nothing of what is kept for navigations.
    expect(asked).toEqual(Array.from({ length: 4 }, () => ({ hostname: 'shop.localhost', navigation: false })));
  });

  it('tells how far a decision is, then that a person has to choose', async () => {
    const decided = Promise.withResolvers<RouteOutcome>();
    const { follow, state } = stand([decided.promise]);
    const following = follow();
    state.underWay = { candidates: 2, steps: [], llm: 'loading' };
    setTimeout(() => decided.resolve({ kind: 'unknown', candidates: [], why: '' }), 450);
    const news = await following;
    expect(news[0]?.steps).toEqual([
      { text: 'Looked at what runs here: 2 services', state: 'done' },
      { text: 'Asking the local language model, which may have to be loaded first', state: 'now' },
      { text: 'Open it', state: 'next' },
    ]);
    expect(news.at(-1)?.kind).toBe('choose');
  });

  it('lets no word of the LLM or its server through', async () => {
    const decided = Promise.withResolvers<RouteOutcome>();
    const { follow, state } = stand([decided.promise]);
    const step = { step: 'llm', detail: 'SECRET-WORDS', durationMs: 1 } as const;
    state.underWay = {
      candidates: 1,
      steps: [
        { ...step, outcome: 'failed' },
        { ...step, outcome: 'ambiguous' },
      ],
    };
    setTimeout(() => decided.resolve(HERE), 300);
    expect(JSON.stringify(await follow())).not.toContain('SECRET-WORDS');
  });

  it('is there only when it takes connections', async () => {
    const { state, follow } = stand([HERE]);
    state.answers = [false, false, true];
    const news = await follow();
    expect(news.map(({ kind }) => kind)).toEqual(['away', 'ready']);
    expect(JSON.stringify(news[0])).toContain('nothing answers on its port 1 yet');
  });

  it('is looked at by one loop for all who listen, and by none when they have left', async () => {
    const { watch, asked } = stand([AWAY]);
    const stops = [1, 2].map(() => watch.listen('shop.localhost', () => {}));
    await expect.poll(() => asked.length).toBeGreaterThan(2);
    for (const stop of stops) stop?.();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const before = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked.length).toBe(before);
  });

  it('is listened to by six at once, and all hostnames by 64', () => {
    const { watch } = stand([AWAY]);
    const listen = (hostname: string) => watch.listen(hostname, () => {});
    const first = Array.from({ length: 6 }, () => listen('a.localhost'));
    expect(first.every((stop) => stop !== undefined)).toBe(true);
    expect(listen('a.localhost')).toBeUndefined();
    const rest = Array.from({ length: 58 }, (_, i) => listen(`b${i}.localhost`));
    expect(rest.every((stop) => stop !== undefined)).toBe(true);
    expect(listen('c.localhost')).toBeUndefined();
    first[0]?.();
    // Left twice counts once.
    first[0]?.();
    const again = [listen('c.localhost'), listen('d.localhost')];
    expect(again.map((stop) => stop !== undefined)).toEqual([true, false]);
    for (const stop of [...first, ...rest, ...again]) stop?.();
  });
});
