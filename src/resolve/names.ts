/**
 * The names step: which service a hostname names, by facts alone. Pure and deterministic.
 * It answers only where one service clearly claims the name; everything doubtful goes on to the next step.
 * docs/names.md says for each rule why it is there and where it ends.
 *
 * In order, the first rule that anybody fits decides, or says that it is ambiguous:
 * 1. The canonical hostname of a service (canonical.ts); last of all the longer one that it has while others run.
 * 2. A name as it is written: `<project>`, `<part>.<project>`, `<branch>.<project>`, `<part>.<branch>.<project>`, a
 *    container's name. Within a part dots, hyphens and underscores are alike.
 * 3. The same with hyphens where the dots between the parts would be: `web-shop`, `shop-web`, `fix-ui-shop`.
 * 4. Another word for a part, or what a known tool is for, within a project or branch: `api.shop` for the part
 *    `backend`, `mail.shop` for its Mailpit (roles.ts); if no other part has that word in its name.
 * 5. A part or a worktree's directory alone (`storefront` for the package `@shop/storefront`), then what a known tool
 *    is for alone (`mail`); if no other service on the machine has that word in a name.
 * 6. Rules 2, 3 and 5 once more without hyphens: `myshop` for `my-shop`.
 *
 * Throughout: a name of a whole checkout means its front door (front-door.ts); a linked worktree is only ever named by
 * its branch or directory, so that a plain name never falls back to another checkout; what cannot answer a browser is
 * named by its canonical hostname only; and the port has to be clear (port-choice.ts), or the answer is ambiguous with
 * that one id.
 */
import { candidatePorts, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { allNames } from './all-names.ts';
import { bareFolderText } from './bare-folder.ts';
import { canonicalNames, longerOwner } from './canonical.ts';
import { type Claim, type ClaimIndex, type ClaimRule, claimIndex, squash } from './claims.ts';
import { frontDoor } from './front-door.ts';
import { flatText } from './name-text.ts';
import type { Place } from './place.ts';
import { checkoutsOf } from './places.ts';
import { clearPort, isPassingPort } from './port-choice.ts';
import { isPlainWord } from './role-words.ts';
import { hasRole, isStrangeProcess, ownParts, sameRole } from './roles.ts';

/** What settled it. `sibling`: see siblings.ts. */
export type MatchRule = ClaimRule | 'canonical' | 'sibling';

/** Rules that are about one word, which another service may have in its name as well. */
const ALONE: ReadonlySet<ClaimRule> = new Set(['part', 'worktree', 'role alone']);
/** Rules that name a whole checkout, of which the front door is meant. */
const WHOLE: ReadonlySet<ClaimRule> = new Set(['project', 'branch.project', 'worktree']);

/** What the names step says. `detail` is one sentence for people; ids are those of the snapshot. */
export type NameMatch =
  | { outcome: 'decided'; id: string; port: number; rule: MatchRule; detail: string }
  | { outcome: 'ambiguous'; ids: string[]; detail: string }
  | { outcome: 'nothing'; detail: string };

/**
 * Find the service that a name means. Cost: microseconds, once the index of the snapshot is built.
 * @param name hostname without its domain, lower case (`web.shop` of `web.shop.localhost`)
 */
export function matchNames(name: string, snapshot: Snapshot): NameMatch {
  const canonical = canonicalNames(snapshot).byName.get(name);
  if (canonical) return decide([canonical], 'canonical', `"${name}" is its exact name`);
  const index = claimIndex(snapshot);
  const written = name.replace(/[-_]+/g, '-');
  const claims = index.called(flatText(written)).filter((claim) => fits(written, claim));
  return (
    matchClaims(name, claims, index) ??
    matchClaims(name, index.squashed(squash(written)), index) ??
    matchLonger(name, snapshot) ?? {
      outcome: 'nothing',
      detail: bareFolderText(name, snapshot) ?? `No service here is called "${name}"`,
    }
  );
}

/** A canonical hostname that was longer while others ran. */
function matchLonger(name: string, snapshot: Snapshot): NameMatch | undefined {
  const owner = longerOwner(name, snapshot);
  return owner && decide([owner], 'canonical', `"${name}" is its exact name while others run`);
}

function matchClaims(name: string, claims: readonly Claim[], index: ClaimIndex): NameMatch | undefined {
  const own = claims.filter(({ rule }) => !ALONE.has(rule) && rule !== 'role');
  return matchOwn(name, own, index) ?? matchRole(name, claims, index) ?? matchAlone(name, claims, index);
}

/** Rules 2 and 3. A project or container called `api` does not mean all by itself the `api` of this machine. */
function matchOwn(name: string, claims: readonly Claim[], index: ClaimIndex): NameMatch | undefined {
  if (!isPlainWord(name)) return decideClaims(name, claims);
  return unlessRivalled(
    name,
    claims,
    index,
    (place, chosen) => place.checkout !== chosen.checkout && hasRole(place, name),
  );
}

/** A dot may be written as a hyphen, never a hyphen as a dot: `a.b` is a part of `b`, and not the project `a-b`. */
function fits(written: string, claim: Claim): boolean {
  for (let i = 0; i < written.length; i++) {
    if (written[i] === '.' && claim.dotted[i] !== '.') return false;
  }
  return true;
}

/** The one of these services that is no helper of another of them, if there is but one. */
export function decidePlaces(places: readonly Place[], rule: MatchRule, detail: string): NameMatch {
  return decide(
    withoutHelpers(places).map(({ service }) => service),
    rule,
    detail,
  );
}

function decideClaims(name: string, claims: readonly Claim[]): NameMatch | undefined {
  const ours = claims.filter(({ place }) => place.web);
  const rule = ours[0]?.rule;
  const places = withoutHelpers([...new Set(ours.map(({ place }) => place))]);
  if (rule === undefined || places.length === 0) return undefined;
  const isWhole = ours.every((claim) => WHOLE.has(claim.rule)) && shareCheckout(places);
  const front = isWhole ? frontDoor(places) : undefined;
  const detail = `"${name}" is the name of this service (${rule})`;
  if (!isWhole && places.some(isStrangeProcess)) return unsure(places, `What runs as "${name}" may be anything`);
  if (front) return decide([front.service], rule, detail);
  if (isWhole && places.length === 1) return unsure(places, `Only a tool of "${name}" runs, not what the name means`);
  return decide(
    places.map(({ service }) => service),
    rule,
    detail,
  );
}

function unsure(places: readonly Place[], detail: string): NameMatch {
  return { outcome: 'ambiguous', ids: places.slice(0, 20).map(({ service }) => service.id), detail };
}

/**
 * Are all of them of one checkout, or of a compose project that lies in it? Two folders whose compose projects are
 * called alike are two projects, whatever the engine makes of it.
 */
function shareCheckout(places: readonly Place[]): boolean {
  const [first, ...others] = places;
  const folders = places.flatMap(({ service }) => (isContainer(service) ? (service.compose?.workdir ?? []) : []));
  if (!first || new Set(folders).size > 1) return false;
  return checkoutsOf(first).some((key) => others.every((place) => checkoutsOf(place).includes(key)));
}

/** One service with a clear port decides; several, or an unclear port, are ambiguous. */
function decide(services: readonly Service[], rule: MatchRule, detail: string): NameMatch {
  const [service] = services;
  const ids = services.map(({ id }) => id);
  if (!service || services.length > 1) {
    return { outcome: 'ambiguous', ids, detail: `${services.length} services answer to this name (${rule})` };
  }
  const port = clearPort(service);
  if (port === null) {
    return { outcome: 'ambiguous', ids, detail: `${detail}, but which of its ports is meant is not clear` };
  }
  return { outcome: 'decided', id: service.id, port, rule, detail };
}

/**
 * Without what only helps another of them: a worker that inherited its parent's socket, and a part's second process
 * that has none but passing ports (Wrangler beside its workerd).
 */
function withoutHelpers(places: readonly Place[]): Place[] {
  const serving = new Set(withoutWorkers(places.map(({ service }) => service)));
  const own = places.filter(({ service }) => serving.has(service));
  return own.filter(
    (place) => !isPassing(place) || !own.some((other) => isSamePart(place, other) && !isPassing(other)),
  );
}

/** Workers that inherited the socket of their parent (uvicorn --reload, puma) are the same server. */
export function withoutWorkers(services: readonly Service[]): Service[] {
  const ports = new Map(services.map((service) => [isContainer(service) ? '' : service.pid, socketsOf(service)]));
  return services.filter(
    (service) => isContainer(service) || service.pid === 0 || ports.get(service.ppid) !== socketsOf(service),
  );
}

function isPassing({ service }: Place): boolean {
  return !isContainer(service) && candidatePorts(service).every(isPassingPort);
}

function isSamePart(a: Place, b: Place): boolean {
  return a.checkout === b.checkout && a.parts[0] === b.parts[0];
}

function socketsOf(service: Service): string {
  return isContainer(service)
    ? ''
    : service.listen
        .map(({ address, port }) => `${address} ${port}`)
        .sort()
        .join(' ');
}

/** Rule 4. `api` is not the part `backend` while a part called `billing-api` runs in the same project. */
function matchRole(name: string, claims: readonly Claim[], index: ClaimIndex): NameMatch | undefined {
  const roles = claims.filter(({ rule }) => rule === 'role');
  return unlessRivalled(name, roles, index, (place, chosen, word) => {
    const keys = checkoutsOf(chosen);
    if (!place.web || !checkoutsOf(place).some((key) => keys.includes(key))) return false;
    return sameRole(word).some((same) => hasWord(ownParts(place), same));
  });
}

/** Rule 5. `api` is too common a word to mean the one package `api` while another is called `billing-api`. */
function matchAlone(name: string, claims: readonly Claim[], index: ClaimIndex): NameMatch | undefined {
  const isRole = ({ rule }: Claim) => rule === 'role alone';
  const parts = claims.filter((claim) => ALONE.has(claim.rule) && !isRole(claim));
  return (
    unlessRivalled(name, parts, index, (place, chosen) => mentions(place, name, chosen)) ??
    unlessRivalled(name, claims.filter(isRole), index, (place, chosen) => mentions(place, name, chosen))
  );
}

function unlessRivalled(
  name: string,
  claims: readonly Claim[],
  index: ClaimIndex,
  isRival: (place: Place, chosen: Place, word: string) => boolean,
): NameMatch | undefined {
  const match = decideClaims(name, claims);
  if (match?.outcome !== 'decided') return match;
  const chosen = claims.find(({ place }) => place.service.id === match.id);
  if (!chosen) return match;
  const claimants = new Set(claims.map(({ place }) => place));
  const rivals = index.places.filter(
    (place) => !claimants.has(place) && isRival(place, chosen.place, chosen.word ?? name),
  );
  return rivals.length === 0 ? match : unsure([chosen.place, ...rivals], `Others have "${name}" in their names, too`);
}

function mentions(place: Place, name: string, chosen: Place): boolean {
  // A worktree of the same project runs the same parts; its hostnames carry the branch.
  if (place.linked && place.family !== null && place.family === chosen.family) return false;
  return allNames(place).includes(`-${flatText(name)}-`);
}

/** Is this text one of the names, or some words of one? */
export function hasWord(names: readonly string[], text: string): boolean {
  const word = `-${flatText(text)}-`;
  return names.some((own) => `-${flatText(own)}-`.includes(word));
}
