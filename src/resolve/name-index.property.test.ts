/** The index that is changed from snapshot to snapshot answers as one that is built anew. */
import { expect, it, vi } from 'vitest';
import { changingMachine, pickOne, seededRandom } from '../../test/fixtures/changing-machine.ts';
import { candidatesOf, type Snapshot } from '../core/service.ts';

/** Modules of their own, and so an index that knows of no other snapshot. */
async function freshModules() {
  vi.resetModules();
  const [{ Resolver }, { canonicalNames }, { placesOf }, { claimsOf }, { shownHosts }, { rivalsOf }] =
    await Promise.all([
      import('./resolver.ts'),
      import('./canonical.ts'),
      import('./places.ts'),
      import('./claims.ts'),
      import('./hostnames.ts'),
      import('./rivals.ts'),
    ]);
  const domains = ['localhost'];
  const resolver = new Resolver({ llm: null, mode: 'names', domains, now: () => 0 });
  return {
    resolver,
    canonicalNames,
    placesOf,
    claimsOf,
    shownHosts: (of: Snapshot) => shownHosts(of, domains),
    rivalsOf,
  };
}

type Modules = Awaited<ReturnType<typeof freshModules>>;

/** The same machine, of which nothing is remembered. */
function copyOf(snapshot: Snapshot): Snapshot {
  return structuredClone(snapshot);
}

/** Everything that is listed without a question. */
function listed({ canonicalNames, placesOf, shownHosts }: Modules, snapshot: Snapshot): unknown {
  const { byId, byName } = canonicalNames(snapshot);
  return {
    byId: [...byId],
    byName: Array.from(byName, ([name, { id }]) => [name, id]),
    shown: [...shownHosts(snapshot)],
    places: placesOf(snapshot),
  };
}

/** Names that somebody answers to or answered to, in every spelling, and siblings of somebody. */
function asksOf({ canonicalNames, placesOf, claimsOf }: Modules, snapshots: Snapshot[], random: () => number) {
  const names = ['nobody', 'api', 'web', 'mail', 'admin', 'shop'];
  for (const snapshot of snapshots) {
    names.push(...canonicalNames(snapshot).byName.keys());
    for (const { labels, dotted } of placesOf(snapshot).flatMap(claimsOf)) names.push(labels, dotted);
  }
  const spelled = (name: string) =>
    pickOne([name, name.replaceAll('.', '-'), name.replaceAll('-', ''), `vite.${name}`, `x.${name}`], random);
  return Array.from({ length: ASKS }, () => spelled(pickOne(names, random)));
}

async function answersTo({ resolver, rivalsOf }: Modules, names: readonly string[], snapshot: Snapshot) {
  const answers: unknown[] = [];
  const [origin] = candidatesOf(snapshot);
  for (const name of names) {
    answers.push(await resolver.resolve({ host: `${name}.localhost`, force: true }, snapshot));
    if (!origin) continue;
    const service = name.split('.')[0] ?? name;
    const related = { host: 'x.localhost', service, origin, force: true };
    answers.push(await resolver.resolve({ ...related, siblingsOnly: true }, snapshot));
    answers.push(await resolver.resolve(related, snapshot));
    answers.push(rivalsOf(name, origin, [], snapshot));
  }
  return answers;
}

/** Of each snapshot, with four answers each. */
const ASKS = 5;
const CHANGES = 700;
/** Milliseconds: seconds of work on a free machine, many of them on a loaded one. */
const PATIENCE_MS = 240_000;

it.each([1, 2, 3])(
  'answers the same after each of 700 changes, seed %i',
  async (seed) => {
    const [kept, fresh] = [await freshModules(), await freshModules()];
    const random = seededRandom(seed);
    const machine = changingMachine(seed);
    let before = machine.next().value;
    for (let i = 0; i < CHANGES; i++) {
      const now = machine.next().value;
      const copy = copyOf(now);
      const asks = asksOf(fresh, [copy, copyOf(before)], random);
      expect({ i, ...(listed(kept, now) as object) }).toEqual({ i, ...(listed(fresh, copy) as object) });
      expect({ i, asks, all: await answersTo(kept, asks, now) }).toEqual({
        i,
        asks,
        all: await answersTo(fresh, asks, copy),
      });
      before = now;
    }
  },
  PATIENCE_MS,
);
