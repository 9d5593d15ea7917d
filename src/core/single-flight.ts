/**
 * One flight per key: callers that ask for the same thing while it is under way share its result.
 * The work belongs to nobody: a caller that leaves does not cancel it for the others.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Join the flight for `key`, or start `work`. A failure reaches every caller and is not remembered. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const flying = this.#flights.get(key);
    if (flying) return flying;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /** Is work for `key` under way? */
  has(key: string): boolean {
    return this.#flights.has(key);
  }
}
