/**
 * The names that each service answers to, as an index per snapshot. Every claim comes from one rule of
 * {@link claimsOf}; names.ts says which claim wins.
 */
import type { Snapshot } from '../core/service.ts';
import { type Pausable, runAtOnce } from '../core/slices.ts';
import { flatText } from './name-text.ts';
import { buildPlaces, type Place } from './places.ts';

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
  /** A part or a worktree's directory alone: only while no other service has that word in a name. */
  | 'part';

/** One name that one service claims. */
export interface Claim {
  place: Place;
  rule: ClaimRule;
  /** With dots between the parts and hyphens inside them: `laravel-test.shop`. */
  labels: string;
  /** As people may also write it: dots inside a part kept: `laravel.test.shop`. */
  dotted: string;
}

/** The claims of a snapshot by name, all separators alike. */
export interface ClaimIndex {
  places: Place[];
  byName: Map<string, Claim[]>;
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
  const byName = new Map<string, Claim[]>();
  for (const place of places) {
    addClaims(place, byName);
    yield;
  }
  const index = { places, byName };
  known.set(snapshot, index);
  return index;
}

function addClaims(place: Place, byName: Map<string, Claim[]>): void {
  for (const claim of claimsOf(place)) {
    const key = flatText(claim.labels);
    const claims = byName.get(key);
    if (claims) claims.push(claim);
    else byName.set(key, [claim]);
  }
}

/** All claims of one service. */
function claimsOf(place: Place): Claim[] {
  const claims: Claim[] = [];
  const claim = (rule: ClaimRule, ...parts: string[]) => {
    claims.push({ place, rule, labels: parts.map(flatText).join('.'), dotted: parts.join('.') });
  };
  for (const alias of place.aliases) claim('own name', alias);
  if (place.linked) claimWorktree(place, claim);
  else claimMain(place, claim);
  if (place.around?.linked) claimWorktree({ ...place.around, parts: place.parts }, claim);
  return claims;
}

type MakeClaim = (rule: ClaimRule, ...parts: string[]) => void;

function claimMain(place: Place, claim: MakeClaim): void {
  for (const family of place.families) {
    claim('project', family);
    for (const part of place.parts) {
      claim('part.project', part, family);
      claim('part.project', family, part);
    }
    for (const branch of place.branches) claim('branch.project', branch, family);
  }
  for (const part of place.parts) claim('part', part);
}

/** A linked worktree never claims a plain name of its project: that one is the main checkout's, running or not. */
function claimWorktree(place: Place, claim: MakeClaim): void {
  const { directory } = place;
  if (directory !== '' && !place.families.includes(directory)) {
    claim('part', directory);
    for (const part of place.parts) claim('part.branch.project', part, directory);
  }
  for (const family of place.families) {
    for (const branch of place.branches) {
      claim('branch.project', branch, family);
      claim('branch.project', family, branch);
      for (const part of place.parts) claim('part.branch.project', part, branch, family);
    }
  }
}
