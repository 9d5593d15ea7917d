/**
 * The front door of a checkout: which of its services the bare name of a project, branch or worktree means, where one
 * is clearly what a person wants to see. See {@link frontDoor} for the rules.
 */
import type { Place } from './place.ts';
import { isBundler, isFrontEnd, isPageServer, isStranger, standingOf } from './roles.ts';

/**
 * The one that the bare name means; undefined where it could be another.
 * 0. Never a program that may be anything (`isStranger`), though it may be why nothing is decided.
 * 1. Tools beside the work (mail catchers, Storybook, test reports) and parts beside the pages (`admin`, `docs`) are
 *    never meant. Limit: they have to be known.
 * 2. The only one that is left; but beside those an API is not meant. Limit: it may be the API whose front end is still
 *    starting; the mapping is looked at again when that one appears.
 * 3. The one part called `web`, `frontend`, `site` or the like, unless another could be the front page, too (`landing`,
 *    `shell`) or something runs at the root of the checkout.
 * 4. The one that runs a front-end framework, where the others are APIs and workers by their names or programs.
 * 5. In one directory, the server of pages (Rails, Laravel): the bundler beside it only has the assets. In directories
 *    of their own the bundler serves the pages, so that is rule 3 or 4.
 */
export function frontDoor(places: readonly Place[]): Place | undefined {
  const chosen = shownOf(places);
  return chosen && isStranger(chosen) ? undefined : chosen;
}

function shownOf(places: readonly Place[]): Place | undefined {
  const own = places.filter((place) => standingOf(place) !== 'tool' && standingOf(place) !== 'side');
  const [first] = own;
  if (own.length <= 1) return first && isMeant(first, places) ? first : undefined;
  const fronts = own.filter((place) => standingOf(place) === 'front');
  if (fronts.length > 0) return fronts.length === 1 && !isDisputed(own, fronts) ? fronts[0] : undefined;
  const rest = own.filter((place) => standingOf(place) !== 'back');
  const [only] = rest;
  if (rest.length === 1 && only) return isFrontEnd(only) || isPageServer(only) ? only : undefined;
  return pageServer(rest);
}

/** Rule 2: an API beside `admin` or `docs` is not what is looked at. */
function isMeant(only: Place, places: readonly Place[]): boolean {
  return standingOf(only) !== 'back' || !places.some((place) => standingOf(place) === 'side');
}

function isDisputed(own: readonly Place[], fronts: readonly Place[]): boolean {
  return own.some((place) => !fronts.includes(place) && (place.parts.length === 0 || standingOf(place) === 'entry'));
}

function pageServer(places: readonly Place[]): Place | undefined {
  if (places.some((place) => place.parts.length > 0)) return undefined;
  const servers = places.filter((place) => !isBundler(place));
  const [server] = servers;
  return servers.length === 1 && server && isPageServer(server) ? server : undefined;
}
