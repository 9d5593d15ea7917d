/** How requests are shown to an upstream: what its mapping says of Host and cookies, and a sibling's own name. */
import type { Mapping } from '../core/mapping.ts';
import type { RouteAsk } from '../core/route.ts';
import type { Snapshot } from '../core/service.ts';
import { hostPort, type Presentation, type Upstream } from '../core/upstream.ts';
import { canonicalNames } from './canonical.ts';

/** The upstream with its presentation; the same object where requests are shown as the client sent them. */
export function presented(
  upstream: Upstream,
  ask: RouteAsk,
  mapping: Mapping | undefined,
  snapshot: Snapshot | undefined,
): Upstream {
  const shown: Presentation = {};
  const { host, forwardedHost, cookies } = mapping ?? {};
  if (host === 'target') shown.host = `localhost:${upstream.port}`;
  else if (host !== undefined && host !== 'preserve') shown.host = host;
  else if (host === undefined && ask.service !== undefined) Object.assign(shown, ownName(upstream, snapshot));
  if (forwardedHost === 'rewritten' && shown.host !== undefined) shown.hidesHost = true;
  if (cookies === true && ask.service !== undefined) shown.sharesCookies = true;
  return Object.keys(shown).length === 0 ? upstream : { ...upstream, presentation: shown };
}

/** The hostname that a sibling has of its own; its address where it has none. */
function ownName({ serviceId, address, port }: Upstream, snapshot: Snapshot | undefined): Presentation {
  const name = snapshot && canonicalNames(snapshot).byId.get(serviceId);
  return name === undefined ? { host: hostPort(address, port) } : { ownName: `${name}.localhost` };
}
