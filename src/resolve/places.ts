/**
 * Where each service belongs: the checkout it runs in, the project family that checkout is of, and every name that
 * the facts give to those. The one place that turns facts into names; canonical hosts, matching and siblings read it.
 */

import { commandWords, toolName } from '../core/command-words.ts';
import { baseName, isHomeOrRoot, isWithin, parentPath, userOfPath } from '../core/path-text.ts';
import {
  allServices,
  type ContainerService,
  isCandidate,
  isContainer,
  type ProcessService,
  type Service,
  type Snapshot,
} from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { attachCompose } from './compose-places.ts';
import { keepPlaces } from './kept-places.ts';
import { nameText, packageText, withoutPrefix } from './name-text.ts';
import { mayAnswerBrowsers } from './non-web.ts';
import type { Place } from './place.ts';

/** A container belongs to its compose project and to the checkout that its compose file lies in. */
export function checkoutsOf(place: Place): string[] {
  return [place.checkout, place.around?.checkout].filter((key) => typeof key === 'string');
}

/** The same for the main checkouts. */
export function familiesOf(place: Place): string[] {
  return [place.family, place.around?.family].filter((key) => typeof key === 'string');
}

const known = new WeakMap<Snapshot, Place[]>();
/** Of the snapshot that was looked at last: the next one is much like it. */
let latest: ReadonlyMap<Service, Place> = new Map();

/**
 * The places of all candidates of a snapshot, computed once per snapshot; in the order of their ids, whatever its own.
 * Those that are the same as in the snapshot before are the same objects.
 */
export function placesOf(snapshot: Snapshot): Place[] {
  return known.get(snapshot) ?? runAtOnce(buildPlaces(snapshot));
}

/** The same, for name-index.ts: pauses after each service. */
export function* buildPlaces(snapshot: Snapshot): Pausable<Place[]> {
  const found = known.get(snapshot);
  if (found) return found;
  const services: Service[] = [];
  for (const service of allServices(snapshot)) {
    if (isCandidate(service)) services.push(service);
    yield;
  }
  services.sort((a, b) => (a.id < b.id ? -1 : 1));
  yield;
  const made: Place[] = [];
  for (const service of services) {
    if (!ownPlaces.has(service)) yield* readFacts(service);
    made.push({ ...ownPlace(service) });
    yield;
  }
  yield* forgetFolders(made);
  yield* adoptOrphans(made);
  yield* nameOwners(made);
  yield* attachCompose(made);
  const places = yield* keepPlaces(made, ownPlace, latest);
  yield;
  latest = new Map(places.map((place) => [place.service, place]));
  known.set(snapshot, places);
  yield;
  return places;
}

/**
 * What is remembered of a service anyway, one after the other: the first of all compiles the code and the patterns for
 * the others, which takes 10 ms in one go.
 */
function* readFacts(service: Service): Pausable<void> {
  if (!isContainer(service)) commandWords(service);
  yield;
  toolName(service);
  yield;
  mayAnswerBrowsers(service);
  yield;
}

/** Not `oncePerObject`: whether a service is new here is asked, too. */
const ownPlaces = new WeakMap<Service, Place>();

/** What a service's own facts say, once for as long as it stays the same from snapshot to snapshot. Never changed. */
function ownPlace(service: Service): Place {
  const found = ownPlaces.get(service);
  if (found) return found;
  const place = isContainer(service) ? containerPlace(service) : processPlace(service);
  ownPlaces.set(service, place);
  return place;
}

function containerPlace(container: ContainerService): Place {
  const { compose } = container;
  const key = compose ? `compose:${compose.project}` : null;
  return {
    ...common(container),
    checkout: key,
    family: key,
    families: names([compose?.project]),
    parts: names([compose?.service]),
    aliases: names([container.name]),
  };
}

function processPlace(service: ProcessService): Place {
  const git = service.git && !isHomeOrRoot(service.git.root) ? service.git : null;
  const project = service.project && !isHomeOrRoot(service.project.root) ? service.project : null;
  const checkout = git?.root ?? project?.workspace ?? project?.root ?? null;
  if (checkout === null) return loosePlace(service);
  const linked = git?.worktree === true;
  const family = linked ? (git.main ?? null) : checkout;
  const families = familyNames(service, checkout, family);
  return {
    ...common(service),
    checkout,
    family,
    linked,
    families,
    branches: branchNames(service, checkout, families, linked),
    directory: linked ? nameText(baseName(checkout)) : '',
    parts: partNames(service, checkout, families),
  };
}

/** No project and no repository: a directory of the user's is a name, a daemon's working directory is not. */
function loosePlace(service: ProcessService): Place {
  const { cwd } = service;
  const own = cwd !== null && userOfPath(cwd) !== null && !isHomeOrRoot(cwd) && !/\/[.]|\/Library\//.test(cwd);
  return { ...common(service), aliases: own ? names([baseName(cwd)]) : [] };
}

/** The folder that projects lie in is none: what is served in it does not have its name. */
function* forgetFolders(places: readonly Place[]): Pausable<void> {
  const checkouts = [...new Set(places.flatMap(({ checkout }) => checkout ?? []))];
  for (const place of places) {
    yield;
    const { service, checkout, aliases } = place;
    if (checkout !== null || aliases.length === 0 || isContainer(service) || service.cwd === null) continue;
    const { cwd } = service;
    if (checkouts.some((checkout) => isWithin(checkout, cwd))) place.aliases = [];
  }
}

function common(service: Service): Place {
  return {
    service,
    checkout: null,
    family: null,
    linked: false,
    families: [],
    branches: [],
    directory: '',
    parts: [],
    aliases: [],
    around: null,
    tool: nameText(toolName(service)),
    web: mayAnswerBrowsers(service),
  };
}

function familyNames(service: ProcessService, checkout: string, family: string | null): string[] {
  const { project } = service;
  const directory = family === null ? '' : nameText(familyDirectory(family));
  return names([
    directory,
    project?.workspaceName && packageText(project.workspaceName),
    project && project.root === checkout ? packageText(project.name) : '',
  ]);
}

/** `/src/shop`, `/src/shop.git` and `/src/shop/.bare` are all called `shop`. */
function familyDirectory(path: string): string {
  const base = baseName(path);
  if (base.startsWith('.')) return baseName(parentPath(path));
  return base.replace(/\.git$/, '');
}

/** Words for the kind of work that people and agents put before a branch's own name. */
const BRANCH_KIND = /^(?:feature|feat)-/;

function branchNames(
  service: ProcessService,
  checkout: string,
  families: readonly string[],
  linked: boolean,
): string[] {
  const branch = service.git?.branch ?? '';
  const directory = linked ? nameText(baseName(checkout)) : '';
  const isFamily = families.includes(directory);
  const last = baseName(branch);
  return names([last, branch, last.replace(BRANCH_KIND, ''), isFamily ? '' : directory]);
}

function partNames(service: ProcessService, checkout: string, families: readonly string[]): string[] {
  const { project } = service;
  if (!project || project.root === checkout) return [];
  const name = packageText(project.name);
  const short = families.map((family) => withoutPrefix(name, family)).find((rest) => rest !== undefined);
  return names([short, name, baseName(project.root)]);
}

/** Each usable name once, in order. */
function names(texts: readonly (string | null | undefined)[]): string[] {
  return [...new Set(texts.map((text) => nameText(text ?? '')))].filter((name) => name !== '');
}

/**
 * A worktree whose main checkout is not named in the snapshot joins the family of a main checkout that runs the same
 * project at the same place; exactly one, or none.
 */
function* adoptOrphans(places: Place[]): Pausable<void> {
  if (!places.some(isOrphan)) return;
  const byProject = Map.groupBy(places, ({ service }) => (isContainer(service) ? undefined : service.project?.name));
  for (const place of places) {
    yield;
    if (!isOrphan(place)) continue;
    const name = isContainer(place.service) ? undefined : place.service.project?.name;
    const mains = (byProject.get(name) ?? []).filter((main) => isSameProject(place, main));
    const families = new Set(mains.map((main) => main.family));
    const [main] = mains;
    if (families.size !== 1 || !main || isContainer(place.service) || place.checkout === null) continue;
    place.family = main.family;
    place.families = [...new Set([...main.families, ...place.families])];
    place.branches = branchNames(place.service, place.checkout, place.families, true);
    place.parts = partNames(place.service, place.checkout, place.families);
  }
}

function isOrphan({ linked, family }: Place): boolean {
  return linked && family === null;
}

/** Clones of one name in the homes of several people are told apart by whose they are: `ana.shop`. */
function* nameOwners(places: Place[]): Pausable<void> {
  const owners = new Map<string, Map<string, string>>();
  const users = new Map<string, string | null>();
  for (const { family, families } of places) {
    yield;
    if (family === null) continue;
    const owner = users.get(family) ?? userOfPath(family);
    users.set(family, owner);
    if (owner === null) continue;
    const name = families[0] ?? '';
    owners.set(name, (owners.get(name) ?? new Map()).set(family, nameText(owner)));
  }
  for (const place of places) {
    yield;
    const byFamily = place.family === null || place.linked ? undefined : owners.get(place.families[0] ?? '');
    if (!byFamily || byFamily.size < 2) continue;
    const owner = byFamily.get(place.family ?? '');
    const others = [...byFamily.values()].filter((other) => other === owner);
    if (owner && others.length === 1) place.branches = [...place.branches, owner];
  }
}

function isSameProject(orphan: Place, main: Place): boolean {
  if (main.linked || isContainer(main.service) || isContainer(orphan.service)) return false;
  const [a, b] = [orphan.service.project, main.service.project];
  if (!a || !b || a.name !== b.name) return false;
  return a.root.slice(orphan.checkout?.length) === b.root.slice(main.checkout?.length);
}
