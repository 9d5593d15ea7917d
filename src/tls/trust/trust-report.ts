/** Who on this machine trusts our CA, and what would make the others. */
import type { Authority } from '../authority.ts';
import { CHROMIUM_PROGRAMS, chromiumStores } from './chromium.ts';
import { findPrograms } from './find-programs.ts';
import { firefoxStores } from './firefox.ts';
import { linuxSystemStore } from './linux-system.ts';
import { macosKeychain } from './macos-keychain.ts';
import { NSS_PROGRAMS } from './nss.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';

/** One store's state. */
export interface StoreReport {
  id: string;
  title: string;
  trusted: boolean;
  /** What is left to do here, after the commands of the stores before it; empty when it is trusted. */
  commands: string[];
}

/** The state of every store that is present. */
export interface TrustReport {
  stores: StoreReport[];
  /** Every browser's store has it; without any browser, the system's has. */
  trusted: boolean;
}

/** What differs in tests. */
export type TrustReportOptions = Partial<Omit<TrustSurroundings, 'home' | 'caName'>> & { platform?: NodeJS.Platform };

/**
 * Ask every store. Reads a few files and runs certutil twice a database (5 to 20 ms each). Changes nothing, and never
 * rejects: a store that cannot be asked counts as not trusting.
 */
export async function trustReport(
  authority: Pick<Authority, 'rootFile' | 'rootPem' | 'rootFingerprint' | 'commonName'>,
  home: string,
  options: TrustReportOptions = {},
): Promise<TrustReport> {
  const { platform = process.platform, ...given } = options;
  const surroundings: TrustSurroundings = {
    systemRoot: '/',
    isRoot: process.geteuid?.() === 0,
    programs: given.programs ?? (await installedPrograms()),
    ...given,
    home,
    caName: authority.commonName,
  };
  const stores = await presentStores(surroundings, platform, authority.rootFile);
  const states = await Promise.all(
    stores.map(async (store) => ({
      store,
      trusted: await store.isTrusted(authority.rootPem, authority.rootFingerprint).catch(() => false),
    })),
  );
  const browsers = states.filter(({ store }) => store.kind === 'browser');
  const decisive = browsers.length > 0 ? browsers : states;
  return {
    stores: withCommands(states, authority.rootFile),
    trusted: decisive.length > 0 && decisive.every(({ trusted }) => trusted),
  };
}

/** Programs are looked for without being run, so this needs the search path. */
async function installedPrograms(): Promise<Map<string, string>> {
  return findPrograms([...CHROMIUM_PROGRAMS, ...NSS_PROGRAMS], process.env.PATH ?? '');
}

async function presentStores(
  surroundings: TrustSurroundings,
  platform: NodeJS.Platform,
  rootFile: string,
): Promise<TrustStore[]> {
  if (platform === 'darwin') return [macosKeychain(surroundings, rootFile)];
  if (platform !== 'linux') return [];
  const system = await linuxSystemStore(surroundings);
  const all = [
    ...(system ? [system] : []),
    ...(await chromiumStores(surroundings)),
    ...(await firefoxStores(surroundings)),
  ];
  const present = await Promise.all(all.map((store) => store.present()));
  return all.filter((_store, index) => present[index]);
}

/** A line that a store before already has (the installation of certutil) is not said twice. */
function withCommands(states: readonly { store: TrustStore; trusted: boolean }[], rootFile: string): StoreReport[] {
  const said = new Set<string>();
  return states.map(({ store, trusted }) => {
    const lines = trusted ? [] : store.commands(rootFile).filter((line) => !said.has(line));
    for (const line of lines) said.add(line);
    return { id: store.id, title: store.title, trusted, commands: lines };
  });
}
