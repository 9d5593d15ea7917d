/**
 * Where the service that a mapping names listens now. A mapping says WHO; this finds who that is in a snapshot, after a
 * restart on another port, with a new pid, in a re-created container. It never takes a neighbour: what fits only half
 * is not it, and where two fit equally it says so instead of taking the lowest port.
 * Pure; from memory; called when a hostname has no address yet, not per request.
 */
import { isIP } from 'node:net';
import path from 'node:path';
import { type Identity, identityMatch, identityOf } from '../core/identity.ts';
import type { Mapping } from '../core/mapping.ts';
import {
  type ContainerService,
  candidatePorts,
  describeService,
  isContainer,
  type Listen,
  type ProcessService,
  type Service,
  type Snapshot,
} from '../core/service.ts';
import { hostPort, type Upstream } from '../core/upstream.ts';
import { containerUpstream, processUpstream } from './dial.ts';

/** What {@link locate} found. `detail` is for people and holds names only. */
export type Located =
  /** `service` is null for an address that the user named. */
  | { kind: 'found'; upstream: Upstream; service: Service | null }
  | { kind: 'absent'; detail: string }
  | { kind: 'ambiguous'; services: Service[]; detail: string };

/** Find a mapping's service in a snapshot. Cost: a comparison per service. */
export function locate(mapping: Mapping, snapshot: Snapshot): Located {
  if (mapping.identity) return locateIdentity(mapping, mapping.identity, snapshot);
  if (mapping.type === 'docker') return locateContainerName(mapping, snapshot);
  return locateSeedProcess(mapping, snapshot);
}

function locateIdentity(mapping: Mapping, identity: Identity, snapshot: Snapshot): Located {
  if (identity.kind === 'container') {
    const scored = best(snapshot.containers, (container) => identityMatch(identity, container));
    return locateContainer(mapping, scored.services, identity.name);
  }
  const { services, score } = best(snapshot.processes, (service) => identityMatch(identity, service));
  if (score === FULL_PROCESS_MATCH) return unshared(choosePort(mapping, services), snapshot);
  const name = path.basename(identity.root ?? identity.workdir);
  const [similar] = services;
  // Same project, but another directory or other arguments: with several apps under one root that is the neighbour.
  const aside = similar ? `; ${describeService(similar)} runs there with another directory or other arguments` : '';
  return { kind: 'absent', detail: `“${name}” is not listening now${aside}` };
}

/** identityMatch's value for the same project, command, directory and arguments. */
const FULL_PROCESS_MATCH = 4;

/** The services that reach the highest score; none for a highest score of 0. */
function best<T extends Service>(
  services: readonly T[],
  scoreOf: (service: T) => number,
): { services: T[]; score: number } {
  let score = 0;
  let winners: T[] = [];
  for (const service of services) {
    const own = scoreOf(service);
    if (own > score) {
      score = own;
      winners = [];
    }
    if (own === score && own > 0) winners.push(service);
  }
  return { services: winners, score };
}

/**
 * Which of several equally fitting processes, and on which port. The recorded port where one of them still has it;
 * else the port, if there is only one that it can be.
 */
function choosePort(mapping: Mapping, services: readonly ProcessService[]): Located {
  if (services.some((service) => listensOn(service, mapping.port))) return onPort(services, mapping.port);
  const ports = possiblePorts(mapping, services);
  const [port] = ports;
  if (port === undefined) {
    const name = services[0] ? describeService(services[0]) : 'it';
    return { kind: 'absent', detail: `${name} runs, but does not listen on its port ${mapping.port} yet` };
  }
  if (ports.length === 1) return onPort(services, port);
  const detail = `port ${mapping.port} is gone, and it could be any of ${ports.join(', ')} now`;
  return { kind: 'ambiguous', services: [...services], detail };
}

/**
 * Ports that the recorded one may have become: not those that the service had beside it (HMR, metrics, admin), which
 * after a restart are often open before its own.
 */
function possiblePorts(mapping: Mapping, services: readonly Service[]): number[] {
  const others: unknown[] = Array.isArray(mapping.otherPorts) ? mapping.otherPorts : [];
  const ports = new Set(services.flatMap((service) => candidatePorts(service)));
  return [...ports].filter((port) => !others.includes(port)).sort((a, b) => a - b);
}

/** By ticks on Linux, by the second elsewhere. */
function byStart(a: ProcessService, b: ProcessService): number {
  return (a.startTicks ?? 0) - (b.startTicks ?? 0) || (a.startedAt ?? '').localeCompare(b.startedAt ?? '');
}

/** The one of these that listens on a port. */
function onPort(services: readonly ProcessService[], port: number): Located {
  const listening = services.filter((service) => listensOn(service, port));
  if (!areOneService(listening)) {
    const detail = `several programs listen on port ${port}: ${listening.map(describeService).join(', ')}`;
    return { kind: 'ambiguous', services: listening, detail };
  }
  // Workers that share a port (SO_REUSEPORT): the first one started speaks for them.
  const [service] = listening.sort((a, b) => byStart(a, b) || a.pid - b.pid);
  const upstream = service && processUpstream(service, port);
  if (!service || !upstream) return { kind: 'absent', detail: `nothing listens on port ${port} now` };
  return { kind: 'found', upstream, service };
}

/**
 * A found address, unless another program shares it (SO_REUSEPORT): the kernel would deal the connections out between
 * them, and no proof could tell who gets one.
 */
function unshared(located: Located, snapshot: Snapshot): Located {
  if (located.kind !== 'found' || !located.service || isContainer(located.service)) return located;
  const { service, upstream } = located;
  const sockets = service.listen.filter(({ port }) => port === upstream.port);
  const sharing = snapshot.processes.filter(
    (other) =>
      other.id !== service.id &&
      other.listen.some((listen) => takesConnections(listen, upstream, sockets)) &&
      !areOneService([service, other]),
  );
  if (sharing.length === 0) return located;
  const services = [service, ...sharing];
  const detail = `several programs share port ${upstream.port}: ${services.map(describeService).join(', ')}`;
  return { kind: 'ambiguous', services, detail };
}

/**
 * Would another program's socket get connections to the address that is dialled? One on that very address does, and
 * before any wildcard of ours; one on the wildcard that we listen on shares them.
 */
function takesConnections(other: Listen, upstream: Upstream, own: readonly Listen[]): boolean {
  if (other.port !== upstream.port || other.inode === undefined) return false;
  if (own.some(({ inode }) => inode === undefined || inode === other.inode)) return false;
  return other.address === upstream.address || own.some(({ address }) => address === other.address);
}

function listensOn(service: ProcessService, port: number): boolean {
  return service.listen.some((listen) => listen.port === port);
}

/** Workers are one; an IPv4 and an IPv6 server of two projects on one port number are not. */
function areOneService(services: readonly ProcessService[]): boolean {
  const identities = new Set(services.map((service) => JSON.stringify(identityOf(service) ?? service.id)));
  return identities.size <= 1;
}

function locateContainerName(mapping: Mapping, snapshot: Snapshot): Located {
  const name = mapping.target.replace(/^\//, '');
  const containers = snapshot.containers.filter((container) => container.name === name || container.id === name);
  return locateContainer(mapping, containers, name);
}

function locateContainer(mapping: Mapping, containers: readonly ContainerService[], name: string): Located {
  // Replicas of one compose service are the same program from the same image: any will do, so the first by name.
  const [container] = [...containers].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  if (!container) return { kind: 'absent', detail: `the container “${name}” is not running` };
  const ports = candidatePorts(container);
  const published = container.publish.some((one) => one.host === mapping.port);
  const isRecorded = ports.includes(mapping.port) || published || mapping.source === 'user' || ports.length === 0;
  const possible = isRecorded ? [mapping.port] : possiblePorts(mapping, [container]);
  if (possible.length > 1) {
    const detail = `port ${mapping.port} is gone, and it could be any of ${possible.join(', ')} now`;
    return { kind: 'ambiguous', services: [container], detail };
  }
  const [port] = possible;
  if (port === undefined) return { kind: 'absent', detail: `“${name}” runs without its port ${mapping.port}` };
  const upstream = containerUpstream(container, port);
  if (upstream) return { kind: 'found', upstream, service: container };
  return { kind: 'absent', detail: outOfReach(container, port) };
}

function outOfReach({ name, unreachable }: ContainerService, port: number): string {
  const why = unreachable === undefined ? '' : ` (${unreachable})`;
  return `the container “${name}” cannot be reached from here: publish its port ${port}${why}`;
}

/** Mappings that hold no identity: the seed's, the user's for something that did not run, another user's process. */
function locateSeedProcess(mapping: Mapping, snapshot: Snapshot): Located {
  const { target, port, processIdentifier } = mapping;
  if (processIdentifier) return locateDirectory(mapping, processIdentifier.workdir, snapshot);
  if (path.isAbsolute(target)) return locateDirectory(mapping, target, snapshot);
  const host = target.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return isLocal(host)
    ? locatePort(host, port, snapshot)
    : { kind: 'found', upstream: fixed(host, port), service: null };
}

/**
 * Exactly this directory, or the project whose root it is. Never a directory above or below: with a prefix, an app
 * started in the home folder would take every hostname.
 */
function locateDirectory(mapping: Mapping, directory: string, snapshot: Snapshot): Located {
  const wanted = withoutTrailingSlash(directory);
  const pattern = mapping.processIdentifier?.commandPattern ?? '';
  const fitting = snapshot.processes.filter(
    // The pattern is a plain text to look for: as a regular expression of somebody else's it could run for ever.
    ({ cwd, project, args }) => (cwd === wanted || project?.root === wanted) && args.includes(pattern),
  );
  const atRecorded = fitting.filter((service) => listensOn(service, mapping.port));
  if (atRecorded.length > 0) return onPort(atRecorded, mapping.port);
  const candidates = fitting.filter((service) => service.noise === undefined && candidatePorts(service).length > 0);
  const started = candidates.filter(({ cwd }) => cwd === wanted);
  const services = started.length > 0 ? started : candidates;
  if (services.length > 0) return choosePort(mapping, services);
  return { kind: 'absent', detail: `nothing that was started in “${path.basename(wanted)}” is listening now` };
}

function withoutTrailingSlash(directory: string): string {
  return directory.length > 1 ? directory.replace(/\/+$/, '') : directory;
}

/** Whoever listens on that port of this machine now. */
function locatePort(host: string, port: number, snapshot: Snapshot): Located {
  const services = snapshot.processes.filter((service) =>
    service.listen.some((listen) => listen.port === port && answersAt(host, listen.address)),
  );
  const programs = services.filter((service) => !isForwarder(service));
  if (programs.length > 0) return onPort(programs, port);
  // Published by a forwarder of the engine's, or by rules of the firewall alone.
  const container = snapshot.containers.find(({ publish }) => publish.some((one) => one.host === port));
  const upstream = container && containerUpstream(container, port);
  if (container && upstream) return { kind: 'found', upstream, service: container };
  return onPort(services, port);
}

/** A program that only passes a container's published port on; or one that may not be seen, which it then may be. */
function isForwarder({ pid, command }: ProcessService): boolean {
  return pid === 0 || /^(?:docker-pr|com\.docker|vpnkit|OrbStack|rootlessport|rootlesskit|pasta|conmon)/.test(command);
}

const WILDCARDS = ['0.0.0.0', '::', '*'];

/** Does a socket at `listening` answer whoever asks for `host`? */
function answersAt(host: string, listening: string): boolean {
  if (host === 'localhost' || WILDCARDS.includes(host)) return true;
  if (listening === host || listening === '*' || listening === '::') return true;
  return listening === '0.0.0.0' && isIP(host) === 4;
}

/** Is this host this machine's loopback? */
export function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host) || WILDCARDS.includes(host);
}

function fixed(host: string, port: number): Upstream {
  const label = hostPort(host, port);
  return { key: `fixed@${label}`, address: host, port, serviceId: '', label, proof: { kind: 'fixed' } };
}
