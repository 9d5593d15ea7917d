/**
 * hostname -> address to dial: the remembered mapping, else a decision. What the proxy asks per request is answered
 * from memory; everything else goes through here, one flight per hostname.
 *
 * Everything that was read before an `await` is read again after it: a mapping that the user changes meanwhile wins.
 */
import { LRUCache } from 'lru-cache';
import type { ResolvedDecision } from '../core/decision.ts';
import { sameProgram } from '../core/identity.ts';
import { describeMapping, type Mapping, mappingKey } from '../core/mapping.ts';
import type { Candidate, PathRule, RouteAsk, RouteOutcome } from '../core/route.ts';
import { candidatePorts, describeService, type Service, type Snapshot } from '../core/service.ts';
import { SingleFlight } from '../core/single-flight.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Discovery } from '../discovery/snapshot.ts';
import type { Logger } from '../platform/log.ts';
import { locate } from '../routes/locate.ts';
import { mappingFor } from '../routes/make-mapping.ts';
import type { MappingStore } from '../routes/mapping-store.ts';
import { PathTable } from '../routes/path-table.ts';
import { canonicalHosts } from './canonical.ts';
import { correctionsOf } from './corrections.ts';
import { presented } from './presentation.ts';
import type { ResolveAsk, Resolver } from './resolver.ts';

/** Addresses remembered at once: as many hostnames as a large machine uses, whatever a hostile page invents. */
const MAX_ADDRESSES = 10_000;

/** What the router is made of. */
export interface RouterParts {
  discovery: Pick<Discovery, 'current' | 'refresh' | 'holds'>;
  store: MappingStore;
  resolver: Resolver;
  log: Logger;
}

/** See the file's header. Implements the proxy's `Router`. */
export class HostRouter {
  readonly #parts: RouterParts;
  readonly #addresses = new LRUCache<string, Upstream>({ max: MAX_ADDRESSES });
  readonly #flights = new SingleFlight<RouteOutcome>();
  readonly #paths: PathTable;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#paths = new PathTable(parts.store);
    parts.store.onChange((key) => {
      this.#addresses.delete(key);
      this.#addresses.delete(key + ANY_SUFFIX);
      for (const prefix of this.#paths.update(key)) this.#addresses.delete(key + prefix);
    });
  }

  /** Address from memory, or undefined. Cost: one look-up in a map. */
  peek(ask: RouteAsk): Upstream | undefined {
    return this.#addresses.get(addressKey(ask));
  }

  /** The entry of `paths` that a request falls under. Cost: one comparison where no mapping has any. */
  pathRule(hostname: string, path: string): PathRule | undefined {
    return this.#paths.find(hostname, path);
  }

  /** Does the right one still listen? */
  verify(upstream: Upstream): boolean | Promise<boolean> {
    return this.#parts.discovery.holds(upstream.proof);
  }

  /** Find the address, deciding and remembering when nothing is remembered yet. */
  route(ask: RouteAsk): Promise<RouteOutcome> {
    return this.#flights.run(flightKey(ask), () => this.#route(ask));
  }

  /** The address did not hold: look at the machine again, now, and follow the identity. */
  reroute(ask: RouteAsk, failed: Upstream): Promise<RouteOutcome> {
    const key = addressKey(ask);
    if (this.#addresses.peek(key)?.key === failed.key) this.#addresses.delete(key);
    return this.#flights.run(`again ${key}`, async () => this.#settle(ask, await this.#parts.discovery.refresh()));
  }

  /** A decision without proxying, as `resolve` shows it: mappings are ignored, but for who the origin is. */
  async decide(question: ResolveAsk, snapshot: Snapshot): Promise<ResolvedDecision> {
    return this.#parts.resolver.resolve(await this.#withContext(question, snapshot), snapshot);
  }

  async #route(ask: RouteAsk): Promise<RouteOutcome> {
    const { discovery } = this.#parts;
    const mapping = this.#mappingOf(ask);
    // A prompt is context for a resolution that happens anyway; alone it never re-resolves.
    if (ask.force === true && mapping && mapping.source !== 'user') {
      return this.#decide(ask, await discovery.refresh());
    }
    const seen = discovery.current;
    const at = mapping && seen && locate(mapping, seen);
    if (at?.kind === 'found') return this.#remember(ask, at.upstream, mapping, seen);
    // Always a new look: a server that was started a moment ago is what people ask for. Looks are shared, and cost
    // the proxy's own thread nothing.
    return this.#settle(ask, await discovery.refresh());
  }

  /** What the mapping says now, in a fresh snapshot; without one, a decision. */
  #settle(ask: RouteAsk, snapshot: Snapshot): Promise<RouteOutcome> | RouteOutcome {
    const mapping = this.#mappingOf(ask);
    if (mapping) return this.#follow(ask, mapping, snapshot);
    // Taken out of `paths` since the request came.
    if (ask.pathPrefix !== undefined) return { kind: 'unknown', candidates: [], why: 'That path is no longer set' };
    return this.#decide(ask, snapshot);
  }

  /**
   * The mapping that an ask may use. One that was decided for a caller with the seed's reach (any service) is none for
   * a page, which reaches only siblings of its origin and what the user set.
   */
  #mappingOf(ask: RouteAsk): Mapping | undefined {
    if (ask.pathPrefix !== undefined) return this.#paths.entry(ask.hostname, ask.pathPrefix)?.mapping;
    const mapping = this.#parts.store.get(mappingKey(ask.hostname, ask.service));
    return mapping && ask.siblingsOnly && mapping[ANY_REACH] === true ? undefined : mapping;
  }

  /** A mapping whose target has to be found in a fresh snapshot. Never a neighbour. */
  async #follow(ask: RouteAsk, mapping: Mapping, snapshot: Snapshot): Promise<RouteOutcome> {
    const at = locate(mapping, snapshot);
    if (at.kind === 'found') return this.#remember(ask, at.upstream, mapping, snapshot);
    if (at.kind === 'ambiguous') {
      return { kind: 'unknown', candidates: this.#candidates(at.services, snapshot), why: at.detail };
    }
    const successor = await this.#successor(ask, mapping, snapshot);
    if (successor) return this.#adopt(ask, successor, mapping, snapshot);
    return { kind: 'away', label: describeMapping(mapping), detail: at.detail };
  }

  /**
   * The same program, started another way (`vite` became `vite preview`), if the name says so, too. What the user set
   * is never followed so far.
   */
  async #successor(ask: RouteAsk, mapping: Mapping, snapshot: Snapshot): Promise<ResolvedDecision | undefined> {
    const { identity, source } = mapping;
    if (!identity || source === 'user' || source === undefined) return undefined;
    const question = await this.#withContext({ ...toResolve(ask), mode: 'names' }, snapshot);
    const decision = await this.#parts.resolver.resolve(question, snapshot);
    return decision.resolved && sameProgram(identity, decision.resolved) ? decision : undefined;
  }

  async #decide(ask: RouteAsk, snapshot: Snapshot): Promise<RouteOutcome> {
    const before = this.#mappingOf(ask);
    const question = await this.#withContext(toResolve(ask), snapshot);
    const decision = await this.#parts.resolver.resolve(question, snapshot);
    if (decision.resolved && decision.target) return this.#adopt(ask, decision, before, snapshot);
    return {
      kind: 'unknown',
      candidates: this.#candidates(decision.candidates, snapshot),
      why: publicReason(decision),
    };
  }

  /** Remember a decision, unless somebody set the mapping while it was made. @param before the mapping it replaces */
  #adopt(
    ask: RouteAsk,
    decision: ResolvedDecision,
    before: Mapping | undefined,
    snapshot: Snapshot,
  ): Promise<RouteOutcome> | RouteOutcome {
    const now = this.#mappingOf(ask);
    if (now !== before && now !== undefined) return this.#follow(ask, now, snapshot);
    const { resolved, target, reason, confidence } = decision;
    if (!resolved || !target) return { kind: 'unknown', candidates: [], why: reason };
    const source = decision.decision === 'none' ? 'name' : decision.decision;
    const mapping = mappingFor(resolved, target.port, { source, reason, confidence, snapshot });
    this.#store(ask, mapping);
    const at = locate(mapping, snapshot);
    if (at.kind === 'found') return this.#remember(ask, at.upstream, mapping, snapshot);
    const services = at.kind === 'ambiguous' ? at.services : [resolved];
    return { kind: 'unknown', candidates: this.#candidates(services, snapshot), why: at.detail };
  }

  #store(ask: RouteAsk, mapping: Mapping): void {
    const { store, log } = this.#parts;
    const key = mappingKey(ask.hostname, ask.service);
    // What a page may reach does not replace what the user's programs get; only its address is remembered.
    if (ask.siblingsOnly && store.get(key)?.[ANY_REACH] === true) return;
    if (reachesAnything(ask)) mapping[ANY_REACH] = true;
    // The answer does not wait for the disk, and a full disk does not fail the request.
    store.set(key, mapping).catch((error: unknown) => {
      log.warn({ err: error, host: ask.hostname }, 'The mapping could not be written');
    });
  }

  #remember(
    ask: RouteAsk,
    found: Upstream,
    mapping: Mapping | undefined,
    snapshot: Snapshot | undefined,
  ): RouteOutcome {
    const upstream = presented(found, ask, mapping, snapshot);
    this.#addresses.set(addressKey(ask), upstream);
    return { kind: 'upstream', upstream };
  }

  /** A question with what is known around it: who the origin is, and what the user corrected before. */
  async #withContext(question: ResolveAsk, snapshot: Snapshot): Promise<ResolveAsk> {
    const { store, resolver } = this.#parts;
    const corrections = correctionsOf(store.all());
    if (question.service === undefined || question.origin) return { corrections, ...question };
    const mapping = store.get(question.host);
    const at = mapping && locate(mapping, snapshot);
    const byName = async () => (await resolver.resolve({ host: question.host, mode: 'names' }, snapshot)).resolved;
    const known = at?.kind === 'found' ? at.service : mapping ? null : await byName();
    return { corrections, ...question, ...(known ? { origin: known } : {}) };
  }

  #candidates(services: readonly Service[], snapshot: Snapshot): Candidate[] {
    const hosts = canonicalHosts(snapshot);
    return services.map((service) => {
      const hostname = hosts.get(service.id);
      return {
        id: service.id,
        name: describeService(service),
        ports: candidatePorts(service),
        ...(hostname ? { hostname } : {}),
      };
    });
  }
}

/** The reason in our own words: an LLM server's may hold anything, and pages of apps can read this. */
function publicReason({ steps, reason }: ResolvedDecision): string {
  const failed = steps.find((step) => step.outcome === 'failed');
  if (!failed) return reason;
  const why = `The LLM gave no usable answer (${failed.code ?? 'unknown'}); “hostwise resolve --explain” says more`;
  return steps.map((step) => (step === failed ? why : step.detail)).join('. ');
}

/** Field of a mapping that was decided among all services, not only the siblings of its origin. */
const ANY_REACH = 'anyReach';
const ANY_SUFFIX = ' any';

function reachesAnything(ask: RouteAsk): boolean {
  return ask.service !== undefined && ask.siblingsOnly !== true;
}

/** Addresses found with a wider reach are remembered apart. */
function addressKey(ask: RouteAsk): string {
  if (ask.pathPrefix !== undefined) return ask.hostname + ask.pathPrefix;
  return mappingKey(ask.hostname, ask.service) + (reachesAnything(ask) ? ANY_SUFFIX : '');
}

function toResolve(ask: RouteAsk): ResolveAsk {
  return {
    host: ask.hostname,
    navigation: ask.navigation,
    ...(ask.service === undefined ? {} : { service: ask.service }),
    ...(ask.prompt === undefined ? {} : { prompt: ask.prompt }),
    ...(ask.siblingsOnly === undefined ? {} : { siblingsOnly: ask.siblingsOnly }),
    ...(ask.force === undefined ? {} : { force: ask.force }),
  };
}

/** Asks that may share one answer. */
function flightKey(ask: RouteAsk): string {
  return JSON.stringify([addressKey(ask), ask.prompt, ask.force === true, ask.siblingsOnly === true]);
}
