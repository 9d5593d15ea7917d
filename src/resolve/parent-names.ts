/** What the parts of one checkout have in common in their hostnames: `shop`, `fix-ui.shop`, `work.shop`. */
import { CONTROL_LABEL, toLabel } from '../core/hostname.ts';
import { baseName, isHomeOrRoot, parentPath } from '../core/path-text.ts';
import { isContainer } from '../core/service.ts';
import type { Pausable } from '../core/slices.ts';
import { nameText } from './name-text.ts';
import type { Place } from './place.ts';
import { isPlainWord } from './role-words.ts';

/** Four labels of this length and a domain stay under the 253 characters of a hostname. */
const MAX_PART_CHARS = 48;

/** One label of a canonical hostname. */
export function label(text: string): string {
  return toLabel(text, MAX_PART_CHARS);
}

/** `proxy` and all below it is the dashboard's. */
export function routable(name: string): string {
  return name === CONTROL_LABEL || name.endsWith(`.${CONTROL_LABEL}`) ? `${name}-app` : name;
}

/** The name that the parts of one checkout share. */
export interface Parent {
  name: string;
  /** What it may be while other checkouts run, without the directory above. */
  forms: string[];
  /** Services of it, and of the compose project of the same name, that may answer a browser. */
  webCount: number;
  /** Those of it alone: behind the label of a directory nobody else has its name. */
  ownWebCount: number;
}

/** Checkout (or compose project) -> its parent name: `shop`, `fix-ui.shop`. */
export function* parentNames(places: readonly Place[]): Pausable<Map<string, Parent>> {
  const families = yield* familyLabels(places);
  const branches = yield* branchLabels(places);
  const parents = new Map<string, Parent>();
  const webByName = new Map<string, number>();
  for (const place of places) {
    yield;
    if (place.checkout === null) continue;
    let parent = parents.get(place.checkout);
    if (!parent) {
      parent = makeParent(place, families, (place.linked && branches.get(place.checkout)) || ['']);
      parents.set(place.checkout, parent);
    }
    if (!place.web) continue;
    parent.ownWebCount++;
    webByName.set(parent.name, (webByName.get(parent.name) ?? 0) + 1);
  }
  for (const { web, around } of places) {
    yield;
    const parent = web && around?.checkout ? parents.get(around.checkout) : undefined;
    if (!parent) continue;
    parent.ownWebCount++;
    webByName.set(parent.name, (webByName.get(parent.name) ?? 0) + 1);
  }
  for (const parent of parents.values()) parent.webCount = webByName.get(parent.name) ?? 0;
  return parents;
}

function makeParent(place: Place, families: ReadonlyMap<string, string>, branches: readonly string[]): Parent {
  const plain = label(place.families[0] ?? '');
  const family = (place.family !== null && families.get(place.family)) || plain;
  const nameOf = (parts: string[]): string => routable(parts.filter((part) => part !== '').join('.'));
  const forms = branches.map((branch) => nameOf([branch, plain]));
  return { name: nameOf([branches[0] ?? '', family]), forms, webCount: 0, ownWebCount: 0 };
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
    yield;
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

/** Has its project another of its name here, so that a directory above is in the name? */
export function isQualified({ checkout }: Place, parents: ReadonlyMap<string, Parent>): boolean {
  const parent = checkout === null ? undefined : parents.get(checkout);
  return parent !== undefined && !parent.forms.includes(parent.name);
}

/**
 * What may stand before the family's name: a directory above, or the one that a compose file lies in, which may be a
 * worktree's. Words for parts and tools mean those.
 */
export function directoriesOf({ service, family }: Place): string[] {
  const compose = isContainer(service) ? service.compose?.workdir : undefined;
  const path = compose ? `${compose}/.` : family?.startsWith('/') ? family : '';
  const above = Array.from({ length: MAX_CLIMB }, (_, i) => label(ancestorName(path, i + 1)));
  return above.filter((name) => name !== '' && !isPlainWord(name));
}

function ancestorName(path: string, climb: number): string {
  let at = path;
  for (let i = 0; i < climb; i++) at = parentPath(at);
  return isHomeOrRoot(parentPath(at)) && isHomeOrRoot(at) ? nameText(baseName(at)) : baseName(at);
}

/**
 * Linked worktree -> last segment of its branch when unique among the worktrees of its family, else the whole. What it
 * is called if neither will do comes after it.
 */
function* branchLabels(places: readonly Place[]): Pausable<Map<string, string[]>> {
  const labels = new Map<string, string[]>();
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
    const usable = names.filter((name) => name !== '' && !isPlainWord(name));
    labels.set(place.checkout, usable.length > 0 ? usable : ['']);
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
