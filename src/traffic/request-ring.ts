/** The last requests, newest last: bounded in number and, since headers are the clients' to choose, in bytes. */
import type { TrafficRecord } from '../core/traffic.ts';

const MAX_RECORDS = 1_000;
/** A thousand ordinary requests have 3 MB. */
const MAX_BYTES = 8 * 1024 * 1024;
/** What a record weighs beside its texts. */
const RECORD_BYTES = 400;

/** Limits of a ring. */
export interface RingLimits {
  maxRecords: number;
  maxBytes: number;
}

/** See the file's header. Adding costs no allocation but the record itself. */
export class RequestRing {
  readonly #limits: RingLimits;
  readonly #slots: (TrafficRecord | undefined)[];
  readonly #weights: Uint32Array;
  #bytes = 0;
  #nextId = 1;
  #oldestId = 1;

  constructor(limits: Partial<RingLimits> = {}) {
    this.#limits = { maxRecords: MAX_RECORDS, maxBytes: MAX_BYTES, ...limits };
    this.#slots = new Array(this.#limits.maxRecords);
    this.#weights = new Uint32Array(this.#limits.maxRecords);
  }

  /** Take a new record, and give it its id. */
  add(record: TrafficRecord): void {
    record.id = this.#nextId++;
    if (record.id - this.#oldestId >= this.#limits.maxRecords) this.#drop();
    this.#slots[this.#slotOf(record.id)] = record;
    this.#weigh(record);
  }

  /** A record has grown (its response is known). One that was dropped meanwhile is left alone. */
  update(record: TrafficRecord): void {
    if (this.get(record.id) !== record) return;
    this.#bytes -= this.#weights[this.#slotOf(record.id)] ?? 0;
    this.#weigh(record);
  }

  /** undefined for one that is no longer, or not yet, there. */
  get(id: number): TrafficRecord | undefined {
    return id >= this.#oldestId && id < this.#nextId ? this.#slots[this.#slotOf(id)] : undefined;
  }

  /** Newest first. @param before only older ones than this id */
  *newest(before: number = this.#nextId): Generator<TrafficRecord> {
    for (let id = Math.min(before, this.#nextId) - 1; id >= this.#oldestId; id--) {
      const record = this.get(id);
      if (record) yield record;
    }
  }

  #weigh(record: TrafficRecord): void {
    const bytes = weightOf(record);
    this.#weights[this.#slotOf(record.id)] = bytes;
    this.#bytes += bytes;
    // The newest stays, however large it is.
    while (this.#bytes > this.#limits.maxBytes && this.#oldestId < this.#nextId - 1) this.#drop();
  }

  #drop(): void {
    const slot = this.#slotOf(this.#oldestId++);
    this.#slots[slot] = undefined;
    this.#bytes -= this.#weights[slot] ?? 0;
    this.#weights[slot] = 0;
  }

  #slotOf(id: number): number {
    return id % this.#limits.maxRecords;
  }
}

function weightOf({ target, requestHeaders, responseHeaders }: TrafficRecord): number {
  const bytes = RECORD_BYTES + target.length;
  return bytes + charsOf(requestHeaders) + charsOf(responseHeaders);
}

/** By index: an iterator over strings costs an object for each until V8 has optimized it away. */
function charsOf(texts: readonly string[]): number {
  let chars = 0;
  for (let i = 0; i < texts.length; i++) chars += texts[i]?.length ?? 0;
  return chars;
}
