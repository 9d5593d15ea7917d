/** What of a request differs from an ordinary one: a prefix that was cut off, another Host, a sibling's cookies. */
import { originUrl, parseAuthority } from '../core/hostname.ts';
import type { RouteAsk } from '../core/route.ts';
import { hostPort, type Presentation, type Upstream } from '../core/upstream.ts';
import type { ForwardVerdict } from './decide.ts';
import type { Exchange } from './exchange.ts';
import type { ForwardOptions } from './headers.ts';

/** Nearly every request: nothing differs, nothing is allocated. */
const PLAIN: ForwardOptions = Object.freeze({});

/** The options of one attempt. @param path as the upstream gets it */
export function forwardOptions(
  exchange: Exchange,
  verdict: ForwardVerdict,
  ask: RouteAsk,
  upstream: Upstream,
  path: string,
): ForwardOptions {
  const { prefix } = verdict;
  const { presentation } = upstream;
  if (prefix === undefined && presentation === undefined) return PLAIN;
  const client = (exchange.authority ?? '').toLowerCase();
  const scheme = exchange.secure ? 'https' : 'http';
  const port = parseAuthority(client)?.port;
  const host = presentation && hostToSend(presentation, port);
  const isApart = ask.siblingsOnly === true && presentation?.sharesCookies !== true;
  const options: ForwardOptions = {
    place: {
      origin: originUrl(scheme, verdict.hostname, port),
      prefix: prefix ?? '',
      path,
      bare: verdict.bare === true,
      authorities: ownAuthorities(upstream, host, prefix === undefined ? undefined : client),
    },
  };
  if (prefix !== undefined) options.prefix = prefix;
  if (host !== undefined) options.host = host;
  if (presentation?.hidesHost) options.hidesHost = true;
  if (presentation?.host !== undefined) {
    // Told the same as by a browser that opened the app directly; told of HTTPS where the app is told of it anyway.
    const upstreamScheme = presentation.hidesHost ? scheme : 'http';
    options.ownOrigin = { client: `${scheme}://${client}`, upstream: `${upstreamScheme}://${presentation.host}` };
  }
  if (isApart && options.place && ask.service !== undefined) {
    options.cookieMark = options.place.cookieMark = cookieMarkOf(ask.service);
  }
  return options;
}

function hostToSend({ host, ownName }: Presentation, port: number | undefined): string | undefined {
  if (host !== undefined) return host;
  if (ownName === undefined) return undefined;
  return port === undefined ? ownName : hostPort(ownName, port);
}

/**
 * Names of the upstream's own in its redirects: what it was told, and where it listens.
 * @param client the client's host, where a redirect to it may lead out of a prefix
 */
function ownAuthorities({ address, port }: Upstream, host: string | undefined, client: string | undefined): string[] {
  const own = [host?.toLowerCase(), client, `localhost:${port}`, hostPort(address, port)];
  return own.filter((authority) => authority !== undefined);
}

/** `_proxy.api.`: only characters of a cookie's name (RFC 6265 section 4.1.1); a service's name has no others. */
export function cookieMarkOf(service: string): string {
  return `_proxy.${service}.`;
}
