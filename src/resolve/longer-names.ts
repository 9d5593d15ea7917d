/**
 * The longer names of a service: its canonical hostname while others want the shorter one. They are shown, bookmarked and
 * sent around, so they mean the same when those others are gone and the canonical hostname is short again.
 */
import type { Pausable } from '../core/slices.ts';
import type { Place } from './place.ts';
import { PlaceIndex } from './place-index.ts';

/** How the names of a place are made; canonical.ts knows. */
export interface NameMaker {
  /** Its shortest name and all longer ones, without the directory that tells projects of one name apart. */
  namesOf(place: Place): readonly string[];
  /** May it be called so, behind the label of that directory, or without one ('')? */
  mayBe(place: Place, name: string, directory: string): boolean;
}

/** See the file's header. */
export class LongerNames {
  readonly #byName: PlaceIndex<Named, Named>;
  readonly #maker: NameMaker;

  private constructor(maker: NameMaker, byName: PlaceIndex<Named, Named>) {
    this.#maker = maker;
    this.#byName = byName;
  }

  /** The index of a snapshot, one service after the other. @param earlier of another snapshot: what is alike is taken over */
  static *of(places: readonly Place[], maker: NameMaker, earlier?: LongerNames): Pausable<LongerNames> {
    const sources: Named[] = [];
    for (const place of places) {
      yield;
      sources.push(namedAs(place, maker.namesOf(place)));
    }
    const lists = earlier === undefined ? undefined : earlier.#byName;
    return new LongerNames(maker, yield* PlaceIndex.of(sources, addNames, lists));
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
    const places = this.#byName.get(name).map(({ place }) => place);
    return places.filter((place) => this.#maker.mayBe(place, name, directory));
  }
}

/** A place and all names that it may have. */
interface Named {
  place: Place;
  names: readonly string[];
}

const known = new WeakMap<Place, Named>();

/** The same object as before, if the names are. */
function namedAs(place: Place, names: readonly string[]): Named {
  const found = known.get(place);
  if (found && found.names.length === names.length && found.names.every((name, i) => name === names[i])) return found;
  const named = { place, names };
  known.set(place, named);
  return named;
}

function addNames(named: Named, put: (name: string, named: Named) => void): void {
  for (const name of new Set(named.names)) put(name, named);
}
