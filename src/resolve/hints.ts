/**
 * The hints step: what people wrote about a hostname themselves. Pure. It comes first in every mode, since it is no
 * guess. In order:
 * 1. What came with an image, and a rule with conditions beside Host(), is shown and decides nothing.
 * 2. Two services that ask for one hostname decide nothing; programs of one project with the same package.json are two.
 * 3. So does a claim to another project's exact name, or to a hostname that the user gave to another service.
 * 4. A port that is named must be one of the service's; else the service's own clear port counts (port-choice.ts).
 */
import { candidatePorts, describeService, isContainer, type Snapshot } from '../core/service.ts';
import { canonicalNames } from './canonical.ts';
import { claimIndex } from './claims.ts';
import { type HintClaim, hintClaims } from './hint-claims.ts';
import { flatText } from './name-text.ts';
import { withoutWorkers } from './names.ts';
import type { Place } from './place.ts';
import { placesOf } from './places.ts';
import { clearPort } from './port-choice.ts';

/** What the hints step says; ids are those of the services that asked, also where it decides nothing. */
export type HintMatch =
  | { outcome: 'decided'; id: string; port: number; detail: string }
  | { outcome: 'ambiguous' | 'nothing'; ids: string[]; detail: string };

/** A hostname that the user gave to somebody by hand. */
export interface UserChoice {
  /** For people. */
  label: string;
  /** The service, where it runs. */
  id?: string;
}

/** What is asked of {@link matchHints}. */
export interface HintQuestion {
  /** Whole, normalized, under one of the domains. */
  hostname: string;
  /** The same without its domain. */
  name: string;
  domains: readonly string[];
  /** The user's own mapping of this hostname. */
  userChoice?: UserChoice | undefined;
}

/** Find the service that asked for a hostname. */
export function matchHints(question: HintQuestion, snapshot: Snapshot): HintMatch {
  const all = hintClaims(question.hostname, question.domains, snapshot);
  const strong = all.filter(({ weakness }) => weakness === undefined);
  const services = withoutWorkers([...new Set(strong.map(({ place }) => place.service))]);
  const [service] = services;
  if (!service) return { outcome: 'nothing', ids: idsOf(all), detail: nobodyAsks(all) };
  if (services.length > 1) {
    const detail = `${services.length} services ask for this name, so none of them gets it: ${sources(strong)}`;
    return { outcome: 'ambiguous', ids: services.map(({ id }) => id).slice(0, MAX_IDS), detail };
  }
  const claims = strong.filter(({ place }) => place.service === service);
  const [claim] = claims;
  const objection = claim && objectionTo(claim, question, snapshot);
  if (objection !== undefined) return { outcome: 'ambiguous', ids: [service.id], detail: objection };
  const { port, note } = portOf(claims);
  const detail = `${describeService(service)} asks for this name: ${sources(claims)}${note}`;
  if (port === null) {
    return { outcome: 'ambiguous', ids: [service.id], detail: `${detail}, but which of its ports is not clear` };
  }
  return { outcome: 'decided', id: service.id, port, detail };
}

/** As many claimants as help anybody. */
const MAX_IDS = 20;

function nobodyAsks(weak: readonly HintClaim[]): string {
  if (weak.length === 0) return 'No label and no package.json asks for this name';
  const shown = weak.slice(0, MAX_SHOWN).map((claim) => `${sources([claim])} (${claim.weakness})`);
  return `Asked for, but not so that it decides: ${shown.join(', ')}`;
}

const MAX_SHOWN = 5;
/** A label's name is anybody's text. */
const MAX_SOURCE_CHARS = 80;

function sources(claims: readonly HintClaim[]): string {
  const texts = claims.map(({ place, source }) => `${source.slice(0, MAX_SOURCE_CHARS)} of ${place.service.id}`);
  return [...new Set(texts)].slice(0, MAX_SHOWN).join(', ');
}

function idsOf(claims: readonly HintClaim[]): string[] {
  return [...new Set(claims.map(({ place }) => place.service.id))].slice(0, MAX_IDS);
}

/** Why a claim decides nothing, though it is the only one. */
function objectionTo(claim: HintClaim, { name, userChoice }: HintQuestion, snapshot: Snapshot): string | undefined {
  const asked = sources([claim]);
  if (userChoice && userChoice.id !== claim.place.service.id) {
    return `${asked} asks for this name, but you gave it to ${userChoice.label}`;
  }
  const owner = exactOwner(name, claim.place, snapshot);
  return owner && `${asked} asks for this name, but it is the exact name of ${describeService(owner.service)}`;
}

/** A service of another project that has exactly this name. */
function exactOwner(name: string, own: Place, snapshot: Snapshot): Place | undefined {
  const canonical = canonicalNames(snapshot).byName.get(name);
  const owner = canonical && placesOf(snapshot).find(({ service }) => service.id === canonical.id);
  if (owner && !isSameProject(owner, own)) return owner;
  const claims = claimIndex(snapshot).called(flatText(name));
  const exact = claims.find(
    ({ rule, labels, dotted, place }) =>
      rule !== 'part' && place.web && (name === labels || name === dotted) && !isSameProject(place, own),
  );
  return exact?.place;
}

function isSameProject(a: Place, b: Place): boolean {
  if (a.service.id === b.service.id) return true;
  const keys = projectKeys(b);
  return projectKeys(a).some((key) => keys.includes(key));
}

/** A container belongs to its compose project and to the checkout that its compose file lies in. */
function projectKeys({ family, checkout, around }: Place): string[] {
  return [family, checkout, around?.family, around?.checkout].filter((key) => typeof key === 'string');
}

/** The port that the claims name, if they agree and the service has it. */
function portOf(claims: readonly HintClaim[]): { port: number | null; note: string } {
  const service = claims[0]?.place.service;
  if (!service) return { port: null, note: '' };
  const asked = [...new Set(claims.flatMap(({ port }) => (port === undefined ? [] : [port])))];
  const ports = candidatePorts(service);
  const usable = asked.filter((port) => ports.includes(port));
  const [port] = usable;
  const missing = asked.filter((one) => !usable.includes(one));
  const kind = isContainer(service) ? 'container ' : '';
  const note = missing.length > 0 ? `; it has no ${kind}port ${missing.join(', ')}, so that is not used` : '';
  if (usable.length === 1 && port !== undefined) return { port, note };
  return usable.length > 1 ? { port: null, note } : { port: clearPort(service), note };
}
