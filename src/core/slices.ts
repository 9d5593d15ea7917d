/**
 * Long pure work in slices, so that it holds up nobody: written once as a generator that yields wherever it may pause,
 * run at once where that is wanted (a command, a test) and in slices in the proxy.
 */
import { setImmediate as afterOthers } from 'node:timers/promises';

/** Work that may be paused at each `yield`, and its result. */
export type Pausable<T> = Generator<undefined, T, undefined>;

/** Long enough that the pauses cost nothing, short against the 5 ms that a request may be held up. */
const SLICE_MS = 1;

/** Do all of it now. */
export function runAtOnce<T>(work: Pausable<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Do it in slices of a millisecond; whatever else waits has its turn in between. Rejects with what the work throws. */
export async function runInSlices<T>(work: Pausable<T>): Promise<T> {
  for (;;) {
    const untilMs = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < untilMs);
    await afterOthers();
  }
}
