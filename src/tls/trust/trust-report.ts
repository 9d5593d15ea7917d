/** Who on this machine trusts our CA, and what would make the others. */
import type { Authority } from '../authority.ts';
import type { RootCertificate, TrustStore } from './store.ts';
import { lookAtMachine, presentStores, type TrustOptions } from './surroundings.ts';

/** One store's state. */
export interface StoreReport {
  id: string;
  title: string;
  kind: TrustStore['kind'];
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

/** The root of a CA, as the stores take it. */
export function rootOf(
  authority: Pick<Authority, 'rootFile' | 'rootPem' | 'rootFingerprint' | 'commonName'>,
): RootCertificate {
  const { rootFile: file, rootPem: pem, rootFingerprint: fingerprint, commonName: name } = authority;
  return { file, pem, fingerprint, name };
}

/**
 * Ask every store. Reads a few files and runs certutil twice a database (5 to 20 ms each). Changes nothing, and never
 * rejects: a store that cannot be asked counts as not trusting.
 */
export async function trustReport(
  authority: Pick<Authority, 'rootFile' | 'rootPem' | 'rootFingerprint' | 'commonName'>,
  home: string,
  options: TrustOptions = {},
): Promise<TrustReport> {
  const root = rootOf(authority);
  const surroundings = await lookAtMachine(home, options);
  const stores = await presentStores(surroundings, options.platform ?? process.platform, root.file);
  const used = stores.filter(({ kind }) => kind !== 'unused');
  const states = await Promise.all(
    used.map(async (store) => ({ store, trusted: await store.isTrusted(root.fingerprint).catch(() => false) })),
  );
  return { stores: withCommands(states, root), trusted: isTrustedByAll(states) };
}

/** Browsers decide: where there are any, what other programs read says nothing about them. */
function isTrustedByAll(states: readonly { store: TrustStore; trusted: boolean }[]): boolean {
  const browsers = states.filter(({ store }) => store.kind === 'browser');
  const decisive = browsers.length > 0 ? browsers : states.filter(({ store }) => store.kind === 'system');
  return decisive.length > 0 && decisive.every(({ trusted }) => trusted);
}

/** A line that a store before already has (the installation of certutil) is not said twice. */
function withCommands(
  states: readonly { store: TrustStore; trusted: boolean }[],
  root: RootCertificate,
): StoreReport[] {
  const said = new Set<string>();
  return states.map(({ store, trusted }) => {
    const lines = trusted ? [] : store.commands(root).filter((line) => !said.has(line));
    for (const line of lines) said.add(line);
    return { id: store.id, title: store.title, kind: store.kind, trusted, commands: lines };
  });
}
