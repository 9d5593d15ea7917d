/**
 * One stable, unique hostname for every service, made of facts that survive a restart: directory, branch, package,
 * compose service. Parts of one project share a parent (`web.shop`, `api.shop`), so that their cookies are same-site.
 * names.ts resolves each of them to exactly its service.
 */
import { isContainer, type Service, type Snapshot } from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { buildClaims, type ClaimIndex, claimIndex } from './claims.ts';
import { LongerNames, type NameMaker } from './longer-names.ts';
import { flatText, scopeText } from './name-text.ts';
import { directoriesOf, isQualified, parentNames } from './parent-names.ts';
import type { Place } from './place.ts';
import { isPlainWord } from './role-words.ts';
import { hasRole } from './roles.ts';
import { formsOf, wishes } from './wishes.ts';

/** Canonical names without a domain, both ways. */
export interface CanonicalNames {
  byId: Map<string, string>;
  byName: Map<string, Service>;
  /** What they may be while others run. */
  longer: LongerNames;
}

const known = new WeakMap<Snapshot, CanonicalNames>();
/** Of the snapshot that was looked at last: the next one is much like it. */
let latest: CanonicalNames | undefined;

/**
 * The canonical hostname of every candidate of a snapshot.
 * @param domain suffix without a leading dot; default `localhost`
 * @returns service id -> hostname; unique, never at or under `proxy.<domain>`
 */
export function canonicalHosts(snapshot: Snapshot, domain = 'localhost'): Map<string, string> {
  const hosts = new Map<string, string>();
  for (const [id, name] of canonicalNames(snapshot).byId) hosts.set(id, `${name}.${domain}`);
  return hosts;
}

/** The same without a domain, once per snapshot. */
export function canonicalNames(snapshot: Snapshot): CanonicalNames {
  return known.get(snapshot) ?? runAtOnce(buildNames(snapshot));
}

/** The same, for name-index.ts: pauses after each service. */
export function* buildNames(snapshot: Snapshot): Pausable<CanonicalNames> {
  const found = known.get(snapshot);
  if (found) return found;
  const names = yield* assignNames(snapshot, latest?.longer);
  latest = names;
  known.set(snapshot, names);
  return names;
}

/**
 * Everybody gets the shortest of their {@link wishes} that nobody else wants and that is not, exactly, another
 * checkout's name. All who want one name move on together, so that the result does not depend on an order.
 */
function* assignNames(snapshot: Snapshot, earlier: LongerNames | undefined): Pausable<CanonicalNames> {
  const claims = yield* buildClaims(snapshot);
  const { places } = claims;
  const parents = yield* parentNames(places);
  const all: (readonly string[])[] = [];
  for (const place of places) {
    all.push(wishes(place, parents));
    yield;
  }
  const level = places.map(() => 0);
  const anyLevel = yield* countAll(all);
  for (let round = 0; round < 4; round++) {
    const taken = yield* countWishes(all, level);
    let moved = false;
    for (const [i, place] of places.entries()) {
      yield;
      const wish = all[i]?.[level[i] ?? 0] ?? '';
      if ((level[i] ?? 0) + 1 >= (all[i]?.length ?? 0)) continue;
      // A longer name stays its own when the others are gone, so nobody else may have it at any time.
      const users = level[i] === 0 ? taken : anyLevel;
      if (users.get(wish) === 1 && !isContested(wish, place, claims) && !isCommon(wish, place, places)) continue;
      level[i] = (level[i] ?? 0) + 1;
      moved = true;
    }
    if (!moved) break;
  }
  const index = new Map(places.map((place, i) => [place, i]));
  const wishesOf = (place: Place): readonly string[] => all[index.get(place) ?? -1] ?? [];
  const shortestOf = (place: Place): string => wishesOf(place)[level[index.get(place) ?? -1] ?? 0] ?? '';
  const maker: NameMaker = {
    namesOf: (place) => formsOf(place, wishesOf(place), parents),
    mayBe: (place, name, directory) => {
      if (directory !== '') return directoriesOf(place).includes(directory);
      const forms = isQualified(place, parents) ? [] : formsOf(place, wishesOf(place), parents);
      return forms.indexOf(name) > forms.indexOf(shortestOf(place));
    },
  };
  const longer = yield* LongerNames.of(places, maker, earlier);
  return { ...(yield* uniqueNames(places, all, level)), longer };
}

/**
 * The service whose canonical hostname this would be if more ran than does, unless another checkout is called exactly so.
 */
export function longerOwner(name: string, snapshot: Snapshot): Service | undefined {
  const owner = canonicalNames(snapshot).longer.owner(name);
  return owner && !isContested(name, owner, claimIndex(snapshot)) ? owner.service : undefined;
}

function* countAll(all: readonly (readonly string[])[]): Pausable<Map<string, number>> {
  const count = new Map<string, number>();
  for (const own of all) {
    yield;
    for (const wish of own) count.set(wish, (count.get(wish) ?? 0) + 1);
  }
  return count;
}

function* countWishes(all: readonly (readonly string[])[], level: readonly number[]): Pausable<Map<string, number>> {
  const taken = new Map<string, number>();
  for (const [i, own] of all.entries()) {
    yield;
    const wish = own[level[i] ?? 0] ?? '';
    taken.set(wish, (taken.get(wish) ?? 0) + 1);
  }
  return taken;
}

/** The last resort, a number, is only reached by services that no fact tells apart. */
function* uniqueNames(
  places: readonly Place[],
  all: readonly (readonly string[])[],
  level: readonly number[],
): Pausable<Pick<CanonicalNames, 'byId' | 'byName'>> {
  const names = { byId: new Map<string, string>(), byName: new Map<string, Service>() };
  for (const [i, { service }] of places.entries()) {
    yield;
    const wish = all[i]?.[level[i] ?? 0] || 'service';
    let name = wish;
    for (let n = 2; names.byName.has(name); n++) name = `n${n}.${wish}`;
    names.byName.set(name, service);
    names.byId.set(service.id, name);
  }
  return names;
}

/** Is it the word for a kind of service (`api`), which another project here has as well? */
function isCommon(wish: string, place: Place, places: readonly Place[]): boolean {
  return isPlainWord(wish) && places.some((other) => other.checkout !== place.checkout && hasRole(other, wish));
}

/** Does another checkout that is no copy of this one claim exactly this name? */
function isContested(wish: string, place: Place, claims: ClaimIndex): boolean {
  return claims
    .called(flatText(wish))
    .some(
      (claim) =>
        claim.labels === wish &&
        claim.rule !== 'part' &&
        claim.place.checkout !== place.checkout &&
        claim.place.web &&
        !isCopy(claim.place, place),
    );
}

/** Two checkouts of one project, told by their manifests: the one whose directory has the name is called so. */
function isCopy(rival: Place, place: Place): boolean {
  if (rival.linked || place.linked || isContainer(rival.service) || isContainer(place.service)) return false;
  const [a, b] = [rival.service.project, place.service.project];
  if (!a || !b || rival.families[0] === place.families[0]) return false;
  if (a.name === b.name) return true;
  if (a.workspaceName !== undefined) return a.workspaceName === b.workspaceName;
  return scopeText(a.name) !== '' && scopeText(a.name) === scopeText(b.name);
}
