/** What the start page says, as data. */
import type { AppError } from './core/errors.ts';
import { classifyHostname } from './core/hostname.ts';
import {
  candidatePorts,
  candidatesOf,
  describeService,
  isContainer,
  type Service,
  type Snapshot,
} from './core/service.ts';
import { hostPort } from './core/upstream.ts';
import type { ChosenLlm } from './resolve/choose-llm.ts';
import { matchHints } from './resolve/hints.ts';
import { shownHosts } from './resolve/hostnames.ts';
import { matchNames } from './resolve/names.ts';
import type { TrustReport } from './tls/trust/trust-report.ts';

/** What a service looks like on the start page. */
export interface StartService {
  hostname: string;
  label: string;
  branch?: string;
  address: string;
  ports: number[];
}

/** Which LLM is asked, or why none is. */
export interface LlmReport {
  /** Endpoint, without its query. */
  url?: string;
  model?: string;
  /** The server that was found on this machine, where the user set up none: `Ollama`. */
  found?: string;
  reason?: string;
}

/** Everything that the start page says. */
export interface StartReport {
  version: string;
  httpsPort: number;
  httpPort: number;
  hosts: string[];
  /** Why a port is not the one that a user would expect. */
  portNotes: string[];
  /** The lowest port that this user may not listen on, where one of the usual ones was denied. */
  deniedPort?: number;
  services: StartService[];
  /** Services found that no hostname could mean. */
  otherServices: number;
  llm: LlmReport;
  trust: TrustReport;
  /** What plain HTTP gets now. */
  httpMode: 'serve' | 'redirect';
  dataDir: string;
  warnings: string[];
  domains: readonly string[];
}

/** What to say of ports that were taken instead of the usual ones: why, and how to live with whoever has them. */
export function portReport(
  bound: readonly { port: number; instead?: AppError }[],
): Pick<StartReport, 'portNotes' | 'deniedPort'> {
  const portNotes = bound.flatMap(({ port, instead }) => (instead ? [`${instead.message}, so it is ${port}`] : []));
  const together = bound.flatMap(({ instead }) => instead?.data?.together ?? []).map(String);
  const denied = bound.flatMap(({ instead }) =>
    instead?.code === 'PORT_FORBIDDEN' ? [Number(instead.data?.port)] : [],
  );
  return {
    portNotes: [...portNotes, ...new Set(together)],
    ...(denied.length > 0 ? { deniedPort: Math.min(...denied) } : {}),
  };
}

/** The choice, as data. */
export function llmReport({ client, reason, found }: ChosenLlm): LlmReport {
  if (!client) return { reason: reason ?? '' };
  return { url: client.endpoint, model: client.model, ...(found === undefined ? {} : { found }) };
}

/** The same in one line. */
export function llmText(choice: ChosenLlm): string {
  const { url, model, found, reason } = llmReport(choice);
  if (url === undefined) return reason ?? '';
  return found === undefined ? `${model} at ${url}` : `${model} of ${found}, found at ${url}`;
}

/** The services that a hostname could mean, by hostname. */
export function servicesOf(
  snapshot: Snapshot,
  domains: readonly string[],
): Pick<StartReport, 'services' | 'otherServices'> {
  const hosts = shownHosts(snapshot, domains);
  const services: StartService[] = [];
  for (const service of candidatesOf(snapshot)) {
    const hostname = hosts.get(service.id);
    if (hostname && answers(hostname, snapshot, domains)) services.push(startService(service, hostname));
  }
  services.sort((a, b) => a.hostname.localeCompare(b.hostname));
  const total = snapshot.processes.length + snapshot.containers.length;
  return { services, otherServices: total - services.length };
}

/** Would this URL open? Not with two ports of which neither is clearly meant, and not for what may not be inspected. */
function answers(hostname: string, snapshot: Snapshot, domains: readonly string[]): boolean {
  const host = classifyHostname(hostname, domains);
  if (host.kind !== 'app') return false;
  const { name } = host;
  const hint = matchHints({ hostname, name, domains }, snapshot);
  const match = hint.outcome === 'decided' ? hint : matchNames(name, snapshot);
  if (match.outcome !== 'decided') return false;
  return snapshot.processes.every(({ id, command }) => id !== match.id || command !== '');
}

function startService(service: Service, hostname: string): StartService {
  const ports = candidatePorts(service);
  const address = isContainer(service) ? (service.ip ?? '') : (service.listen[0]?.address ?? '');
  const branch = isContainer(service) ? null : service.git?.branch;
  return {
    hostname,
    label: describeService(service),
    ...(branch ? { branch } : {}),
    address: ports[0] === undefined ? address : hostPort(address, ports[0]),
    ports,
  };
}
