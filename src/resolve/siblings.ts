/**
 * Related services: what belongs to the same project as an origin, and which of that a name means.
 * `/_proxy/api/` on `fix-ui.shop.localhost` is the API of that worktree, never the one of another checkout.
 */
import type { Service, Snapshot } from '../core/service.ts';
import { flatText, nameText } from './name-text.ts';
import { decide, type NameMatch } from './names.ts';
import { type Place, placesOf } from './places.ts';

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
 * container), or else the only program of it called so (`vite`). Pure.
 * @param service as in `/_proxy/{service}/`
 */
export function matchSibling(service: string, origin: Service, snapshot: Snapshot): NameMatch {
  const wanted = flatText(nameText(service));
  const near = siblings(origin, snapshot).near.filter((place) => place.web);
  const called = near.filter((place) => [...place.parts, ...place.aliases].some((name) => flatText(name) === wanted));
  const found = called.length > 0 ? called : near.filter((place) => flatText(place.tool) === wanted);
  const detail = `"${service}" is a part of the same project`;
  if (found.length > 0)
    return decide(
      found.map((place) => place.service),
      'sibling',
      detail,
    );
  return { outcome: 'nothing', detail: `The project runs nothing called "${service}"` };
}

function siblings(origin: Service, snapshot: Snapshot): Siblings {
  const places = placesOf(snapshot);
  const own = places.find((place) => place.service.id === origin.id);
  if (!own) return { near: [], reach: [] };
  const checkouts = keys(own, 'checkout');
  const families = keys(own, 'family');
  const near = places.filter(
    (place) => place === own || keys(place, 'checkout').some((key) => checkouts.includes(key)),
  );
  const reach = places.filter(
    (place) => near.includes(place) || keys(place, 'family').some((key) => families.includes(key)),
  );
  return { near, reach };
}

/** A container belongs to its compose project and to the checkout that its compose file lies in. */
function keys(place: Place, key: 'checkout' | 'family'): string[] {
  return [place[key], place.around?.[key]].filter((value) => typeof value === 'string');
}
