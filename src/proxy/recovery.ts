/**
 * The second and further tries of a request: dev servers restart all the time. Used by requests that could not be
 * answered, never by others.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouteAsk, RouteOutcome } from '../core/route.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Absences } from './absences.ts';
import type { Exchange } from './exchange.ts';
import type { Holds } from './hold.ts';
import { routeKey } from './own-answers.ts';
import type { Router } from './ports.ts';
import { type ForwardResult, isRefusal, mayRetry } from './retry.ts';
import type { Upstreams } from './upstreams.ts';

/** A request that was sent, and got no answer, is sent no more often than this in all. */
const MAX_SENT = 3;
/** What was learned of how an upstream talks lets a request be sent again so often: there are two ways to talk. */
const MAX_LESSONS = 2;
/** However long they took: a slow look at the machine must not keep a request from the app that it found. */
const MIN_ATTEMPTS = 3;
/** Between two dials of one incarnation that refuses: at first short, since it is starting. */
const FIRST_PAUSE_MS = 25;
const LAST_PAUSE_MS = 200;

/** What heals a request. */
export interface RecoveryParts {
  router: Pick<Router, 'reroute' | 'whenBack'>;
  upstreams: Pick<Upstreams, 'drop' | 'learns' | 'lastSeenMs' | 'takesConnections'>;
  holds: Holds;
  absences: Absences;
}

/** The second and further tries of one request. Made when the first one failed, or its app is away. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #exchange: Exchange;
  readonly #ask: RouteAsk;
  /** Of the mapping: what is known of its absence is shared by all its requests. */
  readonly #key: string;
  readonly #untilMs: number;
  /** Aborted when the client leaves. */
  readonly #left = new AbortController();
  /** Incarnation that failed last, and how often in a row. */
  #failedKey: string | undefined;
  #failures = 0;
  #sent = 0;
  #attempts = 0;
  #lessons = 0;
  /** When the app that failed last answered. */
  #lastSeenMs: number | undefined;

  constructor(parts: RecoveryParts, exchange: Exchange, ask: RouteAsk) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#ask = ask;
    this.#key = routeKey(ask);
    this.#untilMs = performance.now() + parts.holds.holdMs;
    exchange.onGone(() => this.#left.abort());
  }

  /**
   * It is away: wait until it is back, as long as there is time and room, and it was there a moment ago. Nothing of a
   * body is taken meanwhile.
   */
  async whenBack(away: Away): Promise<RouteOutcome> {
    // It has been waited for.
    if (away.refuses) return away;
    const { absences, holds, router } = this.#parts;
    if (away.last) this.#saw(away.last);
    absences.missed(this.#key, this.#lastSeenMs);
    const leftMs = this.#untilMs - performance.now();
    if (leftMs <= 0 || this.#exchange.gone || absences.isLong(this.#key, this.#ask.navigation)) return away;
    const isOver = AbortSignal.any([this.#left.signal, AbortSignal.timeout(Math.ceil(leftMs))]);
    const back = await holds.hold(this.#ask.hostname, () => router.whenBack(this.#ask, isOver));
    return back ?? away;
  }

  #saw(upstream: Upstream): void {
    this.#lastSeenMs = this.#parts.upstreams.lastSeenMs(upstream) ?? this.#lastSeenMs;
  }

  /** There is an answer. */
  succeeded(): void {
    if (this.#exchange.answered) this.#parts.absences.back(this.#key);
  }

  /**
   * An attempt failed: where the request may go now, at once or after a moment.
   * @param host that the upstream was asked for
   * @returns undefined: nowhere
   */
  async after(result: ForwardResult, upstream: Upstream, host: string): Promise<RouteOutcome | undefined> {
    if (await this.#parts.upstreams.learns(upstream, host, result)) {
      return ++this.#lessons <= MAX_LESSONS && this.#isWhole(result) ? { kind: 'upstream', upstream } : undefined;
    }
    if (!mayRetry(result, this.#exchange.method, this.#exchange.hasBody)) return undefined;
    this.#failures = this.#failedKey === upstream.key ? this.#failures + 1 : 1;
    this.#failedKey = upstream.key;
    const { router, upstreams, absences } = this.#parts;
    this.#saw(upstream);
    // Before it is looked for again: whoever asks meanwhile should know it, too.
    absences.missed(this.#key, this.#lastSeenMs);
    const refuses = await this.#refuses(result, upstream);
    if (result.kind === 'unanswered' && !refuses && ++this.#sent >= MAX_SENT) return undefined;
    const givenUp = refuses ? refusing(upstream) : undefined;
    if (++this.#attempts >= MIN_ATTEMPTS && performance.now() > this.#untilMs) return givenUp;
    upstreams.drop(upstream);
    const outcome = await router.reroute(this.#ask, upstream);
    const isSame = outcome.kind === 'upstream' && outcome.upstream.key === upstream.key;
    // Once at once: what failed may have been a kept connection that was just closed.
    if (!isSame || this.#failures === 1) return outcome;
    return (await this.#pause(refuses)) ? outcome : givenUp;
  }

  /**
   * It runs, and nothing listens behind the port that leads to it: a container whose app still starts, or restarts, and
   * on macOS, where no socket is looked at, any program. That takes another way of asking where Docker's port forwarder
   * accepts in its place: what was sent to that has reached nobody.
   */
  async #refuses(result: ForwardResult, upstream: Upstream): Promise<boolean> {
    const { kind } = upstream.proof;
    if (result.kind === 'unsent') return (kind === 'container' || kind === 'process') && isRefusal(result.error);
    return kind === 'container' && this.#failures > 1 && !(await this.#parts.upstreams.takesConnections(upstream));
  }

  /** Is all of the request still there, to be sent another time? */
  #isWhole(result: ForwardResult): boolean {
    return result.kind === 'unsent' || !this.#exchange.hasBody || this.#exchange.keptBody?.isWhole === true;
  }

  /** It is there, and fails. @param refuses a person gets a page that goes on by itself @returns false: no longer */
  async #pause(refuses: boolean): Promise<boolean> {
    const { absences, holds } = this.#parts;
    const leftMs = this.#untilMs - performance.now();
    const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 2));
    if (leftMs < pauseMs || absences.isLong(this.#key, refuses && this.#ask.navigation)) return false;
    const paused = await holds.hold(this.#ask.hostname, () =>
      delay(pauseMs, true, { signal: this.#left.signal }).catch(() => true),
    );
    return paused === true;
  }
}

type Away = Extract<RouteOutcome, { kind: 'away' }>;

function refusing({ label, port }: Upstream): Away {
  return { kind: 'away', label, detail: `it runs, and nothing answers on its port ${port} yet`, refuses: true };
}
