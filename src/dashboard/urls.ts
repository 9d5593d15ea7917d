/** Links to apps: under the same scheme and port as this page. Pure. */

/** `https://shop.localhost:8443/`, or `.../_proxy/api/` for the sibling of a key. */
export function appUrl(key: string, here: Pick<Location, 'protocol' | 'port'> = location): string {
  const [hostname = key, service] = key.split(':', 2);
  const port = here.port === '' ? '' : `:${here.port}`;
  const path = service === undefined ? '/' : `/_proxy/${encodeURIComponent(service)}/`;
  return `${here.protocol}//${hostname}${port}${path}`;
}
