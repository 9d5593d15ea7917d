/** What goes through the proxy: the last requests and each hostname's figures, told to whoever listens. */
import type { TrafficRecord } from '../core/traffic.ts';
import { RequestRing, type RingLimits } from './request-ring.ts';
import { RouteFigures } from './route-figures.ts';

/** Figures of more hostnames than any machine has apps; a page may ask for a thousand made-up ones. */
const MAX_ROUTES = 2_000;

/** Called at the beginning and at the end of each request. Must be cheap and must not throw. */
export type TrafficListener = (record: TrafficRecord) => void;

/** The proxy's `TrafficSink`. */
export class Traffic {
  readonly ring: RequestRing;
  readonly #routes = new Map<string, RouteFigures>();
  readonly #listeners = new Set<TrafficListener>();

  constructor(limits: Partial<RingLimits> = {}) {
    this.ring = new RequestRing(limits);
  }

  /** See the proxy's `TrafficSink`. */
  began(record: TrafficRecord): void {
    this.ring.add(record);
    this.#figuresOf(record.hostname).began(record);
    for (const listener of this.#listeners) listener(record);
  }

  /** See the proxy's `TrafficSink`. */
  ended(record: TrafficRecord): void {
    this.ring.update(record);
    // Its hostname may have been dropped and seen again meanwhile: then its beginning was never counted.
    this.#routes.get(record.hostname)?.ended(record, Date.now());
    for (const listener of this.#listeners) listener(record);
  }

  /** undefined for a hostname that nobody has asked for. */
  figures(hostname: string): RouteFigures | undefined {
    return this.#routes.get(hostname);
  }

  /**
   * Since when no request to a hostname is answered by its app, the ones before excepted that were. Knows of the one
   * whose error page is being written, which no figure counts yet.
   * @returns epoch ms; undefined when the last one was answered. Cost: a look at the ring, for failures only
   */
  failingSince(hostname: string): number | undefined {
    let since: number | undefined;
    for (const record of this.ring.newest()) {
      if (record.hostname !== hostname) continue;
      if (record.error !== undefined) since = record.startedAtMs;
      // One that still runs says nothing yet.
      else if (record.totalMs !== undefined) break;
    }
    return since;
  }

  /** @returns stops listening */
  listen(listener: TrafficListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #figuresOf(hostname: string): RouteFigures {
    const known = this.#routes.get(hostname);
    if (known) return known;
    if (this.#routes.size >= MAX_ROUTES) this.#dropOldest();
    const made = new RouteFigures();
    this.#routes.set(hostname, made);
    return made;
  }

  #dropOldest(): void {
    for (const hostname of this.#routes.keys()) {
      this.#routes.delete(hostname);
      return;
    }
  }
}
