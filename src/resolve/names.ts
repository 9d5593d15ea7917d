/**
 * The names step: which service a hostname names, by facts alone. Pure and deterministic.
 * It answers only where one service clearly claims the name; everything doubtful goes on to the next step.
 *
 * In order, the first rule that anybody fits decides, or says that it is ambiguous:
 * 1. The canonical hostname of a service (canonical.ts).
 * 2. A name as it is written: `<project>`, `<part>.<project>`, `<branch>.<project>`, `<part>.<branch>.<project>`, a
 *    container's name. Within a part dots, hyphens and underscores are alike.
 * 3. The same with hyphens where the dots between the parts would be: `web-shop`, `shop-web`, `fix-ui-shop`.
 * 4. A part or a worktree's directory alone (`storefront` for the package `@shop/storefront`), if no other service has
 *    that word in a name.
 *
 * Throughout: a linked worktree is only ever named by its branch or directory, so that a plain name never falls back
 * to another checkout; what cannot answer a browser is named by its canonical hostname only; and the port has to be
 * clear (port-choice.ts), or the answer is ambiguous with that one id.
 */
import { isContainer, type Service, type Snapshot } from '../core/service.ts';
import { canonicalNames } from './canonical.ts';
import { type Claim, type ClaimIndex, type ClaimRule, claimIndex } from './claims.ts';
import { flatText } from './name-text.ts';
import type { Place } from './places.ts';
import { clearPort } from './port-choice.ts';

/** What settled it. `sibling`: see siblings.ts. */
export type MatchRule = ClaimRule | 'canonical' | 'sibling';

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
  const claims = (index.byName.get(flatText(written)) ?? []).filter((claim) => fits(written, claim));
  const own = claims.filter((claim) => claim.rule !== 'part');
  const exact = own.filter((claim) => isExact(written, claim));
  for (const tier of [exact, own]) {
    const match = decideClaims(name, tier);
    if (match) return match;
  }
  return matchPart(name, claims, index) ?? { outcome: 'nothing', detail: `No service here is called "${name}"` };
}

/** A dot may be written as a hyphen, never a hyphen as a dot: `a.b` is a part of `b`, and not the project `a-b`. */
function fits(written: string, claim: Claim): boolean {
  for (let i = 0; i < written.length; i++) {
    if (written[i] === '.' && claim.dotted[i] !== '.') return false;
  }
  return true;
}

function isExact(written: string, claim: Claim): boolean {
  return written === claim.labels || written === claim.dotted;
}

function decideClaims(name: string, claims: readonly Claim[]): NameMatch | undefined {
  const services = withoutWorkers([...new Set(claims.filter((claim) => claim.place.web).map(serviceOf))]);
  const rule = claims.find((claim) => claim.place.web)?.rule;
  if (rule === undefined || services.length === 0) return undefined;
  return decide(services, rule, `"${name}" is the name of this service (${rule})`);
}

function serviceOf(claim: Claim): Service {
  return claim.place.service;
}

/** One service with a clear port decides; several, or an unclear port, are ambiguous. */
export function decide(services: readonly Service[], rule: MatchRule, detail: string): NameMatch {
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

/** Workers that inherited the socket of their parent (uvicorn --reload, puma) are the same server. */
export function withoutWorkers(services: readonly Service[]): Service[] {
  const ports = new Map(services.map((service) => [isContainer(service) ? '' : service.pid, portsOf(service)]));
  return services.filter(
    (service) => isContainer(service) || service.pid === 0 || ports.get(service.ppid) !== portsOf(service),
  );
}

function portsOf(service: Service): string {
  return isContainer(service)
    ? ''
    : service.listen
        .map(({ address, port }) => `${address} ${port}`)
        .sort()
        .join(' ');
}

/** Rule 4. `api` is too common a word to mean the one package `api` while another is called `billing-api`. */
function matchPart(name: string, claims: readonly Claim[], index: ClaimIndex): NameMatch | undefined {
  const parts = claims.filter((claim) => claim.rule === 'part');
  const match = decideClaims(name, parts);
  if (match?.outcome !== 'decided') return match;
  const chosen = parts.find((claim) => claim.place.service.id === match.id)?.place;
  const rivals = index.places.filter((place) => chosen && place !== chosen && mentions(place, name, chosen));
  if (rivals.length === 0) return match;
  const ids = [match.id, ...rivals.map((place) => place.service.id)];
  return { outcome: 'ambiguous', ids: ids.slice(0, 20), detail: `Other services have "${name}" in their names, too` };
}

function mentions(place: Place, name: string, chosen: Place): boolean {
  // A worktree of the same project runs the same parts; its hostnames carry the branch.
  if (place.linked && place.family !== null && place.family === chosen.family) return false;
  const word = `-${flatText(name)}-`;
  return [...place.parts, ...place.families, ...place.branches, ...place.aliases].some((own) =>
    `-${flatText(own)}-`.includes(word),
  );
}
