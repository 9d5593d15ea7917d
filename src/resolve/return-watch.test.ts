import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RouteOutcome } from '../core/route.ts';
import { ReturnWatch } from './return-watch.ts';

const ASK = { hostname: 'shop.localhost', navigation: false };
const AWAY: RouteOutcome = { kind: 'away', label: 'shop', detail: 'not listening' };
const CHOOSE: RouteOutcome = { kind: 'unknown', candidates: [], why: 'two of them' };

describe('waiting for an app that is away', () => {
  it('ends for all with the look that finds something else', async () => {
    const seen = [AWAY, AWAY, CHOOSE];
    let looks = 0;
    const watch = new ReturnWatch(async () => seen[looks++] ?? AWAY);
    const waits = [1, 2, 3].map(() => watch.wait('shop', ASK, new AbortController().signal));
    expect(await Promise.all(waits)).toEqual([CHOOSE, CHOOSE, CHOOSE]);
    expect(looks).toBe(3);
  });

  it('ends for one without the others, and looks at nothing when nobody waits', async () => {
    let looks = 0;
    const watch = new ReturnWatch(async () => {
      looks++;
      return AWAY;
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [watch.wait('shop', ASK, first.signal), watch.wait('shop', ASK, second.signal)];
    await delay(50);
    first.abort();
    expect(await waits[0]).toEqual(AWAY);
    const before = looks;
    await delay(100);
    expect(looks).toBeGreaterThan(before);
    second.abort();
    expect(await waits[1]).toEqual(AWAY);
    const after = looks;
    await delay(150);
    expect(looks).toBe(after);
  });

  it('says that nothing was seen where it was over before the first look', async () => {
    const watch = new ReturnWatch(async () => CHOOSE);
    expect(await watch.wait('shop', ASK, AbortSignal.abort())).toBeUndefined();
  });

  it('fails for all who wait when a look fails, and starts anew', async () => {
    let isBroken = true;
    const watch = new ReturnWatch(async () => {
      if (isBroken) throw new Error('a bug');
      return CHOOSE;
    });
    const waits = [1, 2].map(() => watch.wait('shop', ASK, new AbortController().signal));
    for (const wait of waits) await expect(wait).rejects.toThrow('a bug');
    isBroken = false;
    expect(await watch.wait('shop', ASK, new AbortController().signal)).toEqual(CHOOSE);
  });
});
