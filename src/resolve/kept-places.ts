/**
 * Which places are the same as before. A place that stays the same object keeps all that was made of it (its names in
 * the index, its role, its hostnames), so that a service that starts costs its own names and no others.
 */
import { isContainer, type Service } from '../core/service.ts';
import type { Pausable } from '../core/slices.ts';
import type { Place } from './place.ts';

/**
 * The places, each the object that it was before where it says the same. Reads all that others made of it, so it comes last.
 * @param places in the order of their services' ids
 * @param own what a service's own facts alone say: most places are that
 * @param earlier of another snapshot
 */
export function* keepPlaces(
  places: readonly Place[],
  own: (service: Service) => Place,
  earlier: ReadonlyMap<Service, Place>,
): Pausable<Place[]> {
  // Of two services with one id each keeps to itself: whoever is first decides, and that is another one each time.
  if (places.some(({ service }, i) => service.id === places[i + 1]?.service.id)) return [...places];
  const kept = new Map<Place, Place>();
  const keep = (place: Place) => {
    const same = [own(place.service), earlier.get(place.service)].find((known) => known && saysSame(known, place));
    kept.set(place, same ?? place);
  };
  // Processes first: containers say which of them they lie beside.
  for (const place of places) {
    if (!isContainer(place.service)) keep(place);
    yield;
  }
  for (const place of places) {
    if (!isContainer(place.service)) continue;
    yield;
    if (place.around) place.around = kept.get(place.around) ?? place.around;
    keep(place);
  }
  return places.map((place) => kept.get(place) ?? place);
}

/** Of one service: what it runs is the same then. */
function saysSame(a: Place, b: Place): boolean {
  return (
    a.checkout === b.checkout &&
    a.family === b.family &&
    a.linked === b.linked &&
    a.directory === b.directory &&
    a.around === b.around &&
    isSameList(a.families, b.families) &&
    isSameList(a.branches, b.branches) &&
    isSameList(a.parts, b.parts) &&
    isSameList(a.aliases, b.aliases)
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]));
}
