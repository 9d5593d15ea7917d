/**
 * Who else could have been meant when a hostname was decided, so that a service that starts later can be told from one
 * that was there and was not chosen. Pure.
 */
import { createHash } from 'node:crypto';
import type { Decision } from '../core/decision.ts';
import { type Identity, identityOf } from '../core/identity.ts';
import type { Mapping } from '../core/mapping.ts';
import { oncePerObject } from '../core/once-per-object.ts';
import { baseName } from '../core/path-text.ts';
import { isContainer, type Service, type Snapshot } from '../core/service.ts';
import type { Place } from './place.ts';
import { placesOf } from './places.ts';

/** More rivals than this are remembered as one digest of all. */
const MAX_RIVALS = 32;

/**
 * The services that may rival a target for a name, the target among them: those of its own project, those with a word
 * of the hostname in a name, and those that a step pointed at. All others run for something else.
 * @param name hostname without its domain
 * @param ids of the services that a step pointed at
 */
export function rivalsOf(name: string, target: Service, ids: readonly string[], snapshot: Snapshot): Service[] {
  const words = wordsOf(name);
  const places = placesOf(snapshot);
  const own = places.find(({ service }) => service.id === target.id);
  return places
    .filter((place) => place.web && (ids.includes(place.service.id) || isAround(place, own) || shares(place, words)))
    .map(({ service }) => service);
}

/** The same for a decision, of whoever it pointed at. */
export function rivalsIn({ host, service, steps }: Decision, target: Service, snapshot: Snapshot): Service[] {
  const ids = steps.flatMap(({ candidates = [] }) => candidates);
  return rivalsOf(service ?? host.slice(0, host.lastIndexOf('.')), target, ids, snapshot);
}

function isAround(place: Place, own: Place | undefined): boolean {
  if (!own) return false;
  return (
    place === own || (place.family !== null && (place.family === own.family || place.family === own.around?.family))
  );
}

function shares({ families, parts, branches, aliases, tool }: Place, words: readonly string[]): boolean {
  const isIn = (text: string) => words.some((word) => text.includes(word)) && sharesWord(text, words);
  return isIn(tool) || [families, parts, branches, aliases].some((names) => names.some(isIn));
}

function sharesWord(text: string, words: readonly string[]): boolean {
  return wordsOf(text).some((word) => words.includes(word));
}

function wordsOf(text: string): string[] {
  return text.split(/[^a-z0-9]+/).filter((word) => word.length > 1);
}

/** The rivals as a mapping remembers them: a short digest of each one's identity, or one of all. Bounded, no names. */
export function rivalDigests(rivals: readonly Service[]): string[] {
  const digests = [...new Set(rivals.map(digestOf))].sort();
  return digests.length <= MAX_RIVALS ? digests : [`all ${digest(digests.join(' '))}`];
}

/**
 * The rivals that were not there when the mapping was made.
 * @param remembered as {@link rivalDigests} returned it then
 */
export function newRivals(rivals: readonly Service[], remembered: readonly string[]): Service[] {
  if (rivalDigests(rivals).join() === remembered.join()) return [];
  return rivals.filter((service) => !remembered.includes(digestOf(service)));
}

/** Who it is, not where: a restart is nobody new. */
const digestOf = oncePerObject((service: Service) => digest(JSON.stringify(identityOf(service) ?? service.id)));

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** Frameworks whose server is what people look at. */
const PAGES =
  /^(?:vite|next|nuxt|astro|sveltekit|remix|react-router|angular|gatsby|webpack|parcel|vue|docusaurus|vitepress|eleventy|solid|qwik)/;
const FRONT = new Set(['web', 'www', 'app', 'site', 'front', 'frontend', 'ui', 'client', 'website', 'storefront']);
const BACK = new Set(['api', 'server', 'backend', 'back', 'worker', 'jobs', 'queue', 'gateway', 'rpc', 'graphql']);

/**
 * The one of several services of equal right that shows pages, where only one does: the last resort for a server that
 * started after another one took its name, when no LLM can be asked.
 */
export function frontOf(services: readonly Service[], snapshot: Snapshot): Service | undefined {
  const places = placesOf(snapshot).filter(({ service }) => services.some(({ id }) => id === service.id));
  const scores = places.map((place) => ({ place, score: frontScore(place) }));
  const best = Math.max(...scores.map(({ score }) => score));
  const winners = scores.filter(({ score }) => score === best);
  return winners.length === 1 ? winners[0]?.place.service : undefined;
}

/**
 * Is this the site that an API stood in for? The bare name of a project means its API only until the site appears, so
 * once that API is gone its mapping waits for nobody. Only by words that leave no doubt, and only for somebody new.
 */
export function isAwaitedSite({ identity, rivals }: Mapping, service: Service | null, snapshot: Snapshot): boolean {
  if (!service || !identity || rivals === undefined || newRivals([service], rivals).length === 0) return false;
  const place = placesOf(snapshot).find((one) => one.service.id === service.id);
  return isBackend(identity) && place !== undefined && frontScore(place) === SHOWS_PAGES;
}

function isBackend(identity: Identity): boolean {
  const text =
    identity.kind === 'container'
      ? (identity.service ?? identity.name)
      : `${identity.workdir === identity.gitRoot ? '' : baseName(identity.workdir)} ${scriptOf(identity.shape)}`;
  return wordsOf(text.toLowerCase()).some((word) => BACK.has(word));
}

function scriptOf(shape: string): string {
  return (shape.split(' ')[1] ?? '').replace(/^server\b/, '');
}

const SHOWS_PAGES = 2;

function frontScore({ service, parts, tool }: Place): number {
  const framework = isContainer(service) ? '' : (service.project?.framework ?? '');
  // A site's own server is called server.js, too.
  const script = isContainer(service) ? '' : baseName(service.argv?.[1] ?? '').replace(/^server\b/, '');
  const words = [...parts, tool, script].flatMap((text) => wordsOf(text.toLowerCase()));
  if (words.some((word) => BACK.has(word))) return 0;
  return PAGES.test(tool) || PAGES.test(framework) || words.some((word) => FRONT.has(word)) ? SHOWS_PAGES : 1;
}
