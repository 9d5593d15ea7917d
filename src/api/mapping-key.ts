/** The key of a mapping as a client writes it in a path or a form. */
import { AppError } from '../core/errors.ts';
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { mappingKey, SERVICE_NAME } from '../core/mapping.ts';
import { splitPathKey } from '../core/mapping-paths.ts';
import { checkedPrefix, type EditKey } from '../routes/edit-mapping.ts';

/**
 * Check `hostname` or `hostname:service`, percent-decoded, and fold it to the form that is stored.
 * @throws {AppError} HOST_INVALID with what is wrong: no hostname, none of our domains, the dashboard's own, bad service
 */
export function parseMappingKey(text: string, domains: readonly string[]): string {
  const colon = text.indexOf(':');
  const hostname = parseAppHostname(colon === -1 ? text : text.slice(0, colon), domains);
  if (colon === -1) return hostname;
  const service = text.slice(colon + 1).toLowerCase();
  if (!SERVICE_NAME.test(service)) throw invalid(`“${clip(service)}” is not the name of a service`);
  return mappingKey(hostname, service);
}

/**
 * Check a key that may go on with a path: `shop.localhost/api` is the `/api` of the mapping's `paths`.
 * @throws {AppError} HOST_INVALID · ROUTE_BAD_MAPPING for what is no path
 */
export function parseEditKey(text: string, domains: readonly string[]): EditKey {
  const { key, prefix = '/' } = splitPathKey(text);
  return { key: parseMappingKey(key, domains), ...(/^\/+$/.test(prefix) ? {} : { prefix: checkedPrefix(prefix) }) };
}

/** Check that a text is the hostname of an app. @throws {AppError} HOST_INVALID */
export function parseAppHostname(text: string, domains: readonly string[]): string {
  const hostname = normalizeHostname(text);
  if (hostname === null) throw invalid(`“${clip(text)}” is not a valid hostname`);
  const host = classifyHostname(hostname, domains);
  if (host.kind === 'foreign') {
    throw invalid(`“${hostname}” is not under ${domains.map((domain) => `*.${domain}`).join(', ')}`);
  }
  if (host.kind === 'control') throw invalid(`“${hostname}” is the dashboard’s and is never routed`);
  return hostname;
}

function invalid(message: string): AppError {
  return new AppError('HOST_INVALID', message);
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
