/**
 * How snapshots travel from the scan thread to the main thread: a service that did not change is not sent again, and
 * stays the same object there. Of a thousand services the main thread then copies one, and what it knows about the
 * others (their names) stays valid.
 */
import type { ProcessService, Snapshot } from '../core/service.ts';

/** A snapshot whose processes were sent before, but for the new ones. */
export interface PackedSnapshot {
  /** The snapshot without its processes. */
  frame: Snapshot;
  /** Number of each process, in order. */
  order: number[];
  /** Those that were not sent before. */
  added: [number, ProcessService][];
}

/** The scan thread's end. */
export class SnapshotPacker {
  /** Text of each process that the other end has, and its number. */
  #sent = new Map<string, number>();
  #lastNumber = 0;

  /** Whatever is packed has to be unpacked, in order. */
  pack(snapshot: Snapshot): PackedSnapshot {
    const sent = new Map<string, number>();
    const added: [number, ProcessService][] = [];
    const order = snapshot.processes.map((process) => {
      const text = JSON.stringify(process);
      const known = sent.get(text) ?? this.#sent.get(text);
      const number = known ?? ++this.#lastNumber;
      if (known === undefined) added.push([number, process]);
      sent.set(text, number);
      return number;
    });
    this.#sent = sent;
    return { frame: { ...snapshot, processes: [] }, order, added };
  }
}

/** The main thread's end; one for each thread. */
export class SnapshotUnpacker {
  #known = new Map<number, ProcessService>();

  /** The snapshot as it was packed; processes that are the same as before are the same objects. */
  unpack({ frame, order, added }: PackedSnapshot): Snapshot {
    const received = new Map(added);
    const known = new Map<number, ProcessService>();
    const processes: ProcessService[] = [];
    for (const number of order) {
      const process = received.get(number) ?? this.#known.get(number);
      if (!process) continue;
      known.set(number, process);
      processes.push(process);
    }
    this.#known = known;
    return { ...frame, processes };
  }
}
