import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.ts';
import { InFlight } from './in-flight.ts';

/** Only what the list looks at. */
function exchange(endless = false): { exchange: Exchange; close: () => void } {
  let close = (_exchange: Exchange): void => {};
  const onClose = (listener: (exchange: Exchange) => void): void => {
    close = listener;
  };
  const made = { endless, onClose, place: 0 } as unknown as Exchange;
  return { exchange: made, close: () => close(made) };
}

describe('the requests under way', () => {
  it('are none when all are over, in whatever order they end', () => {
    const inFlight = new InFlight();
    const all = Array.from({ length: 5 }, () => exchange());
    for (const one of all) inFlight.add(one.exchange);
    for (const i of [1, 4, 0, 3]) all[i]?.close();
    expect(inFlight.isBusy).toBe(true);
    all[2]?.close();
    expect(inFlight.isBusy).toBe(false);
  });

  it('do not count when they never end by themselves', () => {
    const inFlight = new InFlight();
    const [events, page] = [exchange(true), exchange()];
    inFlight.add(events.exchange);
    inFlight.add(page.exchange);
    page.close();
    expect(inFlight.isBusy).toBe(false);
  });
});
