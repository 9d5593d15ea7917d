/**
 * Waiting for an app that is away for a moment: dev servers restart all the time. Used by requests that could not be
 * answered, never by others.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouteAsk, RouteOutcome } from '../core/route.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Exchange } from './exchange.ts';
import type { Router } from './ports.ts';
import { type ForwardResult, mayRetry } from './retry.ts';
import type { Upstreams } from './upstreams.ts';

/** Longest that a request is held: most dev servers are back by then, and people still wait without wondering. */
const HOLD_MS = 2_000;
/**
 * Requests held at once. Each keeps its client's connection and, unread, at most a window of its body; a page whose
 * app is away asks for some hundred modules.
 */
const MAX_HELD = 1_000;
/** Of these, for one hostname: a page in a loop must not take the others' places. */
const MAX_HELD_PER_HOSTNAME = 300;
/** A request that was sent, and got no answer, is sent no more often than this in all. */
const MAX_SENT = 3;
/** What was learned of how an upstream talks lets a request be sent again so often: there are two ways to talk. */
const MAX_LESSONS = 2;
/** However long they took: a slow look at the machine must not keep a request from the app that it found. */
const MIN_ATTEMPTS = 3;
/** Between two dials of one incarnation that refuses: at first short, since it is starting. */
const FIRST_PAUSE_MS = 25;
const LAST_PAUSE_MS = 200;

/** How many requests wait: bounded, in all and for each hostname. */
export class Holds {
  readonly holdMs: number;
  readonly #perHostname = new Map<string, number>();
  #all = 0;

  /** @param holdMs longest that one request is held, default 2 s */
  constructor(holdMs: number = HOLD_MS) {
    this.holdMs = holdMs;
  }

  /** How many wait now. */
  get size(): number {
    return this.#all;
  }

  /** Wait with a request of this hostname. @returns undefined, at once, where too many wait already */
  async hold<T>(hostname: string, wait: () => Promise<T>): Promise<T | undefined> {
    const held = this.#perHostname.get(hostname) ?? 0;
    if (this.#all >= MAX_HELD || held >= MAX_HELD_PER_HOSTNAME) return undefined;
    this.#all++;
    this.#perHostname.set(hostname, held + 1);
    try {
      return await wait();
    } finally {
      this.#all--;
      const left = (this.#perHostname.get(hostname) ?? 1) - 1;
      if (left > 0) this.#perHostname.set(hostname, left);
      else this.#perHostname.delete(hostname);
    }
  }
}

/** What heals a request. */
export interface RecoveryParts {
  router: Pick<Router, 'reroute' | 'whenBack'>;
  upstreams: Pick<Upstreams, 'drop' | 'learns'>;
  holds: Holds;
}

/** The second and further tries of one request. Made when the first one failed, or its app is away. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #exchange: Exchange;
  readonly #ask: RouteAsk;
  readonly #untilMs: number;
  /** Aborted when the client leaves. */
  readonly #left = new AbortController();
  /** Incarnation that failed last, and how often in a row. */
  #failedKey: string | undefined;
  #failures = 0;
  #sent = 0;
  #attempts = 0;
  #lessons = 0;

  constructor(parts: RecoveryParts, exchange: Exchange, ask: RouteAsk) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#ask = ask;
    this.#untilMs = performance.now() + parts.holds.holdMs;
    exchange.onGone(() => this.#left.abort());
  }

  /** It is away: wait until it is back, as long as there is time and room. Nothing of a body is taken meanwhile. */
  async whenBack(away: RouteOutcome): Promise<RouteOutcome> {
    const leftMs = this.#untilMs - performance.now();
    if (leftMs <= 0 || this.#exchange.gone) return away;
    const isOver = AbortSignal.any([this.#left.signal, AbortSignal.timeout(Math.ceil(leftMs))]);
    const back = await this.#parts.holds.hold(this.#ask.hostname, () => this.#parts.router.whenBack(this.#ask, isOver));
    return back ?? away;
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
    if (result.kind === 'unanswered' && ++this.#sent >= MAX_SENT) return undefined;
    if (++this.#attempts >= MIN_ATTEMPTS && performance.now() > this.#untilMs) return undefined;
    const { router, upstreams } = this.#parts;
    upstreams.drop(upstream);
    const outcome = await router.reroute(this.#ask, upstream);
    this.#failures = this.#failedKey === upstream.key ? this.#failures + 1 : 1;
    this.#failedKey = upstream.key;
    const isSame = outcome.kind === 'upstream' && outcome.upstream.key === upstream.key;
    // Once at once: what failed may have been a kept connection that was just closed.
    if (!isSame || this.#failures === 1) return outcome;
    return (await this.#pause()) ? outcome : undefined;
  }

  /** Is all of the request still there, to be sent another time? */
  #isWhole(result: ForwardResult): boolean {
    return result.kind === 'unsent' || !this.#exchange.hasBody || this.#exchange.keptBody?.isWhole === true;
  }

  /** It is there, and refuses: a container whose app still starts. @returns false when the time is up */
  async #pause(): Promise<boolean> {
    const leftMs = this.#untilMs - performance.now();
    const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 2));
    if (leftMs < pauseMs) return false;
    const paused = await this.#parts.holds.hold(this.#ask.hostname, () =>
      delay(pauseMs, true, { signal: this.#left.signal }).catch(() => true),
    );
    return paused === true;
  }
}
