/**
 * The requests that have no complete answer yet. An array and not a Set: as requests come and go, a Set is rebuilt again
 * and again, and each old table, once V8 has moved it to the old generation, keeps the next one and every request in it
 * alive until the next full collection (measured: 25% of all that was allocated, a fifth of the processor's time).
 */
import type { Exchange } from './exchange.ts';

/** See the file's header. */
export class InFlight {
  readonly #entries: { exchange: Exchange; place: number }[] = [];

  /** Until it is over. */
  add(exchange: Exchange): void {
    const entry = { exchange, place: this.#entries.length };
    this.#entries.push(entry);
    exchange.onClose(() => {
      const last = this.#entries.pop();
      if (last === undefined || last === entry) return;
      this.#entries[entry.place] = last;
      last.place = entry.place;
    });
  }

  /** Is there one that ends by itself? */
  get isBusy(): boolean {
    return this.#entries.some(({ exchange }) => !exchange.endless);
  }
}
