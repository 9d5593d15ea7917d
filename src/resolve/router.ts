/**
 * hostname -> address to dial: the remembered mapping, else a decision. What the proxy asks per request is answered
 * from memory; everything else goes through here, one flight per hostname.
 *
 * Everything that was read before an `await` is read again after it: a mapping that the user changes meanwhile wins.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { ResolvedDecision } from '../core/decision.ts';
import { sameProgram } from '../core/identity.ts';
import { describeMapping, type Mapping, mappingKey } from '../core/mapping.ts';
import type { Candidate, PathRule, RouteAsk, RouteOutcome } from '../core/route.ts';
import { candidatePorts, describeService, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { SingleFlight } from '../core/single-flight.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Discovery } from '../discovery/snapshot.ts';
import type { GoneFolders } from '../platform/gone-folders.ts';
import type { Logger } from '../platform/log.ts';
import { type Located, locate } from '../routes/locate.ts';
import { mappingFor, movedTo } from '../routes/make-mapping.ts';
import type { MappingStore } from '../routes/mapping-store.ts';
import { PathTable } from '../routes/path-table.ts';
import { AskMappings } from './ask-mappings.ts';
import type { DecisionReader } from './decisions.ts';
import { shownHosts } from './hostnames.ts';
import { LateSiblings } from './late-siblings.ts';
import { MovedAway, mayMoveTo } from './moved-away.ts';
import { prepareNames } from './name-index.ts';
import { OncePerPause } from './once-per-pause.ts';
import { presented } from './presentation.ts';
import { Questions, toResolve } from './questions.ts';
import type { ResolveAsk, Resolver } from './resolver.ts';
import { ReturnWatch } from './return-watch.ts';
import { isAwaitedSite, rivalDigests, rivalsIn } from './rivals.ts';
import { ANY_SUFFIX, addressKey, flightKey } from './route-keys.ts';
import { SecondLooks } from './second-looks.ts';
import { SharingWatch } from './sharing-watch.ts';
import { publicReason } from './trace.ts';
import { rehearseMapping } from './warm-up.ts';

/** Addresses remembered at once: as many hostnames as a large machine uses, whatever a hostile page invents. */
const MAX_ADDRESSES = 10_000;
/** A hostname is decided by force once in this time, whoever holds the reload key down. */
const FORCE_PAUSE_MS = 10_000;
/** Longest that a navigation waits for the second look at a young mapping: a few scans of the machine. */
const LOOK_PATIENCE_MS = 500;

/** What the router is made of. */
export interface RouterParts {
  discovery: Pick<Discovery, 'current' | 'refresh' | 'holds' | 'isShared'>;
  store: MappingStore;
  resolver: Resolver;
  log: Logger;
  /** Milliseconds since 1970; default `Date.now`. */
  now?: () => number;
  /** Which folders are gone from the disk; default: looks there. */
  folders?: Pick<GoneFolders, 'isGone'>;
}

/** See the file's header. Implements the proxy's `Router`. */
export class HostRouter {
  readonly #parts: RouterParts;
  readonly #addresses = new LRUCache<string, Upstream>({ max: MAX_ADDRESSES });
  readonly #flights = new SingleFlight<RouteOutcome>();
  readonly #paths: PathTable;
  readonly #mappings: AskMappings;
  readonly #questions: Questions;
  readonly #forced: OncePerPause;
  readonly #late: LateSiblings;
  readonly #looks: SecondLooks;
  readonly #returns: ReturnWatch;
  readonly #movedAway: MovedAway;
  readonly #sharing: SharingWatch;
  readonly #now: () => number;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#paths = new PathTable(parts.store);
    this.#mappings = new AskMappings({ store: parts.store, paths: this.#paths, log: parts.log });
    this.#now = parts.now ?? Date.now;
    this.#questions = new Questions(parts, this.#now);
    this.#forced = new OncePerPause(this.#now, FORCE_PAUSE_MS);
    const { resolver, discovery } = parts;
    const look = () => discovery.refresh();
    this.#late = new LateSiblings({ resolver, questions: this.#questions, look }, this.#now);
    this.#looks = new SecondLooks(
      {
        ...{ discovery, resolver, log: parts.log, mappings: this.#mappings, questions: this.#questions },
        adopt: (ask, found, mapping, snapshot) => this.#adopt(ask, found, mapping, snapshot),
        forget: (ask) => void this.#addresses.delete(addressKey(ask)),
      },
      this.#now,
    );
    this.#movedAway = new MovedAway(parts.folders);
    const isShared = discovery.isShared.bind(discovery);
    this.#sharing = new SharingWatch({ isShared, look, forget: (key) => this.#forget(key) }, this.#now);
    this.#returns = new ReturnWatch(async (ask) => this.#settle(ask, await parts.discovery.refresh()));
    parts.store.onChange((key) => {
      this.#addresses.delete(key);
      this.#addresses.delete(key + ANY_SUFFIX);
      for (const prefix of this.#paths.update(key)) this.#addresses.delete(key + prefix);
    });
  }

  /** The latest decisions and their traces. */
  get decisions(): DecisionReader {
    return this.#questions.decisions;
  }

  /** Address from memory, or undefined. Cost: one look-up in a map, or three; a second look may be started aside. */
  peek(ask: RouteAsk): Upstream | undefined {
    const known = this.#addresses.get(addressKey(ask));
    if (known === undefined || (!ask.navigation && ask.service === undefined)) return known;
    const due = this.#looks.due(ask);
    if (due === 'wait') return undefined;
    if (due === 'aside') void this.#looks.again(ask);
    return known;
  }

  /** The entry of `paths` that a request falls under. Cost: one comparison where no mapping has any. */
  pathRule(hostname: string, path: string): PathRule | undefined {
    return this.#paths.find(hostname, path);
  }

  /** Is there a mapping? From memory. */
  knows(ask: RouteAsk): boolean {
    return this.#mappings.of(ask) !== undefined;
  }

  /** Does the right one still listen? Whether it does so alone is looked at aside. */
  verify(upstream: Upstream): boolean | Promise<boolean> {
    this.#sharing.opened(upstream).catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'Who shares a port could not be looked at');
    });
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
    return this.#flights.run(`again ${key}`, async () => this.#settle(ask, await this.#look(ask)));
  }

  /** It is away: looks until it is back. @param isOver aborted: the outcome is what was seen last */
  whenBack(ask: RouteAsk, isOver: AbortSignal): Promise<RouteOutcome | undefined> {
    // Not as a navigation: whoever only waits spends nothing of what is kept for those.
    return this.#returns.wait(addressKey(ask), { ...ask, navigation: false }, isOver);
  }

  /** A decision without proxying, as `resolve` shows it: mappings are ignored, but for who the origin is. */
  async decide(question: ResolveAsk, snapshot: Snapshot): Promise<ResolvedDecision> {
    return this.#parts.resolver.resolve(await this.#questions.withContext(question, snapshot), snapshot);
  }

  /** Make ready, in the background, what the first visit needs. Stores nothing; never rejects. */
  async warmUp(snapshot: Snapshot): Promise<void> {
    try {
      await this.#parts.resolver.warmUp(snapshot);
      rehearseMapping(snapshot);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'The first visit could not be prepared');
    }
  }

  #forget(key: string): void {
    for (const [ask, known] of this.#addresses.entries()) if (known.key === key) this.#addresses.delete(ask);
  }

  async #route(ask: RouteAsk): Promise<RouteOutcome> {
    const { discovery } = this.#parts;
    if (ask.force === true) return this.#force(ask);
    if (this.#looks.due(ask) !== 'no') {
      const look = this.#looks.again(ask);
      if (ask.service === undefined) await Promise.race([look, delay(LOOK_PATIENCE_MS, undefined, { ref: false })]);
    }
    const seen = discovery.current;
    // A sibling is told its own hostname.
    if (seen && ask.service !== undefined) await prepareNames(seen);
    const mapping = this.#mappings.of(ask);
    const at = mapping && seen && locate(mapping, seen);
    if (seen && at?.kind === 'found') return this.#arrive(ask, at, seen);
    // Always a new look: a server that was started a moment ago is what people ask for. Looks are shared, and cost
    // the proxy's own thread nothing.
    return this.#settle(ask, await this.#look(ask));
  }

  async #look(ask: RouteAsk): Promise<Snapshot> {
    const snapshot = await this.#parts.discovery.refresh();
    if (ask.service !== undefined) await prepareNames(snapshot);
    return snapshot;
  }

  /**
   * Decide again, but never what the user set, and once in a while only: a reload key that is held down asks again
   * and again. A prompt is context for a resolution that happens anyway; alone it never re-resolves.
   */
  async #force({ force: _, ...ask }: RouteAsk): Promise<RouteOutcome> {
    const { discovery, log } = this.#parts;
    const mapping = this.#mappings.of(ask);
    // What stands under a path is the user's, too.
    if (mapping?.source === 'user' || ask.pathPrefix !== undefined) return this.#route(ask);
    if (this.#forced.mayNow(mappingKey(ask.hostname, ask.service))) {
      return this.#decide({ ...ask, force: true }, await discovery.refresh());
    }
    log.info({ host: ask.hostname }, 'It was decided again a moment ago: what is known is the answer');
    // As a navigation it would ask an LLM that failed a moment ago once more.
    const { prompt: _prompt, ...known } = { ...ask, navigation: false };
    const outcome = await this.#route(known);
    return outcome.kind === 'unknown' ? { ...outcome, why: `${outcome.why}. ${TOO_SOON}` } : outcome;
  }

  /** What the mapping says now, in a fresh snapshot; without one, a decision. */
  #settle(ask: RouteAsk, snapshot: Snapshot): Promise<RouteOutcome> | RouteOutcome {
    const mapping = this.#mappings.of(ask);
    if (mapping) return this.#follow(ask, mapping, snapshot);
    // Taken out of `paths` since the request came.
    if (ask.pathPrefix !== undefined) return { kind: 'unknown', candidates: [], why: 'That path is no longer set' };
    return this.#decide(ask, snapshot);
  }

  /** A mapping whose target has to be found in a fresh snapshot. Never a neighbour. */
  async #follow(ask: RouteAsk, mapping: Mapping, snapshot: Snapshot): Promise<RouteOutcome> {
    const at = locate(mapping, snapshot);
    if (at.kind === 'found') return this.#arrive(ask, at, snapshot);
    if (at.kind === 'ambiguous') {
      return { kind: 'unknown', candidates: this.#candidates(at.services, snapshot), why: at.detail };
    }
    const anew = await this.#decideAnew(ask, mapping, snapshot);
    if (anew) return anew;
    const last = this.#addresses.peek(addressKey(ask));
    return { kind: 'away', label: describeMapping(mapping), detail: at.detail, ...(last && { last }) };
  }

  /**
   * Whoever takes over from what is away: the same program, started another way (`vite` became `vite preview`), the site
   * that its API stood in for, or, if its folder is not there any more, whom the hostname means now. What the user set
   * only ever waits.
   */
  async #decideAnew(ask: RouteAsk, mapping: Mapping, snapshot: Snapshot): Promise<RouteOutcome | undefined> {
    const { identity, source } = mapping;
    if (!identity || source === 'user' || source === undefined) return undefined;
    const question = await this.#questions.withContext({ ...toResolve(ask), mode: 'names' }, snapshot);
    const named = await this.#parts.resolver.resolve(question, snapshot);
    const isSite = ask.service === undefined && isAwaitedSite(mapping, named.resolved, snapshot);
    const isSame = named.resolved !== null && sameProgram(identity, named.resolved);
    if (isSite || isSame) return this.#adopt(ask, named, mapping, snapshot);
    const gone = await this.#movedAway.whatIsGone(mapping);
    if (gone === undefined) return undefined;
    // A sibling is never stood in for by somebody of another project who happens to be called so.
    const around = ask.service === undefined ? ask : { ...ask, siblingsOnly: true };
    const decision = gone === 'checkout' ? await this.#questions.ask(around, snapshot, 'request') : named;
    if (mayMoveTo(decision, mapping, gone)) return this.#adopt(ask, decision, mapping, snapshot);
    if (gone === 'directory' || decision.resolved) return undefined;
    const now = this.#mappings.of(ask);
    if (now !== mapping && now !== undefined) return this.#follow(ask, now, snapshot);
    const why = `${publicReason(decision)}. The folder of “${describeMapping(mapping)}”, which had this name, is gone`;
    return { kind: 'unknown', candidates: this.#candidates(decision.candidates, snapshot), why };
  }

  async #decide(ask: RouteAsk, snapshot: Snapshot): Promise<RouteOutcome> {
    const before = this.#mappings.of(ask);
    const seen = await this.#late.await(ask, snapshot);
    const decision = await this.#questions.ask(ask, seen, 'request');
    if (decision.resolved && decision.target) return this.#adopt(ask, decision, before, seen);
    return {
      kind: 'unknown',
      candidates: this.#candidates(decision.candidates, seen),
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
    const now = this.#mappings.of(ask);
    if (now !== before && now !== undefined) return this.#follow(ask, now, snapshot);
    const { resolved, target, reason, confidence } = decision;
    if (!resolved || !target) return { kind: 'unknown', candidates: [], why: reason };
    const source = decision.decision === 'none' ? 'name' : decision.decision;
    const mapping = mappingFor(resolved, target.port, {
      source,
      reason,
      confidence,
      snapshot,
      now: new Date(this.#now()),
    });
    mapping.rivals = rivalDigests(rivalsIn(decision, resolved, snapshot));
    this.#mappings.keep(ask, mapping);
    this.#looks.began(ask);
    const at = locate(mapping, snapshot);
    if (at.kind === 'found') return this.#remember(ask, at.upstream, mapping, snapshot);
    const services = at.kind === 'ambiguous' ? at.services : [resolved];
    return { kind: 'unknown', candidates: this.#candidates(services, snapshot), why: at.detail };
  }

  /** The mapping's service was found. A port that it moved to is noted, for whoever reads the file. */
  #arrive(ask: RouteAsk, { upstream, service }: Found, snapshot: Snapshot): RouteOutcome {
    const mapping = this.#mappings.of(ask);
    const isOurs = ask.pathPrefix === undefined && mapping?.source !== undefined && mapping.source !== 'user';
    if (mapping && isOurs && mapping.identity && service && !isContainer(service) && upstream.port !== mapping.port) {
      this.#mappings.keep(ask, movedTo(mapping, service, upstream.port, snapshot));
    }
    return this.#remember(ask, upstream, this.#mappings.of(ask), snapshot);
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

  #candidates(services: readonly Service[], snapshot: Snapshot): Candidate[] {
    const hosts = shownHosts(snapshot, this.#parts.resolver.domains);
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

type Found = Extract<Located, { kind: 'found' }>;

const TOO_SOON = 'It was decided again less than 10 s ago, so nobody was asked once more';
