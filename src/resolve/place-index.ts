/**
 * An index of what services are called, which is changed and never built anew while most of them stay the same: of a
 * thousand services one that starts touches a handful of names. Versions are never changed themselves, since decisions
 * under way still read older ones; they share the lists that are alike.
 */
import type { Pausable } from '../core/slices.ts';
import type { Place } from './place.ts';

/** What is indexed. Never changed; the same object from version to version as long as it says the same. */
export interface Indexed {
  place: Place;
}

/** How a source is found: all keys of it, each with what is listed there. Pure. */
export type AddEntries<Source, Entry> = (source: Source, put: (key: string, entry: Entry) => void) => void;

/** Most lists hold one entry, which then stands for itself. */
type Lists<Entry> = Map<string, Entry | readonly Entry[]>;

/** With more than this part of all sources new or gone, all of it is built. */
const MOST_CHANGED = 0.5;
/** With more changed lists than this part of all, they are put among the others. */
const MOST_OVER = 1 / 8;
/** Lists that are moved between two pauses. */
const MOVED_AT_ONCE = 32;

/** See the file's header. Lists are in the order of the services' ids. */
export class PlaceIndex<Source extends object, Entry extends Indexed> {
  readonly #sources: ReadonlySet<Source>;
  /** Shared by many versions. */
  readonly #base: Lists<Entry>;
  /** The lists that are other than in {@link #base}, empty ones among them. */
  readonly #over: Lists<Entry>;

  private constructor(sources: ReadonlySet<Source>, base: Lists<Entry>, over: Lists<Entry> = new Map()) {
    this.#sources = sources;
    this.#base = base;
    this.#over = over;
  }

  /**
   * The index of these sources.
   * @param sources in the order of their services' ids, which differ
   * @param earlier of which lists may be taken over; made with the same `add`
   */
  static *of<Source extends object, Entry extends Indexed>(
    sources: readonly Source[],
    add: AddEntries<Source, Entry>,
    earlier?: PlaceIndex<Source, Entry>,
  ): Pausable<PlaceIndex<Source, Entry>> {
    const all = new Set(sources);
    yield;
    if (!earlier) return yield* PlaceIndex.#build(all, add);
    const gone: Source[] = [];
    for (const source of earlier.#sources) if (!all.has(source)) gone.push(source);
    yield;
    const added = sources.filter((source) => !earlier.#sources.has(source));
    yield;
    if (gone.length + added.length > sources.length * MOST_CHANGED) return yield* PlaceIndex.#build(all, add);
    if (gone.length + added.length === 0) return earlier;
    const index = new PlaceIndex(all, earlier.#base, new Map(earlier.#over));
    yield* index.#change(gone, added, add);
    return index.#over.size > index.#base.size * MOST_OVER ? yield* index.#settled() : index;
  }

  static *#build<Source extends object, Entry extends Indexed>(
    sources: ReadonlySet<Source>,
    add: AddEntries<Source, Entry>,
  ): Pausable<PlaceIndex<Source, Entry>> {
    const lists = new Map<string, Entry | Entry[]>();
    for (const source of sources) {
      yield;
      add(source, (key, entry) => {
        const own = lists.get(key);
        if (own === undefined) lists.set(key, entry);
        else if (Array.isArray(own)) own.push(entry);
        else lists.set(key, [own, entry]);
      });
    }
    return new PlaceIndex(sources, lists);
  }

  /** What is listed there; empty for a key that nobody has. */
  get(key: string): readonly Entry[] {
    const own = this.#over.get(key) ?? this.#base.get(key);
    if (own === undefined) return [];
    return Array.isArray(own) ? own : [own as Entry];
  }

  *#change(gone: readonly Source[], added: readonly Source[], add: AddEntries<Source, Entry>): Pausable<void> {
    const leaving = new Map<string, Set<Entry['place']>>();
    const joining = new Map<string, Entry[]>();
    for (const source of gone) {
      yield;
      add(source, (key, { place }) => leaving.set(key, (leaving.get(key) ?? new Set()).add(place)));
    }
    for (const source of added) {
      yield;
      add(source, (key, entry) => {
        const own = joining.get(key);
        if (own) own.push(entry);
        else joining.set(key, [entry]);
      });
    }
    for (const key of new Set([...leaving.keys(), ...joining.keys()])) {
      yield;
      const left = leaving.get(key);
      const stayed = this.get(key).filter(({ place }) => !left?.has(place));
      const list = [...stayed, ...(joining.get(key) ?? [])];
      list.sort((a, b) => compareTexts(a.place.service.id, b.place.service.id));
      this.#over.set(key, list);
    }
  }

  /** The same as one map. */
  *#settled(): Pausable<PlaceIndex<Source, Entry>> {
    const lists: Lists<Entry> = new Map();
    let moved = 0;
    for (const from of [this.#base, this.#over]) {
      for (const [key, list] of from) {
        if (++moved % MOVED_AT_ONCE === 0) yield;
        if (from === this.#base && this.#over.has(key)) continue;
        const [first, ...others] = Array.isArray(list) ? (list as readonly Entry[]) : [list as Entry];
        if (first) lists.set(key, others.length === 0 ? first : list);
      }
    }
    return new PlaceIndex(this.#sources, lists);
  }
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
