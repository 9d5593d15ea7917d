import { expect, it } from 'vitest';
import { Absences } from './absences.ts';

function at(startMs: number) {
  const clock = { ms: startMs };
  return { clock, absences: new Absences(() => clock.ms) };
}

it('one that has just answered is waited for, and after five seconds by nobody', () => {
  const { clock, absences } = at(10_000);
  absences.missed('shop', 9_900);
  expect([absences.isLong('shop', true), absences.isLong('shop', false)]).toEqual([false, false]);
  clock.ms = 15_100;
  absences.missed('shop', 9_900);
  expect([absences.isLong('shop', true), absences.isLong('shop', false)]).toEqual([true, true]);
});

it('one that was not seen for long is waited for by whoever would get no page, until it is known to be away', () => {
  const { clock, absences } = at(100_000);
  absences.missed('shop', 50_000);
  absences.missed('never seen', undefined);
  for (const key of ['shop', 'never seen']) {
    expect([absences.isLong(key, true), absences.isLong(key, false)]).toEqual([true, false]);
  }
  clock.ms += 5_001;
  expect(absences.isLong('never seen', false)).toBe(true);
});

it('who knows less of it changes nothing, and who knows more is believed', () => {
  const { absences } = at(10_000);
  absences.missed('shop', undefined);
  absences.missed('shop', 9_000);
  absences.missed('shop', undefined);
  expect(absences.isLong('shop', true)).toBe(false);
});

it('the next absence is another one', () => {
  const { clock, absences } = at(10_000);
  absences.missed('shop', 9_900);
  clock.ms = 60_000;
  absences.missed('shop', 59_000);
  expect([absences.isLong('shop', true), absences.isLong('shop', false)]).toEqual([false, false]);
  clock.ms = 90_000;
  absences.back('shop');
  expect(absences.isLong('shop', true)).toBe(false);
});
