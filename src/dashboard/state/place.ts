/** Which view is open: the part of the URL after `#`, so that links, the back button and reloads work. */
import { signal } from '@preact/signals';

/** The views, in the order of the navigation. */
export const VIEWS = [
  ['', 'Overview'],
  ['requests', 'Requests'],
  ['decisions', 'Decisions'],
  ['services', 'Services'],
  ['logs', 'Logs'],
  ['settings', 'Settings'],
] as const;
/** Name in the URL. */
export type ViewName = (typeof VIEWS)[number][0];

/** Where somebody is. */
export interface Place {
  view: ViewName;
  /** One of what the view lists. */
  item: string | undefined;
  query: URLSearchParams;
}

/** Read `#/requests/12?route=shop.localhost`. What is unknown is the overview. Pure. */
export function parsePlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name = '', item] = path.split('/', 2);
  const view = VIEWS.find(([known]) => known === name)?.[0] ?? '';
  return { view, item: item === undefined || item === '' ? undefined : item, query: new URLSearchParams(query) };
}

/** Now. */
export const place = signal<Place>(parsePlace(location.hash));

addEventListener('hashchange', () => {
  place.value = parsePlace(location.hash);
});

/** `#/requests?route=...`. */
export function hrefTo(view: ViewName, query: Record<string, string> = {}, item?: string | number): string {
  const text = new URLSearchParams(query).toString();
  return `#/${view}${item === undefined ? '' : `/${item}`}${text === '' ? '' : `?${text}`}`;
}
