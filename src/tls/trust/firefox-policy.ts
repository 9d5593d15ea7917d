/**
 * Firefox's policies on Linux: root's way in, for every profile at once and without certutil. Firefox reads them at its
 * start and copies the certificates into each profile.
 */
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, systemCode } from '../../core/errors.ts';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import { anchorName } from './linux-system.ts';
import { fingerprintsIn, ourRootsIn } from './our-roots.ts';
import type { RootCertificate, StoredRoot, StoreOutcome, TrustStore, TrustSurroundings } from './store.ts';

/** Programs that read it. */
export const FIREFOX_PROGRAMS: readonly string[] = ['firefox', 'firefox-esr'];
const FOLDER = '/etc/firefox/policies';
/** Everybody may read a policy. */
const PUBLIC = { mode: 0o644 };

/** What we look at; everything else in the file is kept as it is. */
const policiesSchema = z.looseObject({
  policies: z.looseObject({ Certificates: z.looseObject({ Install: z.array(z.unknown()).optional() }).optional() }),
});
type Policies = z.output<typeof policiesSchema>;

/**
 * The policies. Present only where they are needed: they hold a root of ours, or we are root and profiles cannot be
 * reached (no certutil, or Firefox was never opened).
 */
export function firefoxPolicy(surroundings: TrustSurroundings, hasProfiles: boolean): TrustStore {
  const { isRoot, programs, trustCommand } = surroundings;
  const isInstalled = FIREFOX_PROGRAMS.some((name) => programs.has(name));
  const isNeeded = isInstalled && isRoot && (!programs.has('certutil') || !hasProfiles);
  const asRoot = (verb: string): StoreOutcome => {
    const commands = [`sudo ${trustCommand.replace(/\btrust$/, verb)}`];
    return { done: false, reason: `only root may change ${FOLDER}`, commands };
  };
  return {
    id: 'firefox-policy',
    title: 'Firefox, every profile (policies.json)',
    kind: 'browser',
    afterwards: 'restart Firefox',
    present: async () => isNeeded || (await oursIn(surroundings)).length > 0,
    isTrusted: (fingerprint) => policyHolds(surroundings, fingerprint),
    ours: () => oursIn(surroundings),
    install: (root) => (isRoot ? attempt(() => add(surroundings, root)) : Promise.resolve(asRoot('trust'))),
    uninstall: (fingerprint) =>
      isRoot ? attempt(() => remove(surroundings, fingerprint)) : Promise.resolve(asRoot('untrust')),
    commands: () => [`${isRoot ? '' : 'sudo '}${trustCommand}`],
  };
}

/** Do the policies make Firefox trust this root? */
export async function policyHolds(surroundings: TrustSurroundings, fingerprint: string): Promise<boolean> {
  const texts = await readInstalled(surroundings, await readPolicies(surroundings).catch(() => undefined));
  return texts.some(({ text }) => fingerprintsIn(text).includes(fingerprint));
}

async function oursIn(surroundings: TrustSurroundings): Promise<StoredRoot[]> {
  const texts = await readInstalled(surroundings, await readPolicies(surroundings).catch(() => undefined));
  return ourRootsIn(texts.map(({ text }) => text).join('\n'), surroundings.known);
}

async function attempt(change: () => Promise<void>): Promise<StoreOutcome> {
  try {
    await change();
    return { done: true };
  } catch (error) {
    return { done: false, reason: messageOf(error), commands: [] };
  }
}

/** The root is copied beside the policies: a sandboxed Firefox does not see the data folder. */
async function add(surroundings: TrustSurroundings, root: RootCertificate): Promise<void> {
  const policies = (await readPolicies(surroundings)) ?? { policies: {} };
  const target = path.posix.join(FOLDER, `${anchorName(root.name)}.pem`);
  await mkdir(inRoot(surroundings, FOLDER), { recursive: true, mode: 0o755 });
  await writeFileAtomic(inRoot(surroundings, target), root.pem, PUBLIC);
  const listed = installed(policies).filter((entry) => entry !== target);
  await writePolicies(surroundings, withInstalled(policies, [...listed, target]));
}

async function remove(surroundings: TrustSurroundings, fingerprint: string): Promise<void> {
  const policies = await readPolicies(surroundings);
  if (!policies) return;
  const texts = await readInstalled(surroundings, policies);
  const gone = texts.filter(({ text }) => fingerprintsIn(text).join() === fingerprint).map(({ entry }) => entry);
  if (gone.length === 0) return;
  await writePolicies(
    surroundings,
    withInstalled(
      policies,
      installed(policies).filter((entry) => typeof entry !== 'string' || !gone.includes(entry)),
    ),
  );
  const own = gone.filter((entry) => path.posix.dirname(entry) === FOLDER);
  for (const entry of own) await rm(inRoot(surroundings, entry), { force: true });
  await removeEmptyFolders(surroundings);
}

/** `add` makes them where Firefox has none; what somebody else put there keeps them. */
async function removeEmptyFolders(surroundings: TrustSurroundings): Promise<void> {
  try {
    for (const folder of [FOLDER, path.posix.dirname(FOLDER)]) await rmdir(inRoot(surroundings, folder));
  } catch (error) {
    // POSIX lets a system say either of the first two of a folder that is not empty; a mount point is busy.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY'].includes(systemCode(error) ?? '')) throw error;
  }
}

/** @throws when the file is there and cannot be understood: then it is not ours to rewrite */
async function readPolicies(surroundings: TrustSurroundings): Promise<Policies | undefined> {
  const file = inRoot(surroundings, `${FOLDER}/policies.json`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const parsed = policiesSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error(`${FOLDER}/policies.json cannot be read as policies, so it is left as it is`);
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The policies, or no file at all where nothing is left in it. */
async function writePolicies(surroundings: TrustSurroundings, policies: Policies): Promise<void> {
  const file = inRoot(surroundings, `${FOLDER}/policies.json`);
  const isEmpty = Object.keys(policies.policies).length === 0 && Object.keys(policies).length === 1;
  if (isEmpty) await rm(file, { force: true });
  else await writeFileAtomic(file, `${JSON.stringify(policies, null, 2)}\n`, PUBLIC);
}

function installed({ policies }: Policies): readonly unknown[] {
  return policies.Certificates?.Install ?? [];
}

function withInstalled(all: Policies, entries: readonly unknown[]): Policies {
  const { Certificates: before = {}, ...others } = all.policies;
  const { Install: _replaced, ...rest } = before;
  const certificates = entries.length === 0 ? rest : { ...rest, Install: [...entries] };
  if (Object.keys(certificates).length === 0) return { ...all, policies: others };
  return { ...all, policies: { ...others, Certificates: certificates } };
}

/** The certificate files that the policies name by their path. */
async function readInstalled(
  surroundings: TrustSurroundings,
  policies: Policies | undefined,
): Promise<{ entry: string; text: string }[]> {
  const entries = policies ? installed(policies).filter((entry) => typeof entry === 'string') : [];
  const absolute = entries.filter((entry) => path.isAbsolute(entry));
  return Promise.all(
    absolute.map(async (entry) => ({
      entry,
      text: await readFile(inRoot(surroundings, entry), 'latin1').catch(() => ''),
    })),
  );
}

function inRoot({ systemRoot }: TrustSurroundings, file: string): string {
  return path.join(systemRoot, file);
}
