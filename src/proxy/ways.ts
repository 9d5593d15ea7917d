/** The ways to one incarnation of an upstream, and the pools that they are made of. */
import http from 'node:http';
import type net from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Pool } from 'undici';
import { hostPort, type Upstream } from '../core/upstream.ts';
import { H2Sessions } from './h2-sessions.ts';
import { PlainClient } from './plain-client.ts';
import type { Talk } from './talk.ts';

/**
 * Connections to one app. Above the streams of one HTTP/2 session (listener-limits.ts), so that no client that leaves its
 * requests open keeps the others from their app. Browsers have 256 streams at most, SSE and long polls among them.
 */
const MAX_CONNECTIONS = 1_200;
/** Below the 5 s of Node's http server, so that we hang up first and no request meets a closing connection. */
const KEEP_ALIVE_MS = 4_000;
/** Longest head of a response: a handful of large cookies fits. */
export const MAX_HEAD_BYTES = 64 * 1024;
const PLAIN_LIMITS = { maxConnections: MAX_CONNECTIONS, keepAliveMs: KEEP_ALIVE_MS, maxHeadBytes: MAX_HEAD_BYTES };

/** Where proven connections come from. */
export interface Dials {
  /** For HTTP/1.1. */
  open: () => Promise<Socket>;
  /** For HTTP/2. */
  openHttp2: () => Promise<Socket>;
  /** In plain text, with the reads going to `onread`. Over TLS there is no such connection. */
  openPlain?: (onread: net.OnReadOpts) => Promise<Socket>;
}

/** What may be asked about an upstream, once for all who wonder. */
export interface Questions {
  /** How long it may be silent before it is asked whether it speaks HTTP. */
  askAfterMs: number;
  /** Does it answer a harmless request? */
  answersHttp: () => Promise<boolean>;
  /** Does it speak TLS? */
  speaksTls: () => Promise<boolean>;
}

/**
 * The ways to one incarnation: our own for a GET without a body, undici's pool for other ordinary requests, node:http's
 * agent for exact ones and upgrades. Nothing is opened before it is used.
 */
export class Ways {
  readonly talk: Talk;
  readonly speaks: Talk['speaks'];
  readonly questions: Questions;
  /** Only in plain text: over TLS the pool takes these requests, too. */
  readonly plain: PlainClient | undefined;
  readonly pool: Pool;
  /** A connection of the pool fails in this very moment. See {@link createPool}. */
  readonly failing = { isNow: false };
  readonly agent: http.Agent;
  /** For gRPC, which is spoken over HTTP/2 only. */
  readonly h2: H2Sessions;

  constructor(upstream: Upstream, talk: Talk, questions: Questions, { open, openHttp2, openPlain }: Dials) {
    this.talk = talk;
    this.speaks = talk.speaks;
    this.questions = questions;
    this.plain = openPlain && new PlainClient(PLAIN_LIMITS, openPlain);
    this.pool = createPool(upstream, open, this.failing);
    this.agent = new ProvenAgent(open);
    this.h2 = new H2Sessions(talk.speaks === 'tls' ? 'https' : 'http', openHttp2);
  }

  /** No new requests; those under way finish. The agent's idle sockets close by their own time limit. */
  close(): void {
    this.plain?.close();
    this.h2.close();
    void this.pool.close().catch(() => {});
  }

  /** At once; requests under way break. */
  async destroy(): Promise<void> {
    this.plain?.destroy();
    this.h2.destroy();
    this.agent.destroy();
    await this.pool.destroy().catch(() => {});
  }
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
