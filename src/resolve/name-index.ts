/**
 * Builds all that the names step needs of a snapshot (places, claims, canonical names) without holding up the proxy:
 * a thousand services take 20 to 60 ms.
 */
import { oncePerObject } from '../core/once-per-object.ts';
import type { Snapshot } from '../core/service.ts';
import { runInSlices } from '../core/slices.ts';
import { buildNames } from './canonical.ts';

/** Resolves when names of this snapshot are looked up in microseconds. Askers of one snapshot share the work. */
export const prepareNames = oncePerObject(async (snapshot: Snapshot): Promise<void> => {
  await runInSlices(buildNames(snapshot));
});
