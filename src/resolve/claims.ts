/**
 * The names that each service answers to, as an index per snapshot. Every claim comes from one rule of
 * {@link claimsOf}; names.ts says which claim wins.
 */
import { isContainer, type Snapshot } from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { flatText } from './name-text.ts';
import { buildPlaces, type Place } from './places.ts';
import { isPlainWord } from './role-words.ts';
import { isTool, ownParts, roleWords } from './roles.ts';

/** The rules by which a service claims a name. */
export type ClaimRule =
  /** `<project>`: directory, package or workspace name, or compose project. */
  | 'project'
  /** `<part>.<project>`, either order: package in a workspace, service of a compose project. */
  | 'part.project'
  /** `<branch>.<project>`, either order. */
  | 'branch.project'
  /** `<part>.<branch>.<project>`. */
  | 'part.branch.project'
  /** The container's name, or the directory of a process without a project. */
  | 'own name'
  /** `<role>.<project>` and `<role>.<branch>.<project>`: another word for a part, or what a known tool is for. */
  | 'role'
  /** What a known tool is for, alone: only while nothing else on the machine has that word in a name. */
  | 'role alone'
  /** A part alone: only while no other service has that word in a name. */
  | 'part'
  /** A worktree's directory alone; the same condition. */
  | 'worktree';

/** One name that one service claims. */
export interface Claim {
  place: Place;
  rule: ClaimRule;
  /** With dots between the parts and hyphens inside them: `laravel-test.shop`. */
  labels: string;
  /** As people may also write it: dots inside a part kept: `laravel.test.shop`. */
  dotted: string;
  /** The role's word, where the rule is about one. */
  word?: string;
}

/** The claims of a snapshot by name, all separators alike. */
export interface ClaimIndex {
  places: Place[];
  byName: Map<string, Claim[]>;
  /** The same without roles, by labels in which the hyphens are left out: `my-shop` and `myshop` are alike. */
  bySquashed: Map<string, Claim[]>;
}

const known = new WeakMap<Snapshot, ClaimIndex>();

/** The index of a snapshot, built once per snapshot. */
export function claimIndex(snapshot: Snapshot): ClaimIndex {
  return known.get(snapshot) ?? runAtOnce(buildClaims(snapshot));
}

/** The same, for name-index.ts: pauses after each service. */
export function* buildClaims(snapshot: Snapshot): Pausable<ClaimIndex> {
  const found = known.get(snapshot);
  if (found) return found;
  const places = yield* buildPlaces(snapshot);
  const index: ClaimIndex = { places, byName: new Map(), bySquashed: new Map() };
  for (const place of places) {
    addClaims(place, index);
    yield;
  }
  known.set(snapshot, index);
  return index;
}

function addClaims(place: Place, { byName, bySquashed }: ClaimIndex): void {
  for (const claim of claimsOf(place)) {
    addClaim(byName, flatText(claim.labels), claim);
    if (claim.word === undefined) addClaim(bySquashed, squash(claim.labels), claim);
  }
}

function addClaim(claims: Map<string, Claim[]>, key: string, claim: Claim): void {
  const found = claims.get(key);
  if (found) found.push(claim);
  else claims.set(key, [claim]);
}

/** A name without its hyphens; its labels stay apart, and so do numbers: `v1-2` is not `v12`. */
export function squash(name: string): string {
  return name.replace(/(?<!\d)-|-(?!\d)/g, '');
}

/** All claims of one service. */
function claimsOf(found: Place): Claim[] {
  const place = named(found);
  const claims: Claim[] = [];
  const claim = (rule: ClaimRule, ...parts: string[]) => {
    const made: Claim = { place: found, rule, labels: parts.map(flatText).join('.'), dotted: parts.join('.') };
    claims.push(made);
    return made;
  };
  for (const alias of place.aliases) claim('own name', alias);
  if (place.linked) claimWorktree(place, claim);
  else claimMain(place, claim);
  if (place.around?.linked) claimWorktree({ ...place.around, parts: place.parts }, claim);
  claimRoles(place, claim);
  return claims;
}

/** A tool does not take the names of where it runs. */
function named(place: Place): Place {
  if (isContainer(place.service) || !isTool(place)) return place;
  return { ...place, parts: ownParts(place), aliases: [] };
}

type MakeClaim = (rule: ClaimRule, ...parts: string[]) => Claim;
type TakeClaim = (rule: ClaimRule, ...parts: string[]) => void;

function claimMain(place: Place, claim: TakeClaim): void {
  for (const family of place.families) {
    claim('project', family);
    for (const part of place.parts) {
      claim('part.project', part, family);
      claim('part.project', family, part);
    }
    claimBranches(place, family, claim);
  }
  for (const part of place.parts) claim('part', part);
}

/** The same places as those of the part, for the other words that it is known by. */
function claimRoles(place: Place, claim: MakeClaim): void {
  if (!place.web) return;
  const { within, alone } = roleWords(place);
  const asPart = (rule: ClaimRule, ...parts: string[]) => {
    const word = within.find((candidate) => parts.includes(candidate));
    if (rule.startsWith('part.') && word !== undefined) claim('role', ...parts).word = word;
  };
  const scope = place.around?.linked ? place.around : place;
  if (within.length > 0 && scope.linked) claimWorktree({ ...scope, parts: within }, asPart);
  if (within.length > 0 && !place.linked) claimMain({ ...place, parts: within }, asPart);
  if (!place.linked) for (const word of alone) claim('role alone', word).word = word;
}

/** A linked worktree never claims a plain name of its project: that one is the main checkout's, running or not. */
function claimWorktree(place: Place, claim: TakeClaim): void {
  const { directory } = place;
  if (directory !== '' && !place.families.includes(directory)) claim('worktree', directory);
  for (const family of place.families) claimBranches(place, family, claim);
}

/** A branch called `api` is not the API: only with a part before it does such a word mean the branch. */
function claimBranches({ branches, parts }: Place, family: string, claim: TakeClaim): void {
  for (const branch of branches) {
    if (!isPlainWord(branch)) {
      claim('branch.project', branch, family);
      claim('branch.project', family, branch);
    }
    for (const part of parts) claim('part.branch.project', part, branch, family);
  }
}
