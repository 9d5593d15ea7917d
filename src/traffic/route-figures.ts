/**
 * Figures of one hostname: totals, and the last 15 minutes in slices of 30 s for a chart. Fixed size (about 1 kB),
 * nothing is allocated per request.
 */
import type { TrafficRecord } from '../core/traffic.ts';

/** Length of a slice, ms. */
export const SLICE_MS = 30_000;
/** 15 minutes. */
export const SLICES = 30;
/** Upper bounds of the latency histogram, ms; the last class is everything above. */
const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const;
const CLASSES = BOUNDS_MS.length + 1;
/** Errors of an app may be pages long. */
const MAX_ERROR_CHARS = 300;

/** One slice of the chart. */
export interface Slice {
  /** Epoch ms of its beginning. */
  atMs: number;
  requests: number;
  /** Answers of 500 and above, and requests that nobody answered. */
  errors: number;
  /** Upper bounds of time to the first byte, ms; null without requests. */
  p50Ms: number | null;
  p95Ms: number | null;
}

/** What is known of a hostname's traffic. */
export interface RouteTraffic {
  requests: number;
  errors: number;
  /** Requests and tunnels under way. */
  open: number;
  /** Epoch ms; null before the first. */
  lastAtMs: number | null;
  lastError: { atMs: number; text: string } | null;
  /** Since when (epoch ms) a service (its id in the snapshot, where it has one) answered nothing; null while somebody does. */
  failing: { sinceMs: number; id: string | null } | null;
}

/** See the file's header. */
export class RouteFigures {
  #requests = 0;
  #errors = 0;
  #open = 0;
  #lastAtMs: number | null = null;
  #lastError: RouteTraffic['lastError'] = null;
  #failing: RouteTraffic['failing'] = null;
  /** Number of the slice that each place holds now: what is older is not counted. */
  readonly #sliceNumbers = new Float64Array(SLICES);
  readonly #sliceErrors = new Uint32Array(SLICES);
  readonly #histogram = new Uint32Array(SLICES * CLASSES);

  /** A request has come. */
  began({ startedAtMs }: TrafficRecord): void {
    this.#requests++;
    this.#open++;
    this.#lastAtMs = startedAtMs;
  }

  /** It is over. @param nowMs epoch ms */
  ended(record: TrafficRecord, nowMs: number): void {
    this.#open--;
    const place = this.#placeFor(nowMs);
    // How long a tunnel was open says nothing about speed; how soon it was there does.
    const latencyMs = record.firstByteMs ?? record.totalMs ?? 0;
    const index = place * CLASSES + classOf(latencyMs);
    this.#histogram[index] = (this.#histogram[index] ?? 0) + 1;
    this.#failing = record.error === undefined ? null : this.#failingNow(record);
    const error = errorOf(record);
    if (error === undefined) return;
    this.#errors++;
    this.#sliceErrors[place] = (this.#sliceErrors[place] ?? 0) + 1;
    this.#lastError = { atMs: nowMs, text: error.slice(0, MAX_ERROR_CHARS) };
  }

  get totals(): RouteTraffic {
    return {
      requests: this.#requests,
      errors: this.#errors,
      open: this.#open,
      lastAtMs: this.#lastAtMs,
      lastError: this.#lastError,
      failing: this.#failing,
    };
  }

  /** The last 15 minutes, oldest first, empty slices included. @param nowMs epoch ms */
  slices(nowMs: number): Slice[] {
    const newest = Math.floor(nowMs / SLICE_MS);
    return Array.from({ length: SLICES }, (_, i) => this.#slice(newest - SLICES + 1 + i));
  }

  /** Another one than the one before has only begun to fail: the app was started again meanwhile. */
  #failingNow({ startedAtMs, upstream }: TrafficRecord): RouteTraffic['failing'] {
    const id = upstream?.serviceId ?? null;
    return this.#failing?.id === id ? this.#failing : { sinceMs: startedAtMs, id };
  }

  #slice(number: number): Slice {
    const place = number % SLICES;
    const isHeld = this.#sliceNumbers[place] === number;
    const classes = isHeld
      ? this.#histogram.subarray(place * CLASSES, (place + 1) * CLASSES)
      : new Uint32Array(CLASSES);
    const requests = classes.reduce((sum, count) => sum + count, 0);
    return {
      atMs: number * SLICE_MS,
      requests,
      errors: isHeld ? (this.#sliceErrors[place] ?? 0) : 0,
      p50Ms: percentile(classes, requests, 0.5),
      p95Ms: percentile(classes, requests, 0.95),
    };
  }

  #placeFor(nowMs: number): number {
    const number = Math.floor(nowMs / SLICE_MS);
    const place = number % SLICES;
    if (this.#sliceNumbers[place] !== number) {
      this.#sliceNumbers[place] = number;
      this.#sliceErrors[place] = 0;
      this.#histogram.fill(0, place * CLASSES, (place + 1) * CLASSES);
    }
    return place;
  }
}

function errorOf({ error, status, upstream }: TrafficRecord): string | undefined {
  if (error !== undefined) return error;
  if (status < 500) return undefined;
  return upstream ? `It answered ${status}` : `Nobody was there to answer: ${status}`;
}

function classOf(latencyMs: number): number {
  let at = 0;
  while (at < BOUNDS_MS.length && latencyMs > (BOUNDS_MS[at] ?? 0)) at++;
  return at;
}

/** Upper bound of the class that the percentile falls into; what is above all bounds counts as twice the last. */
function percentile(classes: Uint32Array, total: number, share: number): number | null {
  if (total === 0) return null;
  let left = total * share;
  for (const [i, count] of classes.entries()) {
    left -= count;
    if (left <= 0) return BOUNDS_MS[i] ?? (BOUNDS_MS[BOUNDS_MS.length - 1] ?? 0) * 2;
  }
  return null;
}
