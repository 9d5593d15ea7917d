/** Compose projects that lie in a checkout: they belong to it. */
import { isContainer } from '../core/service.ts';
import type { Pausable } from '../core/slices.ts';
import type { Place } from './place.ts';

/** A compose project started in a checkout belongs to it: in a worktree its plain name is the main checkout's. */
export function* attachCompose(places: readonly Place[]): Pausable<void> {
  const checkouts = new Map<string, Place>();
  for (const place of places) {
    const { checkout, service } = place;
    if (checkout !== null && !isContainer(service) && !checkouts.has(checkout)) checkouts.set(checkout, place);
    yield;
  }
  for (const place of places) {
    const { service } = place;
    const workdir = isContainer(service) ? service.compose?.workdir : null;
    if (!workdir) continue;
    yield;
    const around = innermost(checkouts, workdir);
    if (!around) continue;
    place.around = around;
    if (!around.linked) place.families = [...new Set([...place.families, ...around.families])];
    else if (place.families.some((name) => around.families.includes(name))) joinWorktree(place, around);
  }
}

/** A process of the innermost checkout that a path is in, by the path's own directories. */
function innermost(checkouts: ReadonlyMap<string, Place>, path: string): Place | undefined {
  for (let end = path.length; end > 0; end--) {
    const isDirectory = end === path.length || path[end] === '/' || path[end - 1] === '/';
    const found = isDirectory ? checkouts.get(path.slice(0, end)) : undefined;
    if (found) return found;
  }
  return undefined;
}

function joinWorktree(place: Place, around: Place): void {
  const { checkout, family, linked, families, branches, directory } = around;
  Object.assign(place, { around: null, checkout, family, linked, families, branches, directory });
}
