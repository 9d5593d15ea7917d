import { describe, expect, it } from 'vitest';
import { crowd } from '../../bench/resolve/timing.ts';
import { runAtOnce } from '../core/slices.ts';
import { canonicalNames } from './canonical.ts';
import { claimIndex } from './claims.ts';
import { matchNames } from './names.ts';
import type { Place } from './place.ts';
import { type AddEntries, PlaceIndex } from './place-index.ts';
import { placesOf } from './places.ts';

const SERVICES = 100;

/** By part and by project; counts what it is asked for. */
function counting(): { add: AddEntries<Place, { place: Place }>; asked: Place[] } {
  const asked: Place[] = [];
  const add: AddEntries<Place, { place: Place }> = (place, put) => {
    asked.push(place);
    for (const name of [...place.parts, ...place.families]) put(name, { place });
  };
  return { add, asked };
}

const ids = (found: readonly { place: Place }[]) => found.map(({ place }) => place.service.id);

describe('an index of places', () => {
  const snapshot = crowd(SERVICES);
  const places = placesOf(snapshot);

  it('asks only about what is new or gone', () => {
    const { add, asked } = counting();
    const all = runAtOnce(PlaceIndex.of(places.slice(1), add));
    asked.length = 0;
    const next = runAtOnce(PlaceIndex.of(places.slice(0, -1), add, all));
    expect(asked).toEqual([places.at(-1), places[0]]);
    const [first, last] = [places[0] as Place, places.at(-1) as Place];
    expect(ids(next.get(first.parts[0] ?? ''))).toEqual([first.service.id]);
    expect(next.get(last.parts[0] ?? '')).toEqual([]);
    // The version before is as it was.
    expect(all.get(first.parts[0] ?? '')).toEqual([]);
    expect(ids(all.get(last.parts[0] ?? ''))).toEqual([last.service.id]);
  });

  it('is the same one while nothing changes, and a new one when most of it does', () => {
    const { add, asked } = counting();
    const all = runAtOnce(PlaceIndex.of(places, add));
    expect(runAtOnce(PlaceIndex.of([...places], add, all))).toBe(all);
    asked.length = 0;
    const few = runAtOnce(PlaceIndex.of(places.slice(0, 10), add, all));
    expect(asked).toEqual(places.slice(0, 10));
    expect(few.get(places[50]?.parts[0] ?? '')).toEqual([]);
  });

  it('keeps lists in the order of ids through hundreds of changes', () => {
    const { add } = counting();
    let index = runAtOnce(PlaceIndex.of(places, add));
    for (let i = 0; i < 300; i++) {
      const some = places.filter((_, at) => (at * 7 + i) % 5 !== 0);
      index = runAtOnce(PlaceIndex.of(some, add, index));
      const anew = runAtOnce(PlaceIndex.of(some, add));
      for (const { parts, families } of places) {
        for (const name of [...parts, ...families]) expect(ids(index.get(name))).toEqual(ids(anew.get(name)));
      }
    }
  });
});

describe('the places of a snapshot', () => {
  it('are the same objects as before but for what a change touches', () => {
    const before = crowd(SERVICES);
    const places = placesOf(before);
    canonicalNames(before);
    const gone = before.processes[7];
    const after = { ...before, processes: before.processes.filter((process) => process !== gone) };
    const left = placesOf(after);
    expect(left).toHaveLength(SERVICES - 1);
    expect(left.every((place) => places.includes(place))).toBe(true);
    expect(matchNames('a7.project7', after).outcome).toBe('nothing');
    expect(matchNames('a7.project7', before)).toMatchObject({ outcome: 'decided', id: gone?.id });
    expect(claimIndex(after).places).toBe(left);
  });
});
