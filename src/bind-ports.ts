/** The two ports of the proxy, bound as the settings or a service's own sockets say. */
import type { Settings } from './config/settings.ts';
import type { InheritedSockets } from './platform/inherited-sockets.ts';
import { type BoundPort, listenBoth } from './platform/listen.ts';
import type { Listener } from './proxy/listener.ts';
import { portReport, type StartReport } from './start-report.ts';

/**
 * Both ports, on the same addresses; TLS and plain HTTP are told apart on either.
 * @param closers gets what frees each port, in the order they were bound
 * @throws {AppError} PORT_IN_USE · PORT_FORBIDDEN
 */
export async function bindPorts(
  settings: Settings,
  sockets: InheritedSockets,
  listener: Pick<Listener, 'accept'>,
  closers: (() => Promise<void> | void)[],
): Promise<{ https: BoundPort; http: BoundPort } & Pick<StartReport, 'portNotes' | 'deniedPort'>> {
  const bind = async (name: 'https' | 'http'): Promise<BoundPort> => {
    const { port, explicit, fallback } = settings[`${name}Port`];
    const flag = `--${name}-port`;
    const bound = await listenBoth({
      inherited: sockets.get(name) ?? [],
      port,
      hosts: settings.bind,
      explicit,
      fallbackPort: fallback,
      flag,
      onConnection: (socket) => listener.accept(socket),
    });
    closers.push(() => bound.close());
    return bound;
  };
  const https = await bind('https');
  const http = await bind('http');
  const { portNotes, ...report } = portReport([https, http]);
  const ports = { https: https.port, http: http.port };
  return { https, http, ...report, portNotes: [...portNotes, ...notAsAsked(settings, sockets, ports)] };
}

/** A service's sockets stay where they were installed, whatever the settings say now. */
function notAsAsked(settings: Settings, sockets: InheritedSockets, ports: Record<'https' | 'http', number>): string[] {
  return (['https', 'http'] as const)
    .filter((name) => sockets.has(name) && settings[`${name}Port`].explicit)
    .filter((name) => settings[`${name}Port`].port !== ports[name])
    .map(
      (name) =>
        `The service holds port ${ports[name]} for ${name}; install it again for ${settings[`${name}Port`].port}`,
    );
}
