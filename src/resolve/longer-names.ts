/**
 * The longer names of a service: its canonical hostname while others want the shorter one. They are shown, bookmarked and
 * sent around, so they mean the same when those others are gone and the canonical hostname is short again.
 */
import type { Pausable } from '../core/slices.ts';
import type { Place } from './places.ts';

/** How the names of a place are made; canonical.ts knows. */
export interface NameMaker {
  /** Its shortest name and all longer ones, without the directory that tells projects of one name apart. */
  namesOf(place: Place): string[];
  /** May it be called so, behind the label of that directory, or without one ('')? */
  mayBe(place: Place, name: string, directory: string): boolean;
}

/** See the file's header. */
export class LongerNames {
  readonly #byName = new Map<string, Place[]>();
  readonly #maker: NameMaker;

  private constructor(maker: NameMaker) {
    this.#maker = maker;
  }

  /** The index of a snapshot, one service after the other. */
  static *of(places: readonly Place[], maker: NameMaker): Pausable<LongerNames> {
    const index = new LongerNames(maker);
    for (const place of places) {
      yield;
      for (const name of new Set(maker.namesOf(place))) {
        const own = index.#byName.get(name);
        if (own) own.push(place);
        else index.#byName.set(name, [place]);
      }
    }
    return index;
  }

  /** The one service that may be called so; undefined where none may, or several. Cost: two look-ups. */
  owner(name: string): Place | undefined {
    // `vite.work.shop` is the `vite.shop` of the `shop` in `work`.
    const labels = name.split('.');
    const [directory = ''] = labels.length > 1 ? labels.splice(-2, 1) : [];
    const owners = new Set([...this.#called(name, ''), ...this.#called(labels.join('.'), directory)]);
    const [owner] = owners;
    return owners.size === 1 ? owner : undefined;
  }

  #called(name: string, directory: string): Place[] {
    const places = this.#byName.get(name) ?? [];
    return places.filter((place) => this.#maker.mayBe(place, name, directory));
  }
}
