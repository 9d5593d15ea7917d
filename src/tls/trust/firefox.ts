/** The NSS databases of Firefox on Linux: one in each profile. It sees a new CA without a restart. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { policyHolds } from './firefox-policy.ts';
import { databaseExists, nssStore } from './nss.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';

/** Where profiles are: since 147, before, as a snap and as a flatpak (the last three from sources, not tried). */
const PROFILE_ROOTS = [
  '.config/mozilla/firefox',
  '.mozilla/firefox',
  'snap/firefox/common/.mozilla/firefox',
  '.var/app/org.mozilla.firefox/.mozilla/firefox',
  '.var/app/org.mozilla.firefox/config/mozilla/firefox',
];
/** Nobody has more; a file from elsewhere might. */
const MAX_PROFILES = 16;
const MAX_INI_BYTES = 256 * 1024;

/** A profile as profiles.ini names it. */
export interface FirefoxProfile {
  name: string;
  /** As written there: relative to the file's folder or absolute. */
  path: string;
}

/** One store for each profile that Firefox has used; one that was never opened has no database. */
export async function firefoxStores(surroundings: TrustSurroundings): Promise<TrustStore[]> {
  const stores: TrustStore[] = [];
  for (const relative of PROFILE_ROOTS) {
    const root = path.join(surroundings.home, relative);
    for (const profile of parseProfiles(await readStart(path.join(root, 'profiles.ini')))) {
      const folder = path.resolve(root, profile.path);
      const id = `firefox:${path.basename(folder)}`;
      if (stores.length >= MAX_PROFILES || !(await databaseExists(folder))) continue;
      const title = `Firefox, profile "${profile.name}"`;
      const store = await nssStore({ id, title, kind: 'browser', folder, wanted: false }, surroundings);
      stores.push({
        ...store,
        isTrusted: async (root) => (await store.isTrusted(root)) || policyHolds(surroundings, root),
      });
    }
  }
  return stores;
}

/** The `[Profile0]` sections of a profiles.ini, with a path in them. */
export function parseProfiles(text: string): FirefoxProfile[] {
  const sections = text.split(/^\[/m).filter((section) => /^Profile\d+\]/.test(section));
  return sections.slice(0, MAX_PROFILES).flatMap((section) => {
    const place = /^Path=(.+?)\s*$/m.exec(section)?.[1];
    const name = /^Name=(.+?)\s*$/m.exec(section)?.[1];
    return place === undefined ? [] : [{ name: name ?? path.basename(place), path: place }];
  });
}

/** '' when there is no such file. */
async function readStart(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_INI_BYTES), 0, MAX_INI_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await handle.close();
  }
}
