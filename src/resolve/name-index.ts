/**
 * Builds all that the names step needs of a snapshot (places, claims, canonical names) without holding up the proxy:
 * a thousand services take 20 to 60 ms.
 */
import type { Snapshot } from '../core/service.ts';
import { runInSlices } from '../core/slices.ts';
import { buildNames } from './canonical.ts';

const preparing = new WeakMap<Snapshot, Promise<unknown>>();

/** Resolves when names of this snapshot are looked up in microseconds. Askers of one snapshot share the work. */
export async function prepareNames(snapshot: Snapshot): Promise<void> {
  let work = preparing.get(snapshot);
  if (!work) {
    work = runInSlices(buildNames(snapshot));
    preparing.set(snapshot, work);
  }
  await work;
}
