/** The order in which hostnames are listed: those of one parent together, so that a project is one piece. Pure. */

/** Keys of mappings in that order: `shop`, `api.shop`, `fix.api.shop`, `web.shop`. */
export function inKeyOrder(keys: readonly string[]): string[] {
  const sortable = keys.map((key) => ({ key, from: key.split('.').reverse().join('\0') }));
  return sortable.sort((a, b) => (a.from < b.from ? -1 : 1)).map(({ key }) => key);
}
