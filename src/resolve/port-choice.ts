/** Which of a service's ports is meant, where the service itself leaves no doubt. */

import { argvOf } from '../core/command-words.ts';
import { candidatePorts, isContainer, type Service } from '../core/service.ts';

/** Flags that name the port of the app itself, not of its inspector, metrics or hot reload. */
const PORT_FLAG = /^(?:--?(?:p|port|http[-.]?port|http[-.]?addr(?:ess)?|server[.-]port)|-D?server\.port|PORT)$/i;

/**
 * The one port that a hostname of this service means: its only one, or the one that its command line names.
 * @returns null where several could be meant
 */
export function clearPort(service: Service): number | null {
  const ports = candidatePorts(service);
  const [only] = ports;
  if (ports.length === 1 && only !== undefined) return only;
  if (isContainer(service)) return null;
  const named = new Set(portsOfFlags(argvOf(service)).filter((port) => ports.includes(port)));
  const [flagged] = named;
  return named.size === 1 && flagged !== undefined ? flagged : null;
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

/** `5173`, `:5173`, `127.0.0.1:5173` -> 5173. */
function portIn(text: string): number | null {
  const match = /^(?:[\w.[\]-]*:)?(\d{1,5})$/.exec(text.slice(0, 100));
  return match?.[1] === undefined ? null : Number(match[1]);
}
