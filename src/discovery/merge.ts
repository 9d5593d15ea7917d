/**
 * One snapshot of processes and containers, each service once: what forwards a container's port, and a process of a
 * container in this machine's own network, is the container. Pure; some microseconds, for each change of either.
 */
import { NOISE_HOSTWISE } from '../core/noise.ts';
import { type ContainerService, isOneOff, type Listen, type ProcessService, type Snapshot } from '../core/service.ts';
import type { ContainerState } from './docker/containers.ts';
import { NOISE_FORWARDER } from './noise.ts';

/** Who we are, for telling what is ours. */
export interface MergeContext {
  /** Our own compose project: its containers are no candidates. */
  composeProject?: string | undefined;
  /** The container that we run in: processes in it are, for us, ordinary ones. */
  ownContainer?: string | undefined;
}

/** Put together. The scan's object comes back when there is nothing to change. */
export function mergeSnapshot(scan: Snapshot, state: ContainerState, context: MergeContext = {}): Snapshot {
  const byId = new Map(state.services.map((service) => [service.id, service]));
  const published = publishedHere(state);
  const held = new Map<string, ProcessService[]>();
  const processes = scan.processes.map((process) => {
    if (process.noise === NOISE_FORWARDER) return forwarder(process, published);
    const owner = ownerOf(process, byId, context);
    if (!owner) return process;
    held.set(owner.id, [...(held.get(owner.id) ?? []), process]);
    return { ...process, noise: `belongs to the container “${owner.name}”` };
  });
  const isUnchanged = processes.every((process, i) => process === scan.processes[i]);
  if (isUnchanged && state.services.length === 0 && state.warnings.length === 0) return scan;
  const containers = state.services.map((service) => withSockets(service, held.get(service.id) ?? []));
  const warnings = [...(scan.warnings ?? []), ...state.warnings];
  return {
    ...scan,
    processes,
    containers: markNoise(containers, context),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

function ownerOf(
  { container, noise }: ProcessService,
  byId: ReadonlyMap<string, ContainerService>,
  { ownContainer }: MergeContext,
): ContainerService | undefined {
  if (container === undefined || container === ownContainer || noise === NOISE_HOSTWISE) return undefined;
  return byId.get(`c${container.slice(0, 12)}`);
}

/** Addresses by port that the listed containers publish on this machine. */
type Published = ReadonlyMap<number, ReadonlySet<string>>;

function publishedHere({ isListed, services }: ContainerState): Published {
  const published = new Map<number, Set<string>>();
  for (const { publish, engineHost } of isListed ? services : []) {
    // Of an engine on another machine, ports are published there.
    if (engineHost !== undefined) continue;
    for (const { host, ip } of publish) published.set(host, (published.get(host) ?? new Set()).add(ip));
  }
  return published;
}

/**
 * A forwarder shows what the listed containers show; but another engine's, or a virtual machine's, shows what nobody
 * else does. So it is noise as far as its ports are those of listed containers.
 */
function forwarder(process: ProcessService, published: Published): ProcessService {
  const listen = process.listen.map((one) => (isPublished(one, published) ? { ...one, noise: NOISE_FORWARDER } : one));
  if (listen.every((one) => one.noise === NOISE_FORWARDER)) return process;
  const { noise: _noise, ...shown } = process;
  return { ...shown, listen };
}

/** Published on every address, a port may be forwarded from one alone: from loopback, where the engine runs in a virtual machine. */
const EVERY_ADDRESS = ['0.0.0.0', '::', ''];

function isPublished({ address, port }: Listen, published: Published): boolean {
  const addresses = published.get(port);
  return addresses !== undefined && [address, ...EVERY_ADDRESS].some((one) => addresses.has(one));
}

/** The sockets of a container's processes in our network are its ports. */
function withSockets(service: ContainerService, processes: readonly ProcessService[]): ContainerService {
  if (processes.length === 0) return service;
  const hostListen = processes.flatMap(({ pid, startTicks, listen: sockets }) =>
    sockets
      .filter(({ noise }) => noise === undefined)
      .map((socket) => ({ ...socket, pid, ...(startTicks === undefined ? {} : { startTicks }) })),
  );
  const expose = [...new Set([...service.expose, ...hostListen.map(({ port }) => port)])].sort((a, b) => a - b);
  return { ...service, hostListen, expose };
}

/** Our own containers, and one-off runs beside the service that they are a run of. */
function markNoise(containers: readonly ContainerService[], { composeProject }: MergeContext): ContainerService[] {
  const serving = new Set(containers.filter((one) => !isOneOff(one)).map(serviceKey));
  return containers.map((container) => {
    if (composeProject !== undefined && container.compose?.project === composeProject) {
      return { ...container, noise: NOISE_HOSTWISE };
    }
    if (!isOneOff(container) || !serving.has(serviceKey(container))) return container;
    return { ...container, noise: `a one-off run beside the service “${container.compose?.service}”` };
  });
}

function serviceKey({ compose, name }: ContainerService): string {
  return JSON.stringify(compose ? [compose.project, compose.service] : [name]);
}
