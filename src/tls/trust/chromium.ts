/** The NSS databases of Chromium and its relatives on Linux. They ignore the system's store, and read at their start. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type NssDatabase, nssStore } from './nss.ts';
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
const TITLE = 'Chromium, Chrome, Edge, Brave';
/** They read the database at their start only (tried: neither an addition nor a removal reaches a running one). */
const AFTERWARDS = 'restart the browser';

/** Of a home folder: since Chromium 146, before. */
const NEW_FOLDER = '.local/share/pki/nssdb';
const OLD_FOLDER = '.pki/nssdb';

/** Sandboxed ones see a home folder of their own. From sources, not tried. */
const SANDBOXED = [
  { id: 'chromium-snap', title: 'Chromium (snap)', folder: 'snap/chromium/current/.pki/nssdb' },
  { id: 'brave-snap', title: 'Brave (snap)', folder: 'snap/brave/current/.pki/nssdb' },
  {
    id: 'chromium-flatpak',
    title: 'Chromium (flatpak)',
    folder: '.var/app/org.chromium.Chromium/.pki/nssdb',
  },
  { id: 'chrome-flatpak', title: 'Chrome (flatpak)', folder: '.var/app/com.google.Chrome/.pki/nssdb' },
] as const;

/** The user's database, the one that would be used if it were not there, and those of sandboxed browsers. */
export async function chromiumStores(surroundings: TrustSurroundings): Promise<TrustStore[]> {
  const { home, programs } = surroundings;
  const isInstalled = CHROMIUM_PROGRAMS.some((name) => programs.has(name));
  const isOldUsed = await isFolder(path.join(home, OLD_FOLDER));
  const [used, unused] = isOldUsed ? [OLD_FOLDER, NEW_FOLDER] : [NEW_FOLDER, OLD_FOLDER];
  const named = { id: 'chromium', title: TITLE, afterwards: AFTERWARDS };
  const databases: NssDatabase[] = [
    { ...named, kind: 'browser', folder: path.join(home, used), wanted: isInstalled },
    { ...named, id: 'chromium-unused', kind: 'unused', folder: path.join(home, unused), wanted: false },
    ...SANDBOXED.map((one): NssDatabase => {
      return { ...named, ...one, kind: 'browser', folder: path.join(home, one.folder), wanted: false };
    }),
  ];
  return Promise.all(databases.map((database) => nssStore(database, surroundings)));
}

/** The old place wins when it is there, even empty (tried with Chromium 156); new installations use the other. */
async function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
