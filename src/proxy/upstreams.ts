/**
 * Keep-alive pools to upstreams, one set for each incarnation. Every connection of theirs is proven before a byte is
 * sent (dial.ts).
 */
import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import { parseAuthority } from '../core/hostname.ts';
import type { Upstream } from '../core/upstream.ts';
import { hostPort } from '../core/upstream.ts';
import { answersHttp } from './ask-http.ts';
import { dial, dialTls, type Verify } from './dial.ts';
import { H2Sessions, NotHttp2Error } from './h2-sessions.ts';
import { PlainClient } from './plain-client.ts';
import type { ForwardResult } from './retry.ts';
import { PATIENCE, type Patience, Talk, WantsTls } from './talk.ts';

/** A pool that nobody used for this long is closed. */
const POOL_IDLE_MS = 5 * 60_000;
/** Pools kept at once; 40 services are a large machine. */
const MAX_POOLS = 512;
/** Incarnations of which it is remembered how they talk: longer than their pools, and a few numbers each. */
const MAX_TALKS = 4_096;
/** Parallel requests to one dev server: h2 browsers send a hundred modules at once, and SSE streams hold theirs. */
const MAX_CONNECTIONS = 256;
/** Below the 5 s of Node's http server, so that we hang up first and no request meets a closing connection. */
const KEEP_ALIVE_MS = 4_000;
/** Longest that it is waited for an answer to the question whether TLS is spoken: such servers answer at once. */
const TLS_QUESTION_MS = 1_000;
/** Longest head of a response. */
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * The ways to one incarnation: our own for a GET without a body, undici's pool for other ordinary requests, node:http's
 * agent for exact ones and upgrades.
 */
export interface Ways {
  readonly talk: Talk;
  readonly speaks: Talk['speaks'];
  /** Only in plain text: over TLS the pool takes these requests, too. */
  readonly plain: PlainClient | undefined;
  readonly pool: Pool;
  /** A connection of the pool fails in this very moment. See {@link createPool}. */
  readonly failing: { isNow: boolean };
  readonly agent: http.Agent;
  /** How long it may be silent before it is asked whether it speaks HTTP. */
  readonly askAfterMs: number;
  /** Ask it, once for all who wonder. */
  readonly answersHttp: () => Promise<boolean>;
  /** For gRPC, which is spoken over HTTP/2 only. */
  readonly h2: H2Sessions;
}

/** See the file's header. */
export class Upstreams {
  readonly #verify: Verify;
  readonly #ways: LRUCache<string, Ways>;
  readonly #talks = new LRUCache<string, Talk>({ max: MAX_TALKS });

  readonly #patience: Patience;

  /** @param patience with a server that says nothing to its first request; for tests */
  constructor(verify: Verify, patience: Patience = PATIENCE) {
    this.#verify = verify;
    this.#patience = patience;
    this.#ways = new LRUCache({
      max: MAX_POOLS,
      ttl: POOL_IDLE_MS,
      ttlAutopurge: true,
      updateAgeOnGet: true,
      // Graceful: requests under way finish. The agent's idle sockets close by their own time limit.
      dispose: ({ plain, pool, h2 }) => {
        plain?.close();
        h2.close();
        void pool.close().catch(() => {});
      },
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
    if (talk.speaks === 'tls') return this.#openTls(upstream, talk, serverNameOf(host));
    const limits = { maxConnections: MAX_CONNECTIONS, keepAliveMs: KEEP_ALIVE_MS, maxHeadBytes: MAX_HEAD_BYTES };
    const open = (): Promise<Socket> => dial(upstream, this.#verify);
    const failing = { isNow: false };
    const ways: Ways = {
      talk,
      speaks: 'http',
      plain: new PlainClient(limits, (onread) => dial(upstream, this.#verify, onread)),
      pool: createPool(upstream, open, failing),
      failing,
      agent: new ProvenAgent(open),
      h2: new H2Sessions('http', open),
      askAfterMs: this.#patience.askAfterMs,
      answersHttp: () => this.#answersHttp(talk, open, host),
    };
    this.#ways.set(upstream.key, ways);
    return ways;
  }

  #openTls(upstream: Upstream, talk: Talk, serverName: string): Ways {
    const key = `${upstream.key}${TLS_MARK}${serverName}`;
    const known = this.#ways.get(key);
    if (known) return known;
    const openAs = (protocol: string): Promise<Socket> =>
      dialTls(upstream, this.#verify, { serverName, protocols: [protocol] });
    const open = (): Promise<Socket> => openAs('http/1.1');
    const failing = { isNow: false };
    const ways: Ways = {
      talk,
      speaks: 'tls',
      plain: undefined,
      pool: createPool(upstream, open, failing),
      failing,
      agent: new ProvenAgent(open),
      h2: new H2Sessions('https', () => openAs('h2')),
      askAfterMs: this.#patience.askAfterMs,
      answersHttp: () => this.#answersHttp(talk, open, serverName),
    };
    this.#ways.set(key, ways);
    return ways;
  }

  #answersHttp(talk: Talk, open: () => Promise<Socket>, host: string): Promise<boolean> {
    talk.askingHttp ??= answersHttp(open, host, this.#patience.answerWithinMs).then((isHttp) => {
      if (isHttp) talk.isProven = true;
      talk.askingHttp = undefined;
      return isHttp;
    });
    return talk.askingHttp;
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
    talk.asking ??= this.#speaksTls(upstream, host).finally(() => {
      talk.asking = undefined;
    });
    if (!(await talk.asking)) {
      talk.learned('http');
      talk.failed(result.error);
      // It only told of TLS: that answer is its own, then, and is passed on.
      return result.error instanceof WantsTls;
    }
    // Of several that asked together, the first one drops the ways in plain text.
    if (talk.speaks === 'http') {
      talk.learned('tls');
      this.drop(upstream);
    }
    return true;
  }

  async #speaksTls(upstream: Upstream, host: string): Promise<boolean> {
    const how = { serverName: serverNameOf(host), protocols: ['h2', 'http/1.1'], timeoutMs: TLS_QUESTION_MS };
    try {
      (await dialTls(upstream, this.#verify, how)).destroy();
      return true;
    } catch {
      return false;
    }
  }

  /** Has it ever answered as it was spoken to? */
  hasAnswered(upstream: Upstream): boolean {
    return this.#talks.peek(upstream.key)?.isProven === true;
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
    const all = [...this.#ways.values()];
    for (const { plain, agent, h2 } of all) {
      plain?.destroy();
      h2.destroy();
      agent.destroy();
    }
    await Promise.allSettled(all.map(({ pool }) => pool.destroy()));
    this.#ways.clear();
  }
}

/** Has the upstream shown by its behaviour how it talks? */
function isTold(result: ForwardResult): result is Extract<ForwardResult, { error: unknown }> {
  return result.kind === 'unanswered' || (result.kind === 'unsent' && result.error instanceof NotHttp2Error);
}

/** Stands between an incarnation's key and a TLS server name. */
const TLS_MARK = ' tls ';

function serverNameOf(host: string): string {
  return parseAuthority(host)?.hostname ?? '';
}

/**
 * undici takes what has come of an answer without a length for all of it when its connection is reset
 * (lib/dispatcher/client-h1.js, `onHttpSocketError`): `failing` tells, since its word comes in that very event.
 */
function createPool(upstream: Upstream, open: () => Promise<Socket>, failing: Ways['failing']): Pool {
  const isOver = (): void => {
    failing.isNow = false;
  };
  const begins = (): void => {
    failing.isNow = true;
    setImmediate(isOver);
  };
  return new Pool(`http://${hostPort(upstream.address, upstream.port)}`, {
    connections: MAX_CONNECTIONS,
    // 0 would mean no keep-alive at all.
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // An SSE stream may be silent for hours.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEAD_BYTES,
    connect: (_options, callback) => {
      open().then(
        (socket) => {
          // Before and behind undici's own listener.
          socket.on('error', begins);
          callback(null, socket);
          setImmediate(() => socket.on('error', isOver));
        },
        (error: Error) => callback(error, null),
      );
    },
  });
}

/** node:http's agent over proven connections. */
class ProvenAgent extends http.Agent {
  readonly #dial: () => Promise<Socket>;

  constructor(dial: () => Promise<Socket>) {
    super({ keepAlive: true, timeout: KEEP_ALIVE_MS, maxSockets: MAX_CONNECTIONS });
    this.#dial = dial;
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    this.#dial().then(
      (socket) => callback?.(null, socket),
      // Node's agent reads the error alone when there is one.
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  }
}
