/** What holds for the names step on any machine. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadMachines } from '../../test/fixtures/machines.ts';
import { anySnapshot } from '../../test/fixtures/snapshots.ts';
import { candidatesOf, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { canonicalNames } from './canonical.ts';
import { claimIndex, claimsOf } from './claims.ts';
import { matchNames, type NameMatch } from './names.ts';
import { matchSibling } from './siblings.ts';

/** Every name that anything answers to on these machines, and a few that nothing does. */
function namesOf(...snapshots: Snapshot[]): string[] {
  const names = snapshots.flatMap((snapshot) => {
    const claims = claimIndex(snapshot).places.flatMap(claimsOf);
    return [...claims.flatMap(({ labels, dotted }) => [labels, dotted]), ...canonicalNames(snapshot).byName.keys()];
  });
  return [...new Set([...names, 'nobody', 'api', 'web.nobody'])];
}

function reversed({ processes, containers }: Snapshot): Snapshot {
  return { processes: processes.toReversed(), containers: containers.toReversed() };
}

function without({ processes, containers }: Snapshot, removed: Service): Snapshot {
  return {
    processes: processes.filter((service) => service !== removed),
    containers: containers.filter((service) => service !== removed),
  };
}

/** Ids in any order: they are shown, and decide nothing. */
function essence(match: NameMatch): unknown {
  return match.outcome === 'ambiguous' ? { ...match, ids: match.ids.toSorted() } : match;
}

function chosen(match: NameMatch): string | null {
  return match.outcome === 'decided' ? `${match.id}:${match.port}` : null;
}

function expectSteady(snapshot: Snapshot, added: Service): void {
  const before = without(snapshot, added);
  for (const name of namesOf(before)) {
    const [was, is] = [chosen(matchNames(name, before)), chosen(matchNames(name, snapshot))];
    if (was === null || is === null || is.startsWith(`${added.id}:`)) continue;
    expect(`${name} ${is}`).toBe(`${name} ${was}`);
  }
}

/** Whoever is left still answers to the name that was shown for it; only its port may be unclear, as before. */
function expectKept(before: Snapshot, left: Snapshot, what: string): void {
  for (const { id } of candidatesOf(left)) {
    const name = canonicalNames(before).byId.get(id) ?? '';
    // That worktree's repository is said by the main checkout alone.
    if (name === 'web.checkout.prism') continue;
    const match = matchNames(name, left);
    const ids = match.outcome === 'decided' ? [match.id] : match.outcome === 'ambiguous' ? match.ids : [];
    expect(`${what} ${name} ${ids}`).toBe(`${what} ${name} ${id}`);
  }
}

const machines = loadMachines();

/** Milliseconds: seconds of work on a free machine, many of them on a loaded one. */
const PATIENCE_MS = 120_000;

describe('matchNames on any machine', { timeout: PATIENCE_MS }, () => {
  it('does not depend on the order of what runs', () => {
    const expectSame = (snapshot: Snapshot) => {
      const back = reversed(snapshot);
      for (const name of namesOf(snapshot)) {
        expect(essence(matchNames(name, back))).toEqual(essence(matchNames(name, snapshot)));
      }
    };
    for (const { snapshot } of machines) expectSame(snapshot);
    fc.assert(fc.property(anySnapshot, expectSame), { numRuns: 30 });
  });

  it('never moves from one service to another because a third one starts', () => {
    for (const { snapshot } of machines) for (const added of candidatesOf(snapshot)) expectSteady(snapshot, added);
    fc.assert(
      fc.property(anySnapshot, fc.nat(), (snapshot, pick) => {
        const candidates = candidatesOf(snapshot);
        const added = candidates[pick % Math.max(1, candidates.length)];
        if (added) expectSteady(snapshot, added);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps every canonical name for its service when others stop', () => {
    for (const { id, snapshot } of machines) {
      for (const removed of candidatesOf(snapshot)) expectKept(snapshot, without(snapshot, removed), id);
    }
    // Most of them gone. Random machines contradict themselves: one folder is a checkout and is none.
    const some = fc.tuple(fc.constantFrom(...machines), fc.infiniteStream(fc.boolean()));
    fc.assert(
      fc.property(some, ([{ id, snapshot }, stays]) => {
        const isLeft = () => stays.next().value === true;
        const { processes, containers } = snapshot;
        expectKept(snapshot, { processes: processes.filter(isLeft), containers: containers.filter(isLeft) }, id);
      }),
      { numRuns: 300 },
    );
  });

  it('does not change at all when something starts that shares no word with anything', () => {
    const stranger: Service = {
      id: 'p999999',
      pid: 999_999,
      ppid: 1,
      command: 'zzyzx',
      args: '/home/zed/zzyzx/bin/zzyzx',
      cwd: '/home/zed/zzyzx',
      listen: [{ address: '127.0.0.1', port: 18_999 }],
      project: { root: '/home/zed/zzyzx', name: 'zzyzx', workspace: null },
      git: null,
    };
    const expectSame = (snapshot: Snapshot) => {
      const joined = { ...snapshot, processes: [...snapshot.processes, stranger] };
      for (const name of namesOf(snapshot)) expect(matchNames(name, joined)).toEqual(matchNames(name, snapshot));
    };
    for (const { snapshot } of machines) expectSame(snapshot);
    fc.assert(fc.property(anySnapshot, expectSame), { numRuns: 30 });
  });

  it('only ever chooses a candidate and one of its ports', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const ids = new Set(candidatesOf(snapshot).map(({ id }) => id));
        for (const name of namesOf(snapshot)) {
          const match = matchNames(name, snapshot);
          if (match.outcome === 'decided') expect(ids).toContain(match.id);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('never falls back to another checkout for a name with a branch in it', () => {
    const trees = machines.flatMap(({ snapshot }) =>
      snapshot.processes.filter(({ git }) => git?.worktree).map((process) => ({ snapshot, process })),
    );
    expect(trees.length).toBeGreaterThan(20);
    for (const { snapshot, process } of trees) {
      const root = process.git?.root;
      const gone = { ...snapshot, processes: snapshot.processes.filter(({ git }) => git?.root !== root) };
      const name = canonicalNames(snapshot).byId.get(process.id) ?? '';
      const branch = name.split('.').slice(-2).join('.');
      for (const wanted of [name, branch, `web.${branch}`, `api.${branch}`, branch.replace('.', '-')]) {
        const match = matchNames(wanted, gone);
        // A part of the main checkout that is called like the branch has the name itself.
        const part = gone.processes.find(({ id }) => match.outcome === 'decided' && id === match.id);
        if (part?.project?.root.endsWith(`/${branch.split('.')[0]}`)) continue;
        // A container that was started in that worktree is no other checkout's.
        if (match.outcome === 'decided' && homesOf(gone, match.id).includes(root ?? '')) continue;
        expect(`${wanted} ${chosen(match)}`).toBe(`${wanted} null`);
      }
    }
  });
});

describe('matchSibling on any machine', () => {
  it('never leaves the checkout or compose project of the origin', () => {
    for (const { snapshot } of machines) {
      for (const origin of candidatesOf(snapshot)) {
        for (const word of ['api', 'web', 'mail', 'db', 'admin', 'frontend', 'vite']) {
          const match = matchSibling(word, origin, snapshot);
          if (match.outcome === 'decided' && match.id !== origin.id)
            expect(sharesHome(snapshot, origin.id, match.id)).toBe(true);
        }
      }
    }
  });
});

function homesOf(snapshot: Snapshot, id: string): string[] {
  const service = [...snapshot.processes, ...snapshot.containers].find((one) => one.id === id);
  if (!service) return [];
  if (isContainer(service)) return [`compose:${service.compose?.project}`, service.compose?.workdir ?? ''];
  return [service.git?.root ?? '', service.project?.workspace ?? '', service.project?.root ?? ''];
}

/** By the facts alone, apart from the code under test: one root, one compose project, or one within the other. */
function sharesHome(snapshot: Snapshot, a: string, b: string): boolean {
  const [ours, theirs] = [homesOf(snapshot, a), homesOf(snapshot, b)].map((homes) =>
    homes.filter((home) => home !== ''),
  );
  return (ours ?? []).some((home) =>
    (theirs ?? []).some((other) => other === home || other.startsWith(`${home}/`) || home.startsWith(`${other}/`)),
  );
}
