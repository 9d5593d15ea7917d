/**
 * The requests that have no complete answer yet. An array and not a Set: as requests come and go, a Set is rebuilt again
 * and again, and each old table, once V8 has moved it to the old generation, keeps the next one and every request in it
 * alive until the next full collection (measured: 25% of all that was allocated, a fifth of the processor's time).
 */
import type { Exchange } from './exchange.ts';

/** See the file's header. */
export class InFlight {
  readonly #exchanges: Exchange[] = [];

  /** Until it is over. */
  add(exchange: Exchange): void {
    exchange.place = this.#exchanges.length;
    this.#exchanges.push(exchange);
    exchange.onClose(this.#remove);
  }

  readonly #remove = (exchange: Exchange): void => {
    const last = this.#exchanges.pop();
    if (last === undefined || last === exchange) return;
    this.#exchanges[exchange.place] = last;
    last.place = exchange.place;
  };

  /** Is there one that ends by itself? */
  get isBusy(): boolean {
    return this.#exchanges.some((exchange) => !exchange.endless);
  }
}
