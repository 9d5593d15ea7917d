/** Why a folder that a server runs in gives it no name. */
import { oncePerObject } from '../core/once-per-object.ts';
import { baseName } from '../core/path-text.ts';
import { isContainer, type ProcessService, type Snapshot } from '../core/service.ts';
import { canonicalNames } from './canonical.ts';
import { nameText } from './name-text.ts';
import { placesOf } from './places.ts';

/** Asked of every service without a project, each time a name is nobody's. */
const folderName = oncePerObject(({ cwd }: ProcessService) => nameText(baseName(cwd ?? '')));

/** For people who asked for the name of such a folder, and find it in the list of what runs; undefined for all others. */
export function bareFolderText(name: string, snapshot: Snapshot): string | undefined {
  const place = placesOf(snapshot).find(
    ({ checkout, service }) => checkout === null && !isContainer(service) && folderName(service) === name,
  );
  const own = place && canonicalNames(snapshot).byId.get(place.service.id);
  if (own === undefined) return undefined;
  const why = 'it is no git checkout and has no manifest (such as package.json)';
  return `"${name}" is a folder here, and no project: ${why}, so its server is called "${own}"`;
}
