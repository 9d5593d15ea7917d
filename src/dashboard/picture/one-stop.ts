/**
 * One side of the picture is one stop of the Tab key: hundreds of links would lie between somebody at the keyboard and
 * the tables. Up and down go from link to link, Home and End to the ends of what is there (the list pattern of the ARIA
 * Authoring Practices, "roving tabindex").
 */

const LINKS = 'a, button';

/** Keep exactly one link of the list reachable by Tab: the one with the focus, else the one that had it, else the first. */
export function keepOneStop(list: HTMLElement): void {
  const links = [...list.querySelectorAll<HTMLElement>(LINKS)];
  const stop = links.find((one) => one === document.activeElement) ?? links.find((one) => one.tabIndex === 0);
  for (const one of links) one.tabIndex = one === (stop ?? links[0]) ? 0 : -1;
}

/** Follow the arrow keys. Links stand in the order of their rows, whatever their order in the page. */
export function followArrows(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const links = [...list.querySelectorAll<HTMLElement>(LINKS)].sort((a, b) => topOf(a) - topOf(b));
  const at = links.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  const next = to === undefined ? undefined : links[to];
  if (at === -1 || !next) return;
  event.preventDefault();
  next.tabIndex = 0;
  next.focus();
  keepOneStop(list);
}

function topOf(link: HTMLElement): number {
  return link.parentElement?.offsetTop ?? 0;
}
