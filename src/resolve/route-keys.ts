/** Under which keys asks share an answer or an address. */
import { mappingKey } from '../core/mapping.ts';
import type { RouteAsk } from '../core/route.ts';

/** Field of a mapping that was decided among all services, not only the siblings of its origin. */
export const ANY_REACH = 'anyReach';
/** Ends the address key of such a mapping. */
export const ANY_SUFFIX = ' any';

/** Is this an ask with the seed's reach: for a sibling, of whatever project? */
export function reachesAnything(ask: RouteAsk): boolean {
  return ask.service !== undefined && ask.siblingsOnly !== true;
}

/** Addresses found with a wider reach are remembered apart. */
export function addressKey(ask: RouteAsk): string {
  if (ask.pathPrefix !== undefined) return ask.hostname + ask.pathPrefix;
  return mappingKey(ask.hostname, ask.service) + (reachesAnything(ask) ? ANY_SUFFIX : '');
}

/** Asks that may share one answer. */
export function flightKey(ask: RouteAsk): string {
  const { prompt, force, siblingsOnly, navigation } = ask;
  // A part of the budget is kept for navigations: they do not share what an asset was told.
  return JSON.stringify([addressKey(ask), prompt, force === true, siblingsOnly === true, navigation]);
}
