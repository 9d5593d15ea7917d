/** The NSS databases of Chromium and its relatives on Linux. They ignore the system's store, and read at their start. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { databaseExists, nssStore } from './nss.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';

/** Programs that read the user's NSS database. */
export const CHROMIUM_PROGRAMS: readonly string[] = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'google-chrome-beta',
  'google-chrome-unstable',
  'brave-browser',
  'microsoft-edge',
  'microsoft-edge-stable',
  'vivaldi',
  'vivaldi-stable',
  'opera',
];
const TITLE = 'Chromium, Chrome, Edge, Brave (restart them afterwards)';

/** The user's database, and the one of the Chromium that comes as a snap. */
export async function chromiumStores(surroundings: TrustSurroundings): Promise<TrustStore[]> {
  const { home, programs } = surroundings;
  const isInstalled = CHROMIUM_PROGRAMS.some((name) => programs.has(name));
  const own = await nssStore(
    { id: 'chromium', title: TITLE, folder: await userFolder(home), wanted: isInstalled },
    surroundings,
  );
  // From sources, not tried: a snap sees its own home folder.
  const snapFolder = path.join(home, 'snap/chromium/current/.pki/nssdb');
  if (!(await databaseExists(snapFolder))) return [own];
  const snap = {
    id: 'chromium-snap',
    title: 'Chromium (snap; restart it afterwards)',
    folder: snapFolder,
    wanted: false,
  };
  return [own, await nssStore(snap, surroundings)];
}

/** The old place wins when it is there, even empty (tried with Chromium 156); new installations use the other. */
async function userFolder(home: string): Promise<string> {
  const old = path.join(home, '.pki/nssdb');
  const isThere = await stat(old).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isThere ? old : path.join(home, '.local/share/pki/nssdb');
}
