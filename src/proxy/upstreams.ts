/**
 * Keep-alive pools to upstreams. Every new connection is proven before a byte is sent: the recorded process still
 * holds the socket (or the container its address), checked before the dial and again once it is open. The second
 * check closes the gap between the two: whoever held the listening socket throughout has accepted the connection.
 */
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import { AppError } from '../core/errors.ts';
import type { Upstream } from '../core/upstream.ts';
import { hostPort } from '../core/upstream.ts';
import { disconnected } from './disconnected.ts';
import { PlainClient } from './plain-client.ts';
import { DialError } from './retry.ts';

/** Loopback answers at once or not at all; containers and other machines get the rest of this. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A pool that nobody used for this long is closed. */
const POOL_IDLE_MS = 5 * 60_000;
/** Pools kept at once; 40 services are a large machine. */
const MAX_POOLS = 512;
/** Parallel requests to one dev server: h2 browsers send a hundred modules at once, and SSE streams hold theirs. */
const MAX_CONNECTIONS = 256;
/** Below the 5 s of Node's http server, so that we hang up first and no request meets a closing connection. */
const KEEP_ALIVE_MS = 4_000;
/** Longest head of a response. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Asks the rest of the program whether the right one still listens. */
export type Verify = (upstream: Upstream) => boolean | Promise<boolean>;

/**
 * The ways to one incarnation: our own for a GET without a body, undici's pool for other ordinary requests, node:http's
 * agent for exact ones and upgrades.
 */
interface Ways {
  plain: PlainClient;
  pool: Pool;
  agent: http.Agent;
}

/** See the file's header. */
export class Upstreams {
  readonly #verify: Verify;
  readonly #ways: LRUCache<string, Ways>;

  constructor(verify: Verify) {
    this.#verify = verify;
    this.#ways = new LRUCache({
      max: MAX_POOLS,
      ttl: POOL_IDLE_MS,
      ttlAutopurge: true,
      updateAgeOnGet: true,
      // Graceful: requests under way finish. The agent's idle sockets close by their own time limit.
      dispose: ({ plain, pool }) => {
        plain.close();
        void pool.close().catch(() => {});
      },
    });
  }

  /** For a GET without a body. */
  plain(upstream: Upstream): PlainClient {
    return this.#waysTo(upstream).plain;
  }

  /** The pool for this very incarnation of an upstream. */
  pool(upstream: Upstream): Pool {
    return this.#waysTo(upstream).pool;
  }

  /** The same for node:http. */
  agent(upstream: Upstream): http.Agent {
    return this.#waysTo(upstream).agent;
  }

  #waysTo(upstream: Upstream): Ways {
    const known = this.#ways.get(upstream.key);
    if (known) return known;
    const limits = { maxConnections: MAX_CONNECTIONS, keepAliveMs: KEEP_ALIVE_MS, maxHeadBytes: MAX_HEAD_BYTES };
    const ways = {
      plain: new PlainClient(limits, (onread) => this.dial(upstream, onread)),
      pool: this.#createPool(upstream),
      agent: new ProvenAgent(() => this.dial(upstream)),
    };
    this.#ways.set(upstream.key, ways);
    return ways;
  }

  #createPool(upstream: Upstream): Pool {
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
        this.dial(upstream).then(
          (socket) => callback(null, socket),
          (error: Error) => callback(error, null),
        );
      },
    });
  }

  /**
   * Open a proven connection.
   * @param onread takes what is read, in place of the socket's events
   * @throws {DialError} refused, timed out, or somebody else listens there now
   */
  async dial(upstream: Upstream, onread?: net.OnReadOpts): Promise<net.Socket> {
    await this.#prove(upstream);
    const socket = await connect(upstream, onread);
    try {
      await this.#prove(upstream);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    // Nobody listened to it meanwhile: a container's port forwarder accepts, finds no server behind it, and hangs up.
    if (socket.destroyed || socket.readableEnded) {
      socket.destroy();
      throw new DialError(disconnected());
    }
    return socket;
  }

  async #prove(upstream: Upstream): Promise<void> {
    const verdict = this.#verify(upstream);
    if (typeof verdict === 'boolean' ? verdict : await verdict) return;
    throw new DialError(
      new AppError('UPSTREAM_CHANGED', `“${upstream.label}” no longer listens on port ${upstream.port}`),
    );
  }

  /** Forget an incarnation: its pool closes when its last request ends. */
  drop(upstream: Upstream): void {
    this.#ways.delete(upstream.key);
  }

  /** Close everything at once; requests under way break. */
  async close(): Promise<void> {
    const all = [...this.#ways.values()];
    for (const { plain, agent } of all) {
      plain.destroy();
      agent.destroy();
    }
    await Promise.allSettled(all.map(({ pool }) => pool.destroy()));
    this.#ways.clear();
  }
}

/** node:http's agent over proven connections. */
class ProvenAgent extends http.Agent {
  readonly #dial: () => Promise<net.Socket>;

  constructor(dial: () => Promise<net.Socket>) {
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

function connect({ address, port, label }: Upstream, onread?: net.OnReadOpts): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port, noDelay: true, ...(onread && { onread }) });
    const timer = setTimeout(() => {
      fail(new AppError('UPSTREAM_TIMEOUT', `“${label}” did not accept the connection in time`));
    }, CONNECT_TIMEOUT_MS);
    function fail(error: Error): void {
      clearTimeout(timer);
      socket.destroy();
      reject(new DialError(error));
    }
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // Until the next owner listens, a reset must not be thrown.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
