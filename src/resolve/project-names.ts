/** The project of each service, as hostnames call it: of `web.shop` and of `fix-ui.shop` it is `shop`. */
import { baseName, isHomeOrRoot } from '../core/path-text.ts';
import { allServices, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { placesOf } from './places.ts';

/** Service id -> name; what belongs to no project is not in it. */
export function projectNames(snapshot: Snapshot): Map<string, string> {
  const found = new Map(placesOf(snapshot).map(({ service, families }) => [service.id, families[0]]));
  const names = new Map<string, string>();
  for (const service of allServices(snapshot)) {
    const name = found.has(service.id) ? found.get(service.id) : plainName(service);
    if (name) names.set(service.id, name);
  }
  return names;
}

/** Of what no hostname means: where it was started. */
function plainName(service: Service): string | undefined {
  if (isContainer(service)) return service.compose?.project;
  const { git, project } = service;
  // Dotfiles that are kept in git are no project.
  return git && !isHomeOrRoot(git.root) ? baseName(git.main ?? git.root) : project?.name;
}
