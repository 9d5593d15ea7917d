/**
 * hostname -> address to dial: the remembered mapping, else a decision. What the proxy asks per request is answered
 * from memory; everything else goes through here, one flight per hostname.
 */
import { LRUCache } from 'lru-cache';
import { type Mapping, mappingKey } from '../core/mapping.ts';
import type { Candidate, RouteAsk, RouteOutcome } from '../core/route.ts';
import { candidatePorts, describeService, type Service, type Snapshot } from '../core/service.ts';
import { SingleFlight } from '../core/single-flight.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Discovery } from '../discovery/snapshot.ts';
import type { Logger } from '../platform/log.ts';
import { locate } from '../routes/locate.ts';
import { mappingFor } from '../routes/make-mapping.ts';
import type { MappingStore } from '../routes/mapping-store.ts';
import { canonicalHosts } from './canonical.ts';
import type { Resolver } from './resolver.ts';

/** Addresses remembered at once: as many hostnames as a large machine uses, whatever a hostile page invents. */
const MAX_ADDRESSES = 10_000;

/** What the router is made of. */
export interface RouterParts {
  discovery: Discovery;
  store: MappingStore;
  resolver: Resolver;
  log: Logger;
}

/** See the file's header. Implements the proxy's `Router`. */
export class HostRouter {
  readonly #parts: RouterParts;
  readonly #addresses = new LRUCache<string, Upstream>({ max: MAX_ADDRESSES });
  readonly #flights = new SingleFlight<RouteOutcome>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
    parts.store.onChange((key) => {
      this.#addresses.delete(key);
      this.#addresses.delete(key + ANY_SUFFIX);
    });
  }

  /** Address from memory, or undefined. Cost: one look-up in a map. */
  peek(ask: RouteAsk): Upstream | undefined {
    return this.#addresses.get(addressKey(ask));
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
    return this.#flights.run(`again ${key}`, async () => {
      const snapshot = await this.#parts.discovery.refresh();
      const mapping = this.#mappingOf(ask);
      return mapping ? this.#follow(ask, mapping, snapshot) : this.#decide(ask, snapshot);
    });
  }

  async #route(ask: RouteAsk): Promise<RouteOutcome> {
    const { discovery } = this.#parts;
    const mapping = this.#mappingOf(ask);
    // A prompt is context for a resolution that happens anyway; alone it never re-resolves.
    if (mapping && !(ask.force === true && mapping.source !== 'user')) {
      const seen = discovery.current;
      const at = seen && locate(mapping, seen);
      if (at?.kind === 'found') return this.#remember(ask, at.upstream);
      return this.#follow(ask, mapping, await discovery.refresh());
    }
    // Always a new look: a server that was started a moment ago is what people ask for. Looks are shared, and cost
    // the proxy's own thread nothing.
    return this.#decide(ask, await discovery.refresh());
  }

  /**
   * The mapping that an ask may use. One that was decided for a caller with the seed's reach (any service) is none for
   * a page, which reaches only siblings of its origin and what the user set.
   */
  #mappingOf(ask: RouteAsk): Mapping | undefined {
    const mapping = this.#parts.store.get(mappingKey(ask.hostname, ask.service));
    return mapping && ask.siblingsOnly && mapping[ANY_REACH] === true ? undefined : mapping;
  }

  /** A mapping whose target has to be found in a fresh snapshot. Never a neighbour. */
  async #follow(ask: RouteAsk, mapping: Mapping, snapshot: Snapshot): Promise<RouteOutcome> {
    const at = locate(mapping, snapshot);
    if (at.kind === 'found') return this.#remember(ask, at.upstream);
    if (mapping.source === 'name' || mapping.source === 'llm') {
      // The same name may by now be, exactly, the name of another service (`vite` became `vite preview`).
      const decision = await this.#parts.resolver.resolve({ ...toResolve(ask), mode: 'names' }, snapshot);
      if (decision.resolved && decision.target) return this.#adopt(ask, decision.resolved, decision, snapshot);
    }
    const detail = at.detail;
    if (at.kind === 'ambiguous') {
      return { kind: 'unknown', candidates: this.#candidates(at.services, snapshot), why: detail };
    }
    return { kind: 'away', label: labelOf(mapping), detail };
  }

  async #decide(ask: RouteAsk, snapshot: Snapshot): Promise<RouteOutcome> {
    const origin = ask.service === undefined ? undefined : this.#serviceOf(ask.hostname, snapshot);
    const decision = await this.#parts.resolver.resolve(
      {
        ...toResolve(ask),
        ...(origin ? { origin } : {}),
        corrections: this.#corrections(),
      },
      snapshot,
    );
    if (decision.resolved && decision.target) return this.#adopt(ask, decision.resolved, decision, snapshot);
    return { kind: 'unknown', candidates: this.#candidates(decision.candidates, snapshot), why: decision.reason };
  }

  #adopt(
    ask: RouteAsk,
    service: Service,
    decision: Awaited<ReturnType<Resolver['resolve']>>,
    snapshot: Snapshot,
  ): RouteOutcome {
    const port = decision.target?.port ?? 0;
    const source = decision.decision === 'none' ? 'name' : decision.decision;
    const { reason, confidence } = decision;
    const mapping = mappingFor(service, port, { source, reason, confidence, now: new Date() });
    if (reachesAnything(ask)) mapping[ANY_REACH] = true;
    const key = mappingKey(ask.hostname, ask.service);
    // The answer does not wait for the disk, and a full disk does not fail the request.
    this.#parts.store.set(key, mapping).catch((error: unknown) => {
      this.#parts.log.warn({ err: error, host: ask.hostname }, 'The mapping could not be written');
    });
    const at = locate(mapping, snapshot);
    if (at.kind === 'found') return this.#remember(ask, at.upstream);
    const services = at.kind === 'ambiguous' ? at.services : [service];
    return { kind: 'unknown', candidates: this.#candidates(services, snapshot), why: at.detail };
  }

  #remember(ask: RouteAsk, upstream: Upstream): RouteOutcome {
    this.#addresses.set(addressKey(ask), upstream);
    return { kind: 'upstream', upstream };
  }

  /** The live service that a hostname stands for, when that is settled. */
  #serviceOf(hostname: string, snapshot: Snapshot): Service | undefined {
    const mapping = this.#parts.store.get(hostname);
    const at = mapping && locate(mapping, snapshot);
    return at?.kind === 'found' ? (at.service ?? undefined) : undefined;
  }

  /** What the user set by hand, as examples for later decisions. */
  #corrections(): { host: string; target: string }[] {
    const corrections: { host: string; target: string }[] = [];
    for (const [host, mapping] of Object.entries(this.#parts.store.all())) {
      if (mapping.source === 'user') corrections.push({ host, target: labelOf(mapping) });
    }
    return corrections.slice(-MAX_CORRECTIONS);
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

/** Field of a mapping that was decided among all services, not only the siblings of its origin. */
const ANY_REACH = 'anyReach';
const ANY_SUFFIX = ' any';

function reachesAnything(ask: RouteAsk): boolean {
  return ask.service !== undefined && ask.siblingsOnly !== true;
}

/** Addresses found with a wider reach are remembered apart. */
function addressKey(ask: RouteAsk): string {
  return mappingKey(ask.hostname, ask.service) + (reachesAnything(ask) ? ANY_SUFFIX : '');
}

/** Enough examples for a model, few enough for a small prompt. */
const MAX_CORRECTIONS = 10;

function toResolve(ask: RouteAsk): Parameters<Resolver['resolve']>[0] {
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
  return JSON.stringify([ask.hostname, ask.service, ask.prompt, ask.force === true, ask.siblingsOnly === true]);
}

/** For people: the project or container that a mapping means. */
function labelOf(mapping: Mapping): string {
  const { identity } = mapping;
  if (identity?.kind === 'container') return identity.name;
  const directory = identity?.root ?? identity?.workdir ?? mapping.processIdentifier?.workdir;
  const name = directory?.split('/').findLast((part) => part !== '');
  return name ?? `${mapping.target}:${mapping.port}`;
}
