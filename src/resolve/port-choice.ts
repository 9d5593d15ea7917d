/** Which of a service's ports is meant, where the service itself leaves no doubt. */

import { argvOf, imageName } from '../core/command-words.ts';
import { type ContainerService, candidatePorts, isContainer, type Service } from '../core/service.ts';
import { pagePorts } from './non-web.ts';

/** Flags that name the port of the app itself, not of its inspector, metrics or hot reload. */
const PORT_FLAG = /^(?:--?(?:p|port|http[-.]?port|http[-.]?addr(?:ess)?|server[.-]port|urls)|-D?server\.port|PORT)$/i;

/** Ports beside an app's own: debuggers (debugpy's, Java's, Delve's), profiles, metrics, hot reload (Vite's), admin (Caddy's), telemetry. */
const SIDE_PORTS = new Set([
  2019, 2112, 2345, 5005, 6060, 35729, 9464, 4318, 5678, 14268, 15671, 15691, 15692, 24678, 24679,
]);

/** First port that systems hand out by themselves (Linux; macOS and Windows begin at 49152). */
const FIRST_PASSING_PORT = 32_768;

/** Images whose port 80 leads to other services, so that their own page is elsewhere. */
const PROXIES = new Set([
  'traefik',
  'nginx-proxy',
  'nginx-proxy-manager',
  'haproxy',
  'envoy',
  'kong',
  'caddy-docker-proxy',
]);

/** May the system have chosen this port, or a debugger? Such a port is nobody's address. */
export function isPassingPort(port: number): boolean {
  return port >= FIRST_PASSING_PORT || isInspector(port);
}

/** Node's inspector takes 9229 and counts up. */
function isInspector(port: number): boolean {
  return port >= 9229 && port <= 9249;
}

/**
 * The one port that a hostname of this service means. The first of these that gives exactly one:
 * 1. its only port;
 * 2. a process: the port that its command line names;
 * 3. without ports of other protocols and {@link SIDE_PORTS};
 * 4. a container: the one that is published, then 80, unless it is a proxy; a process: the one that was not handed out
 *    by the system.
 * @returns null where several could be meant
 */
export function clearPort(service: Service): number | null {
  const ports = candidatePorts(service);
  if (ports.length < 2) return onlyOne(ports);
  const named = isContainer(service)
    ? null
    : onlyOne([...new Set(portsOfFlags(argvOf(service)))].filter((port) => ports.includes(port)));
  if (named !== null) return named;
  const likely = pagePorts(service).filter((port) => !SIDE_PORTS.has(port));
  return (
    onlyOne(likely) ??
    (isContainer(service) ? containerPort(service, likely) : onlyOne(likely.filter((port) => !isPassingPort(port))))
  );
}

function containerPort(container: ContainerService, ports: readonly number[]): number | null {
  const published = new Set(container.publish.map((entry) => entry.container));
  const open = onlyOne(ports.filter((port) => published.has(port)));
  if (open !== null || PROXIES.has(imageName(container))) return open;
  return ports.includes(80) ? 80 : null;
}

function onlyOne(ports: readonly number[]): number | null {
  const [only] = ports;
  return ports.length === 1 && only !== undefined ? only : null;
}

function portsOfFlags(argv: readonly string[]): number[] {
  const ports: number[] = [];
  for (const [i, arg] of argv.entries()) {
    const equals = arg.indexOf('=');
    const flag = equals === -1 ? arg : arg.slice(0, equals);
    if (!PORT_FLAG.test(flag)) continue;
    const port = portIn(equals === -1 ? (argv[i + 1] ?? '') : arg.slice(equals + 1));
    if (port !== null) ports.push(port);
  }
  return ports;
}

/** `5173`, `:5173`, `127.0.0.1:5173`, `http://localhost:5173;https://localhost:7173` -> 5173. */
function portIn(text: string): number | null {
  const match = /^(?:http:\/\/)?(?:[\w.[\]*+-]*:)?(\d{1,5})(?:;.*)?$/.exec(text.slice(0, 100));
  return match?.[1] === undefined ? null : Number(match[1]);
}
