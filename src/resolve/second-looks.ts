/**
 * The second looks at mappings that the program made (second-look.ts says when and what for): one a hostname at a time,
 * beside requests or, while a mapping is young, before one.
 */
import type { ResolvedDecision } from '../core/decision.ts';
import { type Mapping, mappingKey } from '../core/mapping.ts';
import type { RouteAsk } from '../core/route.ts';
import type { Snapshot } from '../core/service.ts';
import { SingleFlight } from '../core/single-flight.ts';
import type { Discovery } from '../discovery/snapshot.ts';
import type { Logger } from '../platform/log.ts';
import { locate } from '../routes/locate.ts';
import type { AskMappings } from './ask-mappings.ts';
import { type Questions, toResolve } from './questions.ts';
import type { Resolver } from './resolver.ts';
import { rivalDigests, rivalsIn } from './rivals.ts';
import { LookTimes, lookAgain } from './second-look.ts';

/** What second looks need of the router. */
export interface SecondLooksParts {
  discovery: Pick<Discovery, 'refresh'>;
  resolver: Resolver;
  mappings: AskMappings;
  questions: Questions;
  log: Logger;
  /** Remember a decision in place of a mapping. */
  adopt(ask: RouteAsk, decision: ResolvedDecision, before: Mapping, snapshot: Snapshot): unknown;
  /** Its address is no longer known. */
  forget(ask: RouteAsk): void;
}

/** See the file's header. */
export class SecondLooks {
  readonly #parts: SecondLooksParts;
  readonly #times: LookTimes;
  readonly #flights = new SingleFlight<void>();

  /** @param now milliseconds since 1970 */
  constructor(parts: SecondLooksParts, now: () => number) {
    this.#parts = parts;
    this.#times = new LookTimes(now);
  }

  /** Is it time for one, and should this request wait for it? Cost: a look-up. */
  due(ask: RouteAsk): ReturnType<LookTimes['due']> {
    // What the user forces is decided anyway; what stands under a path is the user's.
    if (ask.pathPrefix !== undefined || ask.force) return 'no';
    if (ask.service === undefined && !ask.navigation) return 'no';
    const due = this.#times.due(keyOf(ask), this.#parts.mappings.of(ask));
    if (ask.service === undefined) return due;
    // A page fetches from its siblings all day: only while the project is starting, and never in its way.
    return due === 'wait' ? 'aside' : 'no';
  }

  /** It was just decided. */
  began(ask: RouteAsk): void {
    this.#times.began(keyOf(ask));
  }

  /** Look now. Never rejects. */
  again({ prompt: _, ...ask }: RouteAsk): Promise<void> {
    return this.#flights.run(keyOf(ask), async () => {
      this.began(ask);
      try {
        await this.#lookAround({ ...ask, navigation: false });
      } catch (error) {
        this.#parts.log.error({ err: error, host: ask.hostname }, 'A second look failed');
      }
    });
  }

  async #lookAround(ask: RouteAsk): Promise<void> {
    const { discovery, resolver, mappings, questions, log, adopt, forget } = this.#parts;
    const snapshot = await discovery.refresh();
    const mapping = mappings.of(ask);
    const at = mapping && mapping.source !== 'user' ? locate(mapping, snapshot) : undefined;
    // Another program shares its port by now (SO_REUSEPORT): who gets a connection is the kernel's choice.
    if (at?.kind === 'ambiguous') forget(ask);
    // One that is away is followed, or waited for, when it is asked for.
    if (!mapping || at?.kind !== 'found' || at.service === null) return;
    const question = await questions.withContext({ ...toResolve(ask), mode: 'names' }, snapshot);
    const named = await resolver.resolve(question, snapshot);
    const target = at.service;
    const rivals = rivalsIn(named, target, snapshot);
    const decide = () => questions.ask(ask, snapshot, 'second look');
    const found = await lookAgain({ mapping, target, rivals, named, snapshot, decide });
    if (found === 'later' || mappings.of(ask) !== mapping) return;
    if (found === 'same') {
      const digests = rivalDigests(rivals);
      if (digests.join() !== mapping.rivals?.join()) mappings.keep(ask, { ...mapping, rivals: digests });
      return;
    }
    if (found === named) questions.decisions.add(named, 'second look', 0);
    log.info({ host: ask.hostname, target: found.target, reason: found.reason }, 'Somebody new has this name now');
    await adopt(ask, found, mapping, snapshot);
  }
}

function keyOf(ask: RouteAsk): string {
  return mappingKey(ask.hostname, ask.service);
}
