/**
 * Keep-alive pools to upstreams, one set for each incarnation, and what was learned of how each talks. Every connection
 * is proven before a byte is sent (dial.ts).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { parseAuthority } from '../core/hostname.ts';
import type { Upstream } from '../core/upstream.ts';
import { answersHttp } from './ask-http.ts';
import { dial, dialTls, holdsOpen, type Verify } from './dial.ts';
import { NotHttp2Error } from './h2-sessions.ts';
import type { ForwardResult } from './retry.ts';
import { PATIENCE, type Patience, saysTls, Talk, WantsTls } from './talk.ts';
import { type Dials, type Questions, Ways } from './ways.ts';

/** A pool that nobody used for this long is closed. */
const POOL_IDLE_MS = 5 * 60_000;
/** How often such pools are looked for: an alarm of its own for each would be set again by each request. */
const SWEEP_MS = 60_000;
/** Pools kept at once; 40 services are a large machine. */
const MAX_POOLS = 512;
/** Incarnations of which it is remembered how they talk: longer than their pools, and a few numbers each. */
const MAX_TALKS = 4_096;
/** Longest that it is waited for an answer to the question whether TLS is spoken: such servers answer at once. */
const TLS_QUESTION_MS = 1_000;
/**
 * A request waits so long for that answer where the upstream only hung up. Most that do are plain servers that failed,
 * and one that reads up to the end of a line answers the question never. A later answer counts for the next request.
 */
const HUNG_UP_PATIENCE_MS = 200;

/** See the file's header. */
export class Upstreams {
  readonly #verify: Verify;
  readonly #patience: Patience;
  readonly #ways: LRUCache<string, Ways>;
  #sweeper: NodeJS.Timeout | undefined;
  readonly #talks = new LRUCache<string, Talk>({ max: MAX_TALKS });

  /** @param patience with a server that says nothing to its first request; for tests */
  constructor(verify: Verify, patience: Patience = PATIENCE) {
    this.#verify = verify;
    this.#patience = patience;
    this.#ways = new LRUCache({
      max: MAX_POOLS,
      ttl: POOL_IDLE_MS,
      // Without this it looks at the clock, and sets a timer, a thousand times a second.
      ttlResolution: 1_000,
      updateAgeOnGet: true,
      dispose: (ways) => ways.close(),
    });
  }

  /**
   * The ways to this very incarnation of an upstream.
   * @param host that it is asked for, with a port or without one: TLS servers may choose by it
   */
  to(upstream: Upstream, host: string): Ways {
    return this.#ways.get(upstream.key) ?? this.#open(upstream, host);
  }

  #open(upstream: Upstream, host: string): Ways {
    const talk = this.#talkOf(upstream);
    // Those over TLS are kept under another key, which the name belongs to.
    if (talk.speaks === 'tls') return this.#openTls(upstream, talk, host);
    const open: Dials['open'] = () => dial(upstream, this.#verify);
    const ways = new Ways(upstream, talk, this.#questions(upstream, talk, host, open), {
      open,
      openHttp2: open,
      openPlain: (onread) => dial(upstream, this.#verify, onread),
    });
    this.#keep(upstream.key, ways);
    return ways;
  }

  #keep(key: string, ways: Ways): void {
    this.#ways.set(key, ways);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #sweep(): void {
    this.#ways.purgeStale();
    if (this.#ways.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #openTls(upstream: Upstream, talk: Talk, host: string): Ways {
    const serverName = serverNameOf(host);
    const key = `${upstream.key}${TLS_MARK}${serverName}`;
    const known = this.#ways.get(key);
    if (known) return known;
    const openAs = (protocol: string): ReturnType<Dials['open']> =>
      dialTls(upstream, this.#verify, { serverName, protocols: [protocol] });
    const open: Dials['open'] = () => openAs('http/1.1');
    const ways = new Ways(upstream, talk, this.#questions(upstream, talk, host, open), {
      open,
      openHttp2: () => openAs('h2'),
    });
    this.#keep(key, ways);
    return ways;
  }

  #questions(upstream: Upstream, talk: Talk, host: string, open: Dials['open']): Questions {
    return {
      askAfterMs: this.#patience.askAfterMs,
      answersHttp: () => this.#answersHttp(talk, open, host),
      speaksTls: () => this.#speaksTls(upstream, talk, host),
    };
  }

  #answersHttp(talk: Talk, open: Dials['open'], host: string): Promise<boolean> {
    talk.askingHttp ??= answersHttp(open, host, this.#patience.answerWithinMs).then((isHttp) => {
      if (isHttp) talk.isProven = true;
      talk.askingHttp = undefined;
      return isHttp;
    });
    return talk.askingHttp;
  }

  #speaksTls(upstream: Upstream, talk: Talk, host: string): Promise<boolean> {
    talk.askingTls ??= this.#shakesHands(upstream, host).then((isTls) => {
      talk.askingTls = undefined;
      talk.learned(isTls ? 'tls' : 'http');
      // The ways in plain text.
      if (isTls) this.drop(upstream);
      return isTls;
    });
    return talk.askingTls;
  }

  async #shakesHands(upstream: Upstream, host: string): Promise<boolean> {
    const how = { serverName: serverNameOf(host), protocols: ['h2', 'http/1.1'], timeoutMs: TLS_QUESTION_MS };
    try {
      (await dialTls(upstream, this.#verify, how)).destroy();
      return true;
    } catch {
      return false;
    }
  }

  #talkOf(upstream: Upstream): Talk {
    const known = this.#talks.get(upstream.key);
    if (known) return known;
    const talk = new Talk(upstream);
    this.#talks.set(upstream.key, talk);
    return talk;
  }

  /**
   * A request failed: was it spoken to in the wrong way? Asks the upstream, once, whether it speaks TLS, where that may
   * be. Never rejects.
   * @returns true: it is spoken to in another way from now on, and nothing of the request has reached an app
   */
  async learns(upstream: Upstream, host: string, result: ForwardResult): Promise<boolean> {
    const talk = this.#talkOf(upstream);
    if (talk.speaks === 'tls') {
      // Another request has found it out meanwhile.
      if (result.kind === 'unanswered') return result.spoke === 'http';
      if (result.kind !== 'unsent' || !talk.mayHaveChanged(result.error)) return false;
      talk.learned('http');
      this.drop(upstream);
      return true;
    }
    if (!isTold(result)) return false;
    if (!talk.mayBeTls(result.error)) {
      talk.failed(result.error);
      return false;
    }
    const isTls = await inTime(this.#speaksTls(upstream, talk, host), result.error);
    if (isTls !== false) return isTls ?? false;
    talk.failed(result.error);
    // It only told of TLS: that answer is its own, then, and is passed on.
    return result.error instanceof WantsTls;
  }

  /** Has it ever answered as it was spoken to? */
  hasAnswered(upstream: Upstream): boolean {
    return this.#talks.peek(upstream.key)?.isProven === true;
  }

  /** When it last answered, by performance.now(); undefined: never. */
  lastSeenMs(upstream: Upstream): number | undefined {
    return this.#talks.peek(upstream.key)?.lastSeenMs;
  }

  /** Does it take connections, and keep them? Nothing is sent. */
  takesConnections(upstream: Upstream): Promise<boolean> {
    return holdsOpen(upstream, this.#verify);
  }

  /** Forget an incarnation: its pool closes when its last request ends. */
  drop(upstream: Upstream): void {
    this.#ways.delete(upstream.key);
    if (this.#talks.peek(upstream.key)?.speaks !== 'tls') return;
    const prefix = upstream.key + TLS_MARK;
    for (const key of [...this.#ways.keys()]) if (key.startsWith(prefix)) this.#ways.delete(key);
  }

  /** Close everything at once; requests under way break. */
  async close(): Promise<void> {
    await Promise.all([...this.#ways.values()].map((ways) => ways.destroy()));
    this.#ways.clear();
    this.#stopSweeping();
  }
}

/** Has the upstream shown by its behaviour how it talks? */
function isTold(result: ForwardResult): result is Extract<ForwardResult, { error: unknown }> {
  return result.kind === 'unanswered' || (result.kind === 'unsent' && result.error instanceof NotHttp2Error);
}

/** @returns undefined: there is no answer yet, and the failure is not such that more of it were waited for */
async function inTime(asking: Promise<boolean>, error: unknown): Promise<boolean | undefined> {
  if (saysTls(error)) return asking;
  const waiting = new AbortController();
  const late = delay(HUNG_UP_PATIENCE_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
  const isTls = await Promise.race([asking, late]);
  waiting.abort();
  return isTls;
}

/** Stands between an incarnation's key and a TLS server name. */
const TLS_MARK = ' tls ';

function serverNameOf(host: string): string {
  return parseAuthority(host)?.hostname ?? '';
}
