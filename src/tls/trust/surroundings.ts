/** The machine as the trust stores see it, and all the stores that it may have. */
import os from 'node:os';
import { run } from '../../platform/exec.ts';
import { CHROMIUM_PROGRAMS, chromiumStores } from './chromium.ts';
import { findPrograms } from './find-programs.ts';
import { firefoxStores } from './firefox.ts';
import { FIREFOX_PROGRAMS, firefoxPolicy } from './firefox-policy.ts';
import { JAVA_PROGRAMS, javaKeystores } from './java-keystore.ts';
import { linuxSystemStores, SYSTEM_PROGRAMS } from './linux-system.ts';
import { macosKeychains } from './macos-keychain.ts';
import { NSS_PROGRAMS } from './nss.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';
import { windowsRootStore } from './windows-root.ts';

/** What differs from the machine as it is: under sudo, and in tests. */
export type TrustOptions = Partial<Omit<TrustSurroundings, 'home'>> & { platform?: NodeJS.Platform };

/** Find out what the stores have to know. Programs are looked for without being run. */
export async function lookAtMachine(home: string, given: TrustOptions): Promise<TrustSurroundings> {
  const { platform: _platform, ...facts } = given;
  const names = [...CHROMIUM_PROGRAMS, ...FIREFOX_PROGRAMS, ...NSS_PROGRAMS, ...SYSTEM_PROGRAMS, ...JAVA_PROGRAMS];
  return {
    systemRoot: '/',
    isRoot: process.geteuid?.() === 0,
    programs: facts.programs ?? (await findPrograms(names, process.env.PATH ?? '')),
    isWsl: /microsoft/i.test(os.release()),
    known: new Set(),
    trustCommand: 'hostwise trust',
    run,
    ...facts,
    home,
  };
}

/**
 * Every store that is present, in the order in which they are spoken of.
 * @param rootFile what is asked about on systems that answer for files only
 */
export async function presentStores(
  surroundings: TrustSurroundings,
  platform: NodeJS.Platform,
  rootFile: string,
): Promise<TrustStore[]> {
  // After the system's: Debian copies that one's changes into Java's.
  const all = [...(await platformStores(surroundings, platform, rootFile)), ...(await javaKeystores(surroundings))];
  const present = await Promise.all(all.map((store) => store.present().catch(() => false)));
  return all.filter((_store, index) => present[index]);
}

async function platformStores(
  surroundings: TrustSurroundings,
  platform: NodeJS.Platform,
  rootFile: string,
): Promise<TrustStore[]> {
  if (platform === 'darwin') return macosKeychains(surroundings, rootFile);
  if (platform === 'win32') return [windowsRootStore(surroundings)];
  if (platform !== 'linux') return [];
  const profiles = await firefoxStores(surroundings);
  return [
    ...(await linuxSystemStores(surroundings)),
    ...(await chromiumStores(surroundings)),
    firefoxPolicy(surroundings, profiles.length > 0),
    ...profiles,
    ...(surroundings.isWsl ? [windowsRootStore(surroundings)] : []),
  ];
}
