/** Which hostnames a service would have, the best first; canonical.ts says which of them it gets. */
import { candidatePorts, isContainer } from '../core/service.ts';
import { label, type Parent, routable } from './parent-names.ts';
import type { Place } from './place.ts';
import { clearPort } from './port-choice.ts';
import { isStranger, isTool, ownParts } from './roles.ts';

/**
 * Names for one service, the best first, each a longer form of the same. What answers no browser carries its port:
 * people who type `db.shop` mean a page, and this is none.
 */
export function wishes(place: Place, parents: ReadonlyMap<string, Parent>): readonly string[] {
  const parent = place.checkout === null ? undefined : parents.get(place.checkout);
  const key = `${parent?.name ?? ''} ${parent?.webCount === 1}`;
  return remembered(knownWishes, place, key, () => makeWishes(place, parent));
}

/** What was found last, and what of the parent it hangs on. */
type Known = WeakMap<Place, { key: string; names: readonly string[] }>;

const knownWishes: Known = new WeakMap();
const knownForms: Known = new WeakMap();

function remembered(known: Known, place: Place, key: string, make: () => string[]): readonly string[] {
  const found = known.get(place);
  if (found?.key === key) return found.names;
  const names = make();
  known.set(place, { key, names });
  return names;
}

function makeWishes(place: Place, parent: Parent | undefined): string[] {
  const { service } = place;
  const port = clearPort(service) ?? candidatePorts(service)[0] ?? 0;
  const tool = label(place.tool) || 'process';
  if (parent === undefined || parent.name === '') return looseWishes(place, tool, port);
  if (isContainer(service)) {
    if (!place.web)
      return [
        under(label(`${place.parts[0] || tool}-${port}`), parent.name),
        under(label(`${place.parts[0] || tool}-${port}-${service.id}`), parent.name),
      ];
    return [under(label(place.parts[0] ?? '') || tool, parent.name), under(label(service.name) || tool, parent.name)];
  }
  const part = label(place.parts[0] ?? '');
  const own = part === '' ? parent.name : under(part, parent.name);
  const wishes = [under(tool, own), under(`${tool}-${port}`, own), under(label(`${tool}-${port}-${service.id}`), own)];
  const alone =
    part === ''
      ? place.web && !isTool(place) && !isStranger(place) && parent.webCount === 1
      : !isStranger(place) && ownParts(place).includes(place.parts[0] ?? '');
  return alone ? [own, ...wishes] : wishes;
}

/** The {@link wishes} under every name that the parent may have. @param now those under the one that it has */
export function formsOf(place: Place, now: readonly string[], parents: ReadonlyMap<string, Parent>): readonly string[] {
  const parent = place.checkout === null ? undefined : parents.get(place.checkout);
  if (parent === undefined) return now;
  if (parent.forms.every((form) => form === parent.name) && parent.webCount === parent.ownWebCount) return now;
  const own = { ...parent, webCount: parent.ownWebCount };
  const key = `${parent.forms.join(' ')} ${own.webCount === 1}`;
  const make = () => parent.forms.flatMap((name) => makeWishes(place, { ...own, name }));
  return remembered(knownForms, place, key, make);
}

/** What belongs to no project. A program's bare name stays free: `jupyter` may mean what stands in front of it. */
function looseWishes(place: Place, tool: string, port: number): string[] {
  const [alias] = place.aliases;
  const wishes = [`${tool}-${port}`, label(`${tool}-${port}-${place.service.id}`)].map(routable);
  return alias === undefined || (!isContainer(place.service) && isTool(place))
    ? wishes
    : [routable(label(alias)), ...wishes];
}

function under(part: string, parent: string): string {
  return `${part}.${parent}`;
}
