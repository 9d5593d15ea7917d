/**
 * One stable, unique hostname for every service, made of facts that survive a restart: directory, branch, package,
 * compose service. Parts of one project share a parent (`web.shop`, `api.shop`), so that their cookies are same-site.
 * names.ts resolves each of them to exactly its service.
 */
import { CONTROL_LABEL, toLabel } from '../core/hostname.ts';
import { baseName, isHomeOrRoot, parentPath } from '../core/path-text.ts';
import { candidatePorts, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { buildClaims, type Claim } from './claims.ts';
import { flatText, nameText, scopeText } from './name-text.ts';
import type { Place } from './places.ts';
import { clearPort } from './port-choice.ts';
import { isPlainWord } from './role-words.ts';
import { hasRole, isStranger, isTool, ownParts } from './roles.ts';

/** Four labels of this length and a domain stay under the 253 characters of a hostname. */
const MAX_PART_CHARS = 48;

/** Canonical names without a domain, both ways. */
export interface CanonicalNames {
  byId: Map<string, string>;
  byName: Map<string, Service>;
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
  for (let round = 0; round < 4; round++) {
    const taken = countWishes(all, level);
    let moved = false;
    for (const [i, place] of places.entries()) {
      yield;
      const wish = all[i]?.[level[i] ?? 0] ?? '';
      if ((level[i] ?? 0) + 1 >= (all[i]?.length ?? 0)) continue;
      if (taken.get(wish) === 1 && !isContested(wish, place, claims) && !isCommon(wish, place, places)) continue;
      level[i] = (level[i] ?? 0) + 1;
      moved = true;
    }
    if (!moved) break;
  }
  return yield* uniqueNames(places, all, level);
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
): Pausable<CanonicalNames> {
  const names: CanonicalNames = { byId: new Map(), byName: new Map() };
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

/** What belongs to no project. A program's bare name stays free: `jupyter` may mean what stands in front of it. */
function looseWishes(place: Place, tool: string, port: number): string[] {
  const [alias] = place.aliases;
  const wishes = [`${tool}-${port}`, label(`${tool}-${port}-${place.service.id}`)].map(routable);
  return alias === undefined || (!isContainer(place.service) && isTool(place))
    ? wishes
    : [routable(label(alias)), ...wishes];
}

function label(text: string): string {
  return toLabel(text, MAX_PART_CHARS);
}

function under(part: string, parent: string): string {
  return `${part}.${parent}`;
}

/** `proxy` and all below it is the dashboard's. */
function routable(name: string): string {
  return name === CONTROL_LABEL || name.endsWith(`.${CONTROL_LABEL}`) ? `${name}-app` : name;
}

/** The name that the parts of one checkout share. */
interface Parent {
  name: string;
  /** Services of it, and of the compose project of the same name, that may answer a browser. */
  webCount: number;
}

/** Checkout (or compose project) -> its parent name: `shop`, `fix-ui.shop`. */
function* parentNames(places: readonly Place[]): Pausable<Map<string, Parent>> {
  const families = yield* familyLabels(places);
  const branches = yield* branchLabels(places);
  const parents = new Map<string, Parent>();
  const webByName = new Map<string, number>();
  for (const place of places) {
    yield;
    if (place.checkout === null) continue;
    const family = (place.family !== null && families.get(place.family)) || label(place.families[0] ?? '');
    const branch = place.linked ? (branches.get(place.checkout) ?? '') : '';
    const name = routable([branch, family].filter((part) => part !== '').join('.'));
    const parent = parents.get(place.checkout) ?? { name, webCount: 0 };
    parents.set(place.checkout, parent);
    if (place.web) webByName.set(parent.name, (webByName.get(parent.name) ?? 0) + 1);
  }
  for (const { web, around } of places) {
    const parent = web && around?.checkout ? parents.get(around.checkout) : undefined;
    if (parent) webByName.set(parent.name, (webByName.get(parent.name) ?? 0) + 1);
  }
  for (const parent of parents.values()) parent.webCount = webByName.get(parent.name) ?? 0;
  return parents;
}

/** Family -> label; families in directories of one name get the name of the directory above as well. */
function* familyLabels(places: readonly Place[]): Pausable<Map<string, string>> {
  const labels = new Map<string, string>();
  const byLabel = new Map<string, Set<string>>();
  for (const { family, families } of places) {
    yield;
    const name = label(families[0] ?? '');
    if (family === null || name === '' || labels.has(family)) continue;
    labels.set(family, name);
    if (!family.startsWith('/')) continue;
    byLabel.set(name, (byLabel.get(name) ?? new Set()).add(family));
  }
  for (const [name, paths] of byLabel) {
    if (paths.size > 1) qualify(name, [...paths], labels);
  }
  return labels;
}

/** How far up a directory is looked for a name that tells two of one name apart. */
const MAX_CLIMB = 3;

function qualify(name: string, paths: readonly string[], labels: Map<string, string>): void {
  for (let climb = 1; climb <= MAX_CLIMB; climb++) {
    const above = paths.map((path) => label(ancestorName(path, climb)));
    if (above.includes('') || new Set(above).size !== paths.length) continue;
    for (const [i, path] of paths.entries()) labels.set(path, `${above[i]}.${name}`);
    return;
  }
}

function ancestorName(path: string, climb: number): string {
  let at = path;
  for (let i = 0; i < climb; i++) at = parentPath(at);
  return isHomeOrRoot(parentPath(at)) && isHomeOrRoot(at) ? nameText(baseName(at)) : baseName(at);
}

/** Linked worktree -> last segment of its branch when unique among the worktrees of its family, else the whole. */
function* branchLabels(places: readonly Place[]): Pausable<Map<string, string>> {
  const labels = new Map<string, string>();
  const users = new Map<string, Set<string>>();
  const keyOf = (place: Place, branch: string) => `${place.family ?? place.families[0] ?? ''}\0${branch}`;
  for (const place of places) {
    yield;
    if (!place.linked || place.checkout === null) continue;
    const key = keyOf(place, shortBranch(place));
    users.set(key, (users.get(key) ?? new Set()).add(place.checkout));
  }
  for (const place of places) {
    yield;
    if (!place.linked || place.checkout === null) continue;
    const short = shortBranch(place);
    const unique = users.get(keyOf(place, short))?.size === 1;
    // A branch called `api` is not the API.
    const names = [unique ? short : '', label(wholeBranch(place)), label(place.directory), label(`branch-${short}`)];
    labels.set(place.checkout, names.find((name) => name !== '' && !isPlainWord(name)) ?? '');
  }
  return labels;
}

function shortBranch(place: Place): string {
  return label(baseName(branchOf(place))) || label(place.directory);
}

function wholeBranch(place: Place): string {
  return branchOf(place) || place.directory;
}

function branchOf({ service }: Place): string {
  return isContainer(service) ? '' : (service.git?.branch ?? '');
}
