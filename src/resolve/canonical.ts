/**
 * One stable, unique hostname for every service, made of facts that survive a restart: directory, branch, package,
 * compose service. Parts of one project share a parent (`web.shop`, `api.shop`), so that their cookies are same-site.
 * names.ts resolves each of them to exactly its service.
 */
import { candidatePorts, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { buildClaims, type Claim, claimIndex } from './claims.ts';
import { LongerNames } from './longer-names.ts';
import { flatText, scopeText } from './name-text.ts';
import { directoriesOf, isQualified, label, type Parent, parentNames, routable } from './parent-names.ts';
import type { Place } from './places.ts';
import { clearPort } from './port-choice.ts';
import { isPlainWord } from './role-words.ts';
import { hasRole, isStranger, isTool, ownParts } from './roles.ts';

/** Canonical names without a domain, both ways. */
export interface CanonicalNames {
  byId: Map<string, string>;
  byName: Map<string, Service>;
  /** What they may be while others run. */
  longer: LongerNames;
}

const known = new WeakMap<Snapshot, CanonicalNames>();

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
  const names = yield* assignNames(snapshot);
  known.set(snapshot, names);
  return names;
}

/**
 * Everybody gets the shortest of their {@link wishes} that nobody else wants and that is not, exactly, another
 * checkout's name. All who want one name move on together, so that the result does not depend on an order.
 */
function* assignNames(snapshot: Snapshot): Pausable<CanonicalNames> {
  const { places, byName: claims } = yield* buildClaims(snapshot);
  const parents = yield* parentNames(places);
  const all: string[][] = [];
  for (const place of places) {
    all.push(wishes(place, parents));
    yield;
  }
  const level = places.map(() => 0);
  const anyLevel = countAll(all);
  for (let round = 0; round < 4; round++) {
    const taken = countWishes(all, level);
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
  const wishesOf = (place: Place): string[] => all[index.get(place) ?? -1] ?? [];
  const shortestOf = (place: Place): string => wishesOf(place)[level[index.get(place) ?? -1] ?? 0] ?? '';
  const longer = yield* LongerNames.of(places, {
    namesOf: (place) => formsOf(place, wishesOf(place), parents),
    mayBe: (place, name, directory) => {
      if (directory !== '') return directoriesOf(place).includes(directory);
      const forms = isQualified(place, parents) ? [] : formsOf(place, wishesOf(place), parents);
      return forms.indexOf(name) > forms.indexOf(shortestOf(place));
    },
  });
  return { ...(yield* uniqueNames(places, all, level)), longer };
}

/**
 * The service whose canonical hostname this would be if more ran than does, unless another checkout is called exactly so.
 */
export function longerOwner(name: string, snapshot: Snapshot): Service | undefined {
  const owner = canonicalNames(snapshot).longer.owner(name);
  return owner && !isContested(name, owner, claimIndex(snapshot).byName) ? owner.service : undefined;
}

function countAll(all: readonly string[][]): Map<string, number> {
  const count = new Map<string, number>();
  for (const wish of all.flat()) count.set(wish, (count.get(wish) ?? 0) + 1);
  return count;
}

function countWishes(all: readonly string[][], level: readonly number[]): Map<string, number> {
  const taken = new Map<string, number>();
  for (const [i, own] of all.entries()) {
    const wish = own[level[i] ?? 0] ?? '';
    taken.set(wish, (taken.get(wish) ?? 0) + 1);
  }
  return taken;
}

/** The last resort, a number, is only reached by services that no fact tells apart. */
function* uniqueNames(
  places: readonly Place[],
  all: readonly string[][],
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
function isContested(wish: string, place: Place, claims: ReadonlyMap<string, readonly Claim[]>): boolean {
  const rivals = claims.get(flatText(wish)) ?? [];
  return rivals.some(
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

/**
 * Names for one service, the best first, each a longer form of the same. What answers no browser carries its port:
 * people who type `db.shop` mean a page, and this is none.
 */
function wishes(place: Place, parents: ReadonlyMap<string, Parent>): string[] {
  const { service } = place;
  const port = clearPort(service) ?? candidatePorts(service)[0] ?? 0;
  const tool = label(place.tool) || 'process';
  const parent = place.checkout === null ? undefined : parents.get(place.checkout);
  if (parent === undefined || parent.name === '') return looseWishes(place, tool, port);
  if (isContainer(service)) {
    if (!place.web)
      return [
        under(label(`${place.parts[0] || tool}-${port}`), parent.name),
        under(label(`${place.parts[0] || tool}-${port}-${service.id}`), parent.name),
      ];
    return [under(label(place.parts[0] ?? '') || tool, parent.name), under(label(service.name) || tool, parent.name)];
  }
  const part = label(place.parts[0] ?? '');
  const own = part === '' ? parent.name : under(part, parent.name);
  const wishes = [under(tool, own), under(`${tool}-${port}`, own), under(label(`${tool}-${port}-${service.id}`), own)];
  const alone =
    part === ''
      ? place.web && !isTool(place) && !isStranger(place) && parent.webCount === 1
      : !isStranger(place) && ownParts(place).includes(place.parts[0] ?? '');
  return alone ? [own, ...wishes] : wishes;
}

/** The {@link wishes} under every name that the parent may have. @param now those under the one that it has */
function formsOf(place: Place, now: string[], parents: ReadonlyMap<string, Parent>): string[] {
  const { checkout } = place;
  const parent = checkout === null ? undefined : parents.get(checkout);
  if (checkout === null || parent === undefined) return now;
  if (parent.forms.every((form) => form === parent.name) && parent.webCount === parent.ownWebCount) return now;
  const own = { ...parent, webCount: parent.ownWebCount };
  return parent.forms.flatMap((name) => wishes(place, new Map([[checkout, { ...own, name }]])));
}

/** What belongs to no project. A program's bare name stays free: `jupyter` may mean what stands in front of it. */
function looseWishes(place: Place, tool: string, port: number): string[] {
  const [alias] = place.aliases;
  const wishes = [`${tool}-${port}`, label(`${tool}-${port}-${place.service.id}`)].map(routable);
  return alias === undefined || (!isContainer(place.service) && isTool(place))
    ? wishes
    : [routable(label(alias)), ...wishes];
}

function under(part: string, parent: string): string {
  return `${part}.${parent}`;
}
