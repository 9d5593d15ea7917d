/**
 * Where each service belongs: the checkout it runs in, the project family that checkout is of, and every name that
 * the facts give to those. The one place that turns facts into names; canonical hosts, matching and siblings read it.
 */

import { toolName } from '../core/command-words.ts';
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
import { nameText, packageText, withoutPrefix } from './name-text.ts';
import { mayAnswerBrowsers } from './non-web.ts';

/** A service with its names. All names are as {@link nameText} makes them, the most telling first. */
export interface Place {
  service: Service;
  /** Key of the checkout or compose project that it runs in; null for what belongs to none. */
  checkout: string | null;
  /** Path of the main checkout (key of the compose project): one for all worktrees of a repository. */
  family: string | null;
  /** Runs in a linked git worktree. */
  linked: boolean;
  /** Names of the project family: directory, workspace, package at the root. */
  families: string[];
  /** Names of the checkout within its family: branch (last segment, whole), worktree directory. */
  branches: string[];
  /** Directory of a linked worktree; '' elsewhere. */
  directory: string;
  /** Names of the service within its checkout; empty for what runs at the root of it. */
  parts: string[];
  /** Names that stand for this service on their own: container name, directory of a process without a project. */
  aliases: string[];
  /** For a container: a process of the checkout that its compose file lies in. */
  around: Place | null;
  /** `vite`, `manage`, `nginx`. */
  tool: string;
  /** False for databases and the like. */
  web: boolean;
}

/** A container belongs to its compose project and to the checkout that its compose file lies in. */
export function checkoutsOf(place: Place): string[] {
  return [place.checkout, place.around?.checkout].filter((key) => typeof key === 'string');
}

/** The same for the main checkouts. */
export function familiesOf(place: Place): string[] {
  return [place.family, place.around?.family].filter((key) => typeof key === 'string');
}

const known = new WeakMap<Snapshot, Place[]>();

/** The places of all candidates of a snapshot, computed once per snapshot; in the order of their ids, whatever its own. */
export function placesOf(snapshot: Snapshot): Place[] {
  return known.get(snapshot) ?? runAtOnce(buildPlaces(snapshot));
}

/** The same, for name-index.ts: pauses after each service. */
export function* buildPlaces(snapshot: Snapshot): Pausable<Place[]> {
  const found = known.get(snapshot);
  if (found) return found;
  const places: Place[] = [];
  for (const service of allServices(snapshot)) {
    if (isCandidate(service)) places.push({ ...ownPlace(service) });
    yield;
  }
  places.sort((a, b) => (a.service.id < b.service.id ? -1 : 1));
  yield* forgetFolders(places);
  yield* adoptOrphans(places);
  yield* nameOwners(places);
  yield* attachCompose(places);
  known.set(snapshot, places);
  return places;
}

const ownPlaces = new WeakMap<Service, Readonly<Place>>();

/** What a service's own facts say, once for as long as it stays the same from snapshot to snapshot. */
function ownPlace(service: Service): Readonly<Place> {
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
  for (const place of places) {
    yield;
    const { service, checkout, aliases } = place;
    if (checkout !== null || aliases.length === 0 || isContainer(service) || service.cwd === null) continue;
    const { cwd } = service;
    if (places.some((other) => other.checkout !== null && isWithin(other.checkout, cwd))) place.aliases = [];
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
  for (const place of places) {
    yield;
    if (!place.linked || place.family !== null) continue;
    const mains = places.filter((main) => isSameProject(place, main));
    const families = new Set(mains.map((main) => main.family));
    const [main] = mains;
    if (families.size !== 1 || !main || isContainer(place.service) || place.checkout === null) continue;
    place.family = main.family;
    place.families = [...new Set([...main.families, ...place.families])];
    place.branches = branchNames(place.service, place.checkout, place.families, true);
    place.parts = partNames(place.service, place.checkout, place.families);
  }
}

/** Clones of one name in the homes of several people are told apart by whose they are: `ana.shop`. */
function* nameOwners(places: Place[]): Pausable<void> {
  const owners = new Map<string, Map<string, string>>();
  for (const { family, families } of places) {
    yield;
    const owner = userOfPath(family ?? '');
    if (family === null || owner === null) continue;
    const name = families[0] ?? '';
    owners.set(name, (owners.get(name) ?? new Map()).set(family, nameText(owner)));
  }
  for (const place of places) {
    yield;
    const byFamily = place.family === null || place.linked ? undefined : owners.get(place.families[0] ?? '');
    const owner = byFamily?.get(place.family ?? '');
    const others = [...(byFamily?.values() ?? [])].filter((other) => other === owner);
    if (owner && byFamily && byFamily.size > 1 && others.length === 1) place.branches = [...place.branches, owner];
  }
}

function isSameProject(orphan: Place, main: Place): boolean {
  if (main.linked || isContainer(main.service) || isContainer(orphan.service)) return false;
  const [a, b] = [orphan.service.project, main.service.project];
  if (!a || !b || a.name !== b.name) return false;
  return a.root.slice(orphan.checkout?.length) === b.root.slice(main.checkout?.length);
}

/** A compose project started in a checkout belongs to it: in a worktree its plain name is the main checkout's. */
function* attachCompose(places: readonly Place[]): Pausable<void> {
  for (const place of places) {
    yield;
    const { service } = place;
    const workdir = isContainer(service) ? service.compose?.workdir : null;
    const around = workdir ? innermost(places, workdir) : undefined;
    if (!around) continue;
    place.around = around;
    if (!around.linked) place.families = [...new Set([...place.families, ...around.families])];
    else if (place.families.some((name) => around.families.includes(name))) joinWorktree(place, around);
  }
}

function innermost(places: readonly Place[], path: string): Place | undefined {
  let best: Place | undefined;
  for (const place of places) {
    if (place.checkout === null || isContainer(place.service) || !isWithin(path, place.checkout)) continue;
    if (!best?.checkout || place.checkout.length > best.checkout.length) best = place;
  }
  return best;
}

function joinWorktree(place: Place, around: Place): void {
  const { checkout, family, linked, families, branches, directory } = around;
  Object.assign(place, { around: null, checkout, family, linked, families, branches, directory });
}
