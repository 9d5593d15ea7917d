/**
 * The names that each service answers to, as an index per snapshot. Every claim comes from one rule of
 * {@link claimsOf}; names.ts says which claim wins.
 */
import { isContainer, type Snapshot } from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { allNames } from './all-names.ts';
import { flatText } from './name-text.ts';
import type { Place } from './place.ts';
import { PlaceIndex } from './place-index.ts';
import { buildPlaces } from './places.ts';
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
  word: string | undefined;
}

/** The claims of a snapshot by name. */
export class ClaimIndex {
  readonly places: readonly Place[];
  /** By names without any separator: one list for all spellings. */
  readonly #lists: PlaceIndex<Place, Claim>;

  private constructor(places: readonly Place[], lists: PlaceIndex<Place, Claim>) {
    this.places = places;
    this.#lists = lists;
  }

  /** @param earlier of another snapshot: what is claimed alike is taken over */
  static *of(places: readonly Place[], earlier: ClaimIndex | undefined): Pausable<ClaimIndex> {
    const lists = earlier === undefined ? undefined : earlier.#lists;
    return new ClaimIndex(places, yield* PlaceIndex.of(places, addClaims, lists));
  }

  /** All separators alike. @param flat as {@link flatText} makes it */
  called(flat: string): Claim[] {
    return this.#lists.get(bareText(flat)).filter(({ labels }) => flatText(labels) === flat);
  }

  /**
   * The same without roles, by labels in which the hyphens are left out: `my-shop` and `myshop` are alike.
   * @param squashed as {@link squash} makes it
   */
  squashed(squashed: string): Claim[] {
    const claims = this.#lists.get(bareText(squashed));
    return claims.filter(({ word, labels }) => word === undefined && squash(labels) === squashed);
  }
}

const known = new WeakMap<Snapshot, ClaimIndex>();
/** Of the snapshot that was looked at last: the next one is much like it. */
let latest: ClaimIndex | undefined;

/** The index of a snapshot, built once per snapshot. */
export function claimIndex(snapshot: Snapshot): ClaimIndex {
  return known.get(snapshot) ?? runAtOnce(buildClaims(snapshot));
}

/** The same, for name-index.ts: pauses after each service. */
export function* buildClaims(snapshot: Snapshot): Pausable<ClaimIndex> {
  const found = known.get(snapshot);
  if (found) return found;
  const places = yield* buildPlaces(snapshot);
  for (const place of places) {
    // What an ask looks at in every service is made here, a pause between one and the next.
    isTool(place);
    yield;
    allNames(place);
    yield;
    roleWords(place);
    yield;
  }
  const index = yield* ClaimIndex.of(places, latest);
  latest = index;
  known.set(snapshot, index);
  return index;
}

function addClaims(place: Place, put: (key: string, claim: Claim) => void): void {
  for (const claim of claimsOf(place)) put(bareText(claim.labels), claim);
}

/** Whatever is alike in some spelling is alike without separators. */
function bareText(name: string): string {
  return name.replace(/[.-]/g, '');
}

/** A name without its hyphens; its labels stay apart, and so do numbers: `v1-2` is not `v12`. */
export function squash(name: string): string {
  return name.includes('-') ? name.replace(/(?<!\d)-|-(?!\d)/g, '') : name;
}

/** All claims of one service, from its place alone. */
export function claimsOf(found: Place): Claim[] {
  const place = named(found);
  const claims: Claim[] = [];
  const claim = (rule: ClaimRule, ...parts: string[]) => {
    const dotted = parts.join('.');
    // One text where both are alike: there are thousands of them.
    const labels = parts.some((part) => part.includes('.')) ? parts.map(flatText).join('.') : dotted;
    const made: Claim = { place: found, rule, labels, dotted, word: undefined };
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
