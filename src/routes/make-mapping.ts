/**
 * Making a mapping: of a service that was decided on, of what a client PUT, of what a user typed. What goes in names WHO
 * is meant wherever that can be told, so that a route made by hand follows restarts like any other.
 */
import { isIP } from 'node:net';
import path from 'node:path';
import { AppError } from '../core/errors.ts';
import { normalizeHostname } from '../core/hostname.ts';
import { type Identity, identityMatch, identityOf, identitySchema } from '../core/identity.ts';
import { issuesText, type Mapping, type MappingInput, type MappingSource, mappingSchema } from '../core/mapping.ts';
import { NOISE_HOSTWISE } from '../core/noise.ts';
import { allServices, candidatePorts, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { badTarget } from './bad-target.ts';
import { isLocal, locate } from './locate.ts';

export { parseTarget } from './parse-target.ts';

/** Why a service was chosen. */
export interface MappingOrigin {
  source: MappingSource;
  reason: string;
  /** 0..1 */
  confidence: number;
  now?: Date;
  /** What runs beside it: ports of its twins are not taken for its own later. */
  snapshot?: Snapshot;
}

/** Longest text that a mapping may hold. */
const MAX_TEXT = 4096;

/**
 * The mapping that remembers a live service.
 * @param port one of the service's ports; for a container the container port
 */
export function mappingFor(service: Service, port: number, origin: MappingOrigin): Mapping {
  const { source, reason, confidence, now = new Date(), snapshot } = origin;
  return {
    type: isContainer(service) ? 'docker' : 'process',
    target: isContainer(service) ? service.name : 'localhost',
    port,
    createdAt: now.toISOString(),
    llmReason: reason.slice(0, MAX_TEXT),
    ...whoIs(service, port, snapshot),
    source,
    confidence: Math.min(1, Math.max(0, confidence)),
  };
}

/** The same mapping with the port that its service has now, and those beside it. */
export function movedTo(mapping: Mapping, service: Service, port: number, snapshot: Snapshot): Mapping {
  const { otherPorts: _stale, ...kept } = mapping;
  const { otherPorts } = mappingFor(service, port, { source: 'name', reason: '', confidence: 1, snapshot });
  return { ...kept, port, ...(otherPorts === undefined ? {} : { otherPorts }) };
}

/** The fields of a mapping that say who a live service is; only what can be told. */
function whoIs(
  service: Service,
  port: number,
  snapshot: Snapshot | undefined,
): Pick<Mapping, 'processIdentifier' | 'identity'> & { otherPorts?: number[] } {
  const identity = identityOf(service);
  // Only of a port that it has now can be said which ones were beside it.
  const own = portsOf(service).includes(port) ? candidatePorts(service).filter((other) => other !== port) : [];
  const otherPorts = [...own, ...twinPorts(service, identity, snapshot)];
  const workdir = isContainer(service) ? null : service.cwd;
  return {
    ...(workdir !== null && workdir.length <= MAX_TEXT ? { processIdentifier: { workdir } } : {}),
    ...(identity ? { identity } : {}),
    ...(otherPorts.length > 0 ? { otherPorts } : {}),
  };
}

/** Ports of the programs that nothing but their port tells from this one: two starts of one script with other env. */
function twinPorts(service: Service, identity: Identity | null, snapshot: Snapshot | undefined): number[] {
  if (identity?.kind !== 'process' || !snapshot) return [];
  const same = JSON.stringify(identity);
  const twins = snapshot.processes.filter(
    (other) => other.id !== service.id && JSON.stringify(identityOf(other)) === same,
  );
  const own = portsOf(service);
  return twins.flatMap((twin) => candidatePorts(twin)).filter((port) => !own.includes(port));
}

/**
 * The mapping of a PUT or of `routes set`: the user's, with the identity of whoever is meant now. What does not run yet
 * is stored all the same and found when it does. Fields that we do not know are kept.
 * @throws {AppError} ROUTE_BAD_TARGET: a relative directory, no hostname, no container name · ROUTE_BAD_MAPPING
 */
export function mappingFromInput(input: MappingInput, snapshot: Snapshot, now: Date = new Date()): Mapping {
  const { identity, processIdentifier, otherPorts: _derived, ...fields } = input;
  const meant = { ...NOBODY, type: input.type, target: checkedTarget(input), port: input.port };
  const known = keptIdentity(identity, meant, snapshot);
  const live = serviceAt(known ? { ...meant, identity: known } : meant, snapshot) ?? serviceAt(meant, snapshot);
  if (live?.noise === NOISE_HOSTWISE) throw badTarget(`${input.target}:${input.port}`, 'is hostwise itself');
  const mapping = mappingSchema.safeParse({
    llmReason: 'Set by the user',
    ...fields,
    target: meant.target,
    ...(live ? whoIs(live, input.port, snapshot) : whoWas(meant, known, processIdentifier, snapshot)),
    createdAt: now.toISOString(),
    source: 'user',
    confidence: 1,
  });
  if (!mapping.success) throw new AppError('ROUTE_BAD_MAPPING', `Bad mapping: ${issuesText(mapping.error)}`);
  return mapping.data;
}

const NOBODY: Mapping = { type: 'process', target: 'localhost', port: 1, createdAt: '', llmReason: '', source: 'user' };

/** Check a target's form and bring it to the one that is stored. */
function checkedTarget({ type, target: written }: MappingInput): string {
  const target = written.trim();
  if (type === 'docker') {
    const name = target.replace(/^\//, '');
    if (/^[a-zA-Z0-9][\w.-]*$/.test(name)) return name;
    throw badTarget(written, 'is not the name of a container', 'See the names with: hostwise services');
  }
  if (path.isAbsolute(target)) return path.normalize(target).replace(/(?!^)\/+$/, '');
  if (/^[.~]|\//.test(target)) throw badTarget(written, 'is not an absolute directory', 'Write it from / on');
  const host = target.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const name = isIP(host) > 0 ? host : normalizeHostname(host);
  if (name !== null) return name;
  throw badTarget(written, 'is no hostname, address or directory');
}

/** Who is meant now, if it is clear. Where a port of this machine is named, it is whoever has that very port. */
function serviceAt(meant: Mapping, snapshot: Snapshot): Service | undefined {
  if (meant.type === 'docker') return snapshot.containers.find(({ name }) => name === meant.target);
  const located = locate(meant, snapshot);
  if (located.kind !== 'found' || located.service === null) return undefined;
  // A published port stays a port: whoever publishes it is meant.
  if (isContainer(located.service)) return undefined;
  return path.isAbsolute(meant.target) || portsOf(located.service).includes(meant.port) ? located.service : undefined;
}

/** The identity of somebody who does not run now: what the client said of it, or the directory that is the target. */
function whoWas(
  meant: Mapping,
  identity: Identity | undefined,
  processIdentifier: unknown,
  snapshot: Snapshot,
): Partial<Mapping> {
  if (meant.type === 'docker') return identity ? { identity } : {};
  if (path.isAbsolute(meant.target)) return { processIdentifier: { workdir: meant.target } };
  const parsed = mappingSchema.shape.processIdentifier.safeParse(processIdentifier);
  const kept = parsed.success && parsed.data && isLocal(meant.target) ? parsed.data : undefined;
  // See keptIdentity: of somebody who runs elsewhere now it is not the port that is out of date.
  const isElsewhere = kept && locate({ ...meant, processIdentifier: kept }, snapshot).kind !== 'absent';
  return { ...(identity ? { identity } : {}), ...(kept && !isElsewhere ? { processIdentifier: kept } : {}) };
}

/**
 * An identity that the client sent back (it read the mapping and changed a field) counts, unless it contradicts the
 * port: then the service that it names runs elsewhere, and the port is what was changed.
 */
function keptIdentity(given: unknown, { type, target, port }: Mapping, snapshot: Snapshot): Identity | undefined {
  const parsed = identitySchema.safeParse(given);
  if (!parsed.success || (parsed.data.kind === 'container') !== (type === 'docker')) return undefined;
  if (type === 'docker' ? !nameFits(parsed.data, target) : !isLocal(target)) return undefined;
  const named = allServices(snapshot).filter((service) => identityMatch(parsed.data, service) > 0);
  const isElsewhere = named.length > 0 && !named.some((service) => portsOf(service).includes(port));
  return isElsewhere ? undefined : parsed.data;
}

/** Another container's name is what was changed, then. */
function nameFits(identity: Identity, target: string): boolean {
  return identity.kind === 'container' && identity.name === target;
}

/** Every port by which a service may be meant: noise and published host ports too. */
function portsOf(service: Service): number[] {
  if (!isContainer(service)) return service.listen.map((listen) => listen.port);
  return [...candidatePorts(service), ...service.publish.map((one) => one.host)];
}
