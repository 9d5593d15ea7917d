/** Put the CA into every store of this machine, or take all of ours out again. One store's failure is its own. */
import { messageOf } from '../../core/errors.ts';
import type { RootCertificate, StoreOutcome, TrustStore } from './store.ts';
import { lookAtMachine, presentStores, type TrustOptions } from './surroundings.ts';

/** What became of one store. */
export interface StoreChange {
  id: string;
  title: string;
  /** `unchanged`: it was so before. */
  result: 'done' | 'unchanged' | 'failed';
  /** What the user has to do now: `restart the browser`. */
  afterwards?: string;
  /** Why it failed. */
  reason?: string;
  /** What would do it; lines of stores before are not repeated. */
  commands: string[];
  /** `untrust`: the names of the roots that were taken out. */
  removed?: string[];
}

/**
 * Put a root into every store that is present; what has it is left alone. Runs programs, some of which ask the user
 * (macOS, Windows: at most two minutes). Never rejects.
 * @param home whose stores; under sudo with `user` of the options
 */
export async function trustEverywhere(
  root: RootCertificate,
  home: string,
  options: TrustOptions = {},
): Promise<StoreChange[]> {
  const stores = await openStores(home, options, root.file);
  return oneByOne(
    stores.filter(({ kind }) => kind !== 'unused'),
    (store) => trustIn(store, root),
  );
}

/**
 * Take every root of ours out of every store, also of earlier CAs. A certificate is ours by its name and its
 * constraints, or by `known` of the options; others are never touched. Never rejects.
 */
export async function untrustEverywhere(home: string, options: TrustOptions = {}): Promise<StoreChange[]> {
  const stores = await openStores(home, options, '');
  const changes = await oneByOne(stores, untrustIn);
  // What is not used and has nothing of ours is of no interest.
  return changes.filter(({ result }, index) => result !== 'unchanged' || stores[index]?.kind !== 'unused');
}

async function openStores(home: string, options: TrustOptions, rootFile: string): Promise<TrustStore[]> {
  const surroundings = await lookAtMachine(home, options);
  return presentStores(surroundings, options.platform ?? process.platform, rootFile);
}

/** In order: a password that one asks for helps the next, and dialogues do not pile up. */
async function oneByOne(
  stores: readonly TrustStore[],
  change: (store: TrustStore) => Promise<Omit<StoreChange, 'id' | 'title'>>,
): Promise<StoreChange[]> {
  const said = new Set<string>();
  const changes: StoreChange[] = [];
  for (const store of stores) {
    const { id, title } = store;
    const made = await change(store).catch((error: unknown) => failed(messageOf(error)));
    const commands = made.commands.filter((line) => !said.has(line));
    for (const line of commands) said.add(line);
    changes.push({ id, title, ...made, commands });
  }
  return changes;
}

async function trustIn(store: TrustStore, root: RootCertificate): Promise<Omit<StoreChange, 'id' | 'title'>> {
  if (await store.isTrusted(root.fingerprint)) return { result: 'unchanged', commands: [] };
  const outcome = await store.install(root);
  if (!outcome.done) return failed(outcome.reason, outcome.commands);
  // A program that says "done" and did nothing must not pass for trust.
  if (await store.isTrusted(root.fingerprint)) return done(store);
  return failed('it did not take the certificate, and did not say why', store.commands(root));
}

async function untrustIn(store: TrustStore): Promise<Omit<StoreChange, 'id' | 'title'>> {
  const ours = await store.ours();
  if (ours.length === 0) return { result: 'unchanged', commands: [] };
  const failures: Extract<StoreOutcome, { done: false }>[] = [];
  const removed: string[] = [];
  for (const { fingerprint, name } of ours) {
    const outcome = await store.uninstall(fingerprint);
    if (outcome.done) removed.push(name);
    else failures.push(outcome);
  }
  const [first] = failures;
  if (!first) return { ...done(store), removed };
  return { ...failed(first.reason, [...new Set(failures.flatMap(({ commands }) => commands))]), removed };
}

function done({ afterwards }: TrustStore): Omit<StoreChange, 'id' | 'title'> {
  return { result: 'done', ...(afterwards === undefined ? {} : { afterwards }), commands: [] };
}

function failed(reason: string, commands: string[] = []): Omit<StoreChange, 'id' | 'title'> {
  return { result: 'failed', reason, commands };
}
