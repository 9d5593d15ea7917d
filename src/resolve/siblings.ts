/**
 * Related services: what belongs to the same project as an origin, and which of that a name means.
 * `/_proxy/api/` on `fix-ui.shop.localhost` is the API of that worktree, never the one of another checkout.
 */
import type { Service, Snapshot } from '../core/service.ts';
import { flatText, nameText } from './name-text.ts';
import { decidePlaces, hasWord, type NameMatch } from './names.ts';
import type { Place } from './place.ts';
import { checkoutsOf, familiesOf, placesOf } from './places.ts';
import { isStrangeProcess, ownParts, roleWords, sameRole } from './roles.ts';

/** What an origin may reach, and the part of it that names are matched in. */
interface Siblings {
  /** Of the same checkout or compose project. */
  near: Place[];
  /** Of the same repository, in whatever worktree. */
  reach: Place[];
}

/** The services of the origin's repository, worktrees and compose project, the origin itself among them. */
export function siblingServices(origin: Service, snapshot: Snapshot): Service[] {
  return siblings(origin, snapshot).reach.map((place) => place.service);
}

/**
 * The sibling that a name means: a part of the origin's own checkout called so (package, directory, compose service,
 * container), or else the only program of it called so (`vite`), or else the only one with that role (`api` for a part
 * called `backend`) while no other part has the word in its name. Pure.
 * @param service as in `/_proxy/{service}/`
 */
export function matchSibling(service: string, origin: Service, snapshot: Snapshot): NameMatch {
  const wanted = flatText(nameText(service));
  const near = siblings(origin, snapshot).near.filter((place) => place.web);
  const detail = `"${service}" is a part of the same project`;
  for (const names of [ownNames, toolNames, (place: Place) => roleWords(place).within]) {
    const found = near.filter((place) => names(place).some((name) => flatText(name) === wanted));
    const isRival = (place: Place) =>
      !found.includes(place) && sameRole(wanted).some((word) => hasWord(ownNames(place), word));
    if (found.some(isStrangeProcess) && names !== toolNames) continue;
    if (found.length > 0 && (names === ownNames || !near.some(isRival))) return decidePlaces(found, 'sibling', detail);
  }
  return { outcome: 'nothing', detail: `The project runs nothing called "${service}"` };
}

function toolNames({ tool }: Place): string[] {
  return [tool];
}

function ownNames(place: Place): string[] {
  return [...ownParts(place), ...place.aliases];
}

function siblings(origin: Service, snapshot: Snapshot): Siblings {
  const places = placesOf(snapshot);
  const own = places.find((place) => place.service.id === origin.id);
  if (!own) return { near: [], reach: [] };
  const checkouts = checkoutsOf(own);
  const families = familiesOf(own);
  const near = places.filter((place) => place === own || checkoutsOf(place).some((key) => checkouts.includes(key)));
  const reach = places.filter(
    (place) => near.includes(place) || familiesOf(place).some((key) => families.includes(key)),
  );
  return { near, reach };
}
