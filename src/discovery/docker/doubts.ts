/** Containers that could not be asked about, to be asked about again: at the next look, then with growing patience. */

interface Doubt {
  /** For a person; undefined: nothing to warn of. */
  words: string | undefined;
  /** What is known of the container may be out of date. */
  isStale: boolean;
  tries: number;
  notBeforeMs: number;
}

/** What is uncertain about a container. */
export type Uncertainty = Pick<Doubt, 'words' | 'isStale'>;

const FIRST_PATIENCE_MS = 1_000;
const LAST_PATIENCE_MS = 60_000;

/** See the file's header. */
export class Doubts {
  readonly #now: () => number;
  readonly #doubts = new Map<string, Doubt>();

  /** @param now a clock, ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** It could not be asked about (again). */
  add(id: string, { words, isStale }: Uncertainty): void {
    const tries = (this.#doubts.get(id)?.tries ?? 0) + 1;
    // The first failure may have been a bad moment: the next look asks.
    const patienceMs = tries === 1 ? 0 : Math.min(LAST_PATIENCE_MS, FIRST_PATIENCE_MS * 2 ** (tries - 2));
    this.#doubts.set(id, { words, isStale, tries, notBeforeMs: this.#now() + patienceMs });
  }

  /** All is known, or it is gone. */
  clear(id: string): void {
    this.#doubts.delete(id);
  }

  /** May what is known of it be out of date? */
  isStale(id: string): boolean {
    return this.#doubts.get(id)?.isStale === true;
  }

  /** Those to ask about now. `isFirst`: worth waiting for; later answers are not, since the engine may hang. */
  due(): { id: string; isFirst: boolean }[] {
    return [...this.#doubts]
      .filter(([, { notBeforeMs }]) => notBeforeMs <= this.#now())
      .map(([id, { tries, words }]) => ({ id, isFirst: tries === 1 && words !== undefined }));
  }

  /** One sentence for all of them; undefined when there is nothing to warn of. */
  get warning(): string | undefined {
    const all = [...this.#doubts.values()].flatMap(({ words }) => words ?? []);
    const others = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
    return all[0] === undefined ? undefined : `${all[0]}${others}`;
  }
}
