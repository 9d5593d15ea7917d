/**
 * Who asks for which hostname: container labels and variables, `"hostwise": "name"` in package.json. An index per
 * snapshot; hints.ts says which claim decides.
 *
 * A claim is exact (`shop.localhost`, as other proxies' labels are written) or a name under each of our domains (`shop`,
 * in what is written for us: `hostwise.host` and package.json). Names under other domains are not ours.
 */
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { oncePerObject } from '../core/once-per-object.ts';
import { type ContainerHint, type ContainerService, isContainer, isOneOff, type Snapshot } from '../core/service.ts';
import { nameText } from './name-text.ts';
import type { Place } from './place.ts';
import { placesOf } from './places.ts';

/** One service that asks for one hostname. */
export interface HintClaim {
  place: Place;
  /** Label, variable or file that says it. */
  source: string;
  /** Port that goes with it, where one is named. Not checked yet. */
  port: number | undefined;
  /** Why it is only shown: it came with the image, or the rule has further conditions. */
  weakness: string | undefined;
}

/** Claims by hostname, and by name without a domain. */
interface HintIndex {
  byHost: Map<string, HintClaim[]>;
  byName: Map<string, HintClaim[]>;
}

/**
 * Everybody who asks for a hostname, weak claims included. Cost: two look-ups, once the snapshot's index is built.
 * @param domains the suffixes that are ours
 */
export function hintClaims(hostname: string, domains: readonly string[], snapshot: Snapshot): HintClaim[] {
  const host = classifyHostname(hostname, domains);
  if (host.kind !== 'app') return [];
  const { byHost, byName } = hintIndex(snapshot);
  // What is written for us counts with its domain and without.
  return [...(byHost.get(hostname) ?? []), ...(byName.get(host.name) ?? [])];
}

/** Every hostname of ours that somebody asks for, once, those that are written for us first: with our first domain. */
export function askedHostnames(snapshot: Snapshot, domains: readonly string[]): { hostname: string; name: string }[] {
  const { byHost, byName } = hintIndex(snapshot);
  const isWhole = (text: string) => classifyHostname(text, domains).kind === 'app';
  const named = [...byName.keys()].map((name) => (isWhole(name) ? name : `${name}.${FIRST_DOMAIN}`));
  const asked = new Map<string, string>();
  for (const text of [...named, ...byHost.keys()]) {
    const host = classifyHostname(text, domains);
    if (host.kind === 'app') asked.set(text, host.name);
  }
  return Array.from(asked, ([hostname, name]) => ({ hostname, name }));
}

/** Always among the domains; that of canonical hostnames, too. */
const FIRST_DOMAIN = 'localhost';

const hintIndex = oncePerObject((snapshot: Snapshot): HintIndex => {
  const index: HintIndex = { byHost: new Map(), byName: new Map() };
  for (const place of placesOf(snapshot)) {
    if (isContainer(place.service)) addLabels(index, place, place.service);
    else addManifest(index, place, place.service.project?.hostwise);
  }
  return index;
});

const OWN_LABEL = 'hostwise.host';

function addLabels(index: HintIndex, place: Place, container: ContainerService): void {
  // `docker compose run` starts a copy with every label of its service.
  if (isOneOff(container)) return;
  for (const { host, port, source, image, decides } of detailsOf(container)) {
    const hostname = normalizeHostname(host);
    if (hostname === null) continue;
    const weakness = image ? 'it came with the image' : decides ? undefined : 'its rule has further conditions';
    const claim = { place, source, port, weakness };
    add(index.byHost, hostname, claim);
    if (source === OWN_LABEL) add(index.byName, hostname, claim);
  }
}

/** A snapshot from elsewhere may name the hosts only: those that the user asked for. */
function detailsOf({ hints = [], hintDetails }: ContainerService): ContainerHint[] {
  return hintDetails ?? hints.map((host) => ({ host, source: 'a label', image: false, decides: true }));
}

/**
 * Every checkout of a project has the same package.json. As with all names the plain one is the main checkout's, running
 * or not; a linked worktree answers to it behind its branch: `fix-ui.shop`.
 */
function addManifest(index: HintIndex, place: Place, asked: string | undefined): void {
  const name = normalizeHostname(asked ?? '');
  if (name === null || !place.web) return;
  const claim = { place, source: '"hostwise" in package.json', port: undefined, weakness: undefined };
  const names = place.linked ? place.branches.map((branch) => `${nameText(branch)}.${name}`) : [name];
  for (const own of names) {
    add(index.byHost, own, claim);
    add(index.byName, own, claim);
  }
}

function add(claims: Map<string, HintClaim[]>, key: string, claim: HintClaim): void {
  const own = claims.get(key);
  if (own) own.push(claim);
  else claims.set(key, [claim]);
}
