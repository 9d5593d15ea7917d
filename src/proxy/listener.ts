/**
 * The sockets: one TCP port takes TLS (HTTP/2 and HTTP/1.1 by ALPN) and plain HTTP, told apart by the first byte.
 * Three servers that never listen themselves are fed with connections; what they would time out when listening is
 * switched on by hand.
 */
import http from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { refuse } from './bad-request.ts';
import type { Exchange } from './exchange.ts';
import { Http1Exchange } from './exchange-h1.ts';
import { Http2Exchange } from './exchange-h2.ts';
import { extendedConnectHeaders, upgradeProtocol } from './forward-upgrade.ts';
import { handleRequest, handleUpgrade } from './handle-request.ts';
import { http1Upgrade, joiningTo } from './http1-upgrade.ts';
import { InFlight } from './in-flight.ts';
import { LISTENER_LIMITS, type ListenerLimits } from './listener-limits.ts';
import { endsBehindAnswers, isItsTurn, whenItsTurn } from './pipeline.ts';
import type { CertificateSource } from './ports.ts';
import type { RequestContext } from './request-context.ts';
import { SessionClock } from './session-clock.ts';
import { WebSockets } from './websockets.ts';

/** TLS record type of a handshake (RFC 8446 section 5.1): no HTTP method begins with it. */
const TLS_HANDSHAKE_BYTE = 0x16;
/** How full it may get before idle connections are closed. */
const ROOM_SHARE = 0.9;
/** Time that requests under way get when we stop. */
const GRACE_MS = 10_000;
const CLOSE_CHECK_MS = 10;
/** Time that a connection which was just made gets for its first request: a client does not ask twice on a new one. */
const FRESH_MS = 250;
/** Clients answer a close frame at once. */
const GOODBYE_MS = 1_000;
/** Turns of the loop in which Node writes a GOAWAY. */
const GOODBYE_TURNS = 3;

/** See the file's header. Feed it with {@link accept}; it owns every connection until {@link close}. */
export class Listener {
  readonly #context: RequestContext;
  readonly #tls: tls.Server;
  readonly #h1: http.Server;
  readonly #h2: http2.Http2Server;
  readonly #sockets = new Set<Socket>();
  /** Requests that have no complete answer yet. */
  readonly #inFlight = new InFlight();
  readonly #websockets = new WebSockets();
  readonly #clocks = new Set<SessionClock>();

  readonly #limits: Readonly<ListenerLimits>;
  #madeRoomAtMs = Number.NEGATIVE_INFINITY;
  /** When a connection was made last, or its handshake was done. */
  #madeAtMs = Number.NEGATIVE_INFINITY;
  #isClosing = false;

  /** @param tlsOptions default certificate, versions and ticket keys; names are added by `certificates` */
  constructor(
    context: RequestContext,
    certificates: CertificateSource,
    tlsOptions: tls.TlsOptions,
    limits: Readonly<ListenerLimits> = LISTENER_LIMITS,
  ) {
    this.#context = context;
    this.#limits = limits;
    this.#h1 = this.#createHttp1();
    this.#h2 = this.#createHttp2();
    this.#tls = tls.createServer({
      ...tlsOptions,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: this.#limits.firstByteMs,
      // Node calls it as a method of the socket; no document says so, a test does.
      SNICallback(this: TLSSocket, name, done) {
        certificates.contextFor(name, this).then(
          (secureContext) => done(null, secureContext),
          (error: Error) => done(error),
        );
      },
    });
    this.#tls.on('secureConnection', (socket: TLSSocket) => this.#onSecure(socket));
    // A refused certificate or garbage: the client's business, and never a crash.
    this.#tls.on('tlsClientError', (_error, socket: TLSSocket) => socket.destroy());
    // Servers fed by hand check their time limits only from this event on (measured on Node 24 and 26).
    this.#h1.emit('listening');
  }

  /** Show another default certificate from now on; connections that are open keep theirs. */
  setDefaultCertificate(tlsOptions: tls.SecureContextOptions): void {
    this.#tls.setSecureContext(tlsOptions);
  }

  /** Take a fresh TCP connection. */
  accept(socket: Socket): void {
    const { maxConnections } = this.#limits;
    if (this.#sockets.size >= maxConnections * ROOM_SHARE) this.#makeRoom();
    if (this.#sockets.size >= maxConnections) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#madeAtMs = performance.now();
    socket.once('close', () => this.#sockets.delete(socket));
    const giveUp = (): void => void socket.destroy();
    socket.on('error', giveUp);
    socket.setTimeout(this.#limits.firstByteMs, giveUp);
    const look = (): void => {
      const first: Buffer | null = socket.read(1);
      if (first === null) {
        socket.once('readable', look);
        return;
      }
      socket.setTimeout(0, giveUp);
      socket.off('timeout', giveUp);
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE_BYTE ? this.#tls : this.#h1).emit('connection', socket);
    };
    socket.once('end', giveUp);
    socket.once('readable', () => {
      socket.off('end', giveUp);
      look();
    });
  }

  /** Whoever asks nothing now leaves: browsers connect again when they need to. */
  #makeRoom(): void {
    const nowMs = performance.now();
    if (nowMs - this.#madeRoomAtMs < this.#limits.checkMs) return;
    this.#madeRoomAtMs = nowMs;
    this.#closeIdle();
  }

  /** To Node and to us one that has not asked yet is idle, too. */
  #closeIdle(): void {
    this.#h1.closeIdleConnections();
    for (const clock of this.#clocks) if (clock.isIdle) clock.close();
  }

  #onSecure(socket: TLSSocket): void {
    this.#madeAtMs = performance.now();
    socket.on('error', () => socket.destroy());
    if (socket.alpnProtocol !== 'h2') {
      this.#h1.emit('connection', socket);
      return;
    }
    // Node makes the session within this call.
    const begins = (session: http2.ServerHttp2Session): void => this.#onSession(session, socket);
    this.#h2.once('session', begins);
    this.#h2.emit('connection', socket);
    this.#h2.off('session', begins);
  }

  #onSession(session: http2.ServerHttp2Session, socket: TLSSocket): void {
    const clock = new SessionClock(session, socket, this.#limits);
    this.#clocks.add(clock);
    if (this.#isClosing) clock.retire(FRESH_MS);
    session.setLocalWindowSize(this.#limits.windowBytes * 4);
    session.once('close', () => this.#clocks.delete(clock));
    session.on('error', () => session.destroy());
    session.on('stream', (stream, headers, _flags, rawHeaders) => {
      // Reset before anybody could look at it.
      if (stream.closed) return;
      const exchange = new Http2Exchange(stream, headers, rawHeaders as string[], socket);
      clock.began();
      exchange.onClose(clock.ended);
      this.#onStream(exchange);
    });
  }

  #createHttp1(): http.Server {
    const server = http.createServer({
      headersTimeout: this.#limits.headersMs,
      maxHeaderSize: this.#limits.maxHeadBytes,
      // A request without a body gets a stream that has ended, and none of the events of one.
      optimizeEmptyRequests: true,
      // Uploads may take as long as they take.
      requestTimeout: 0,
      keepAliveTimeout: this.#limits.keepAliveMs,
      connectionsCheckingInterval: this.#limits.checkMs,
      // A Host that is missing or doubled is answered by decide.ts, with words.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => upgradeProtocol(request) !== undefined,
    });
    // Their bytes are limited; a limit to their number would cut a request short on Node 24, and is 1,000 on Node 26.
    server.maxHeadersCount = 0;
    const onRequest = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      if (isItsTurn(request, response)) this.#onHttp1(request, response);
      else this.#onWaiting(request, response);
    };
    server.on('request', onRequest);
    // `Expect` is the upstream's to answer.
    server.on('checkContinue', onRequest);
    server.on('checkExpectation', onRequest);
    server.on('clientError', (error, socket) => refuse(error, socket as Socket, this.#limits.closingMs));
    server.on('upgrade', (request, socket, head) => {
      if (endsBehindAnswers(socket as Socket)) return;
      void handleUpgrade(this.#context, http1Upgrade(request, socket as Socket, head, this.#websockets));
    });
    // Classic CONNECT is for forward proxies, which this is not.
    server.on('connect', (_request, stream) => {
      const socket = stream as Socket;
      if (endsBehindAnswers(socket)) return;
      socket.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\n\r\n');
      socket.destroySoon();
    });
    return server;
  }

  #createHttp2(): http2.Http2Server {
    const server = http2.createServer({
      settings: {
        enableConnectProtocol: true,
        initialWindowSize: this.#limits.windowBytes,
        maxConcurrentStreams: this.#limits.maxStreams,
      },
      maxSessionRejectedStreams: this.#limits.maxRejectedStreams,
      streamResetBurst: this.#limits.streamResetBurst,
      streamResetRate: this.#limits.streamResetsPerSecond,
      // An app that sends `X-Content-Type-Options` twice (its framework and a library) is no reason for an error.
      strictSingleValueFields: false,
      // Browsers send every cookie as a field of its own; Node's default is 128 fields.
      maxHeaderListPairs: this.#limits.maxHeaderFields,
    });
    server.on('sessionError', () => {});
    return server;
  }

  #onWaiting(request: http.IncomingMessage, response: http.ServerResponse): void {
    whenItsTurn(request, response, this.#limits.maxWaiting, () => this.#onHttp1(request, response));
  }

  #onHttp1(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.#isClosing) response.shouldKeepAlive = false;
    this.#onExchange(new Http1Exchange(request, response));
  }

  #onExchange(exchange: Exchange): void {
    this.#inFlight.add(exchange);
    void handleRequest(this.#context, exchange);
  }

  #onStream(exchange: Http2Exchange): void {
    if (exchange.method !== 'CONNECT') {
      this.#onExchange(exchange);
      return;
    }
    if (exchange.protocol === undefined) {
      exchange.respond(501, '', [], false);
      exchange.end();
      return;
    }
    void handleUpgrade(this.#context, {
      exchange,
      joining: joiningTo(this.#websockets, exchange.protocol),
      protocol: exchange.protocol,
      head: Buffer.alloc(0),
      accept: (headers) => {
        exchange.respond(200, '', extendedConnectHeaders(headers), false);
        return exchange.stream;
      },
    });
  }

  /**
   * Let requests under way finish, those too that a connection of this moment is about to bring, then end every
   * connection; tunnels and streams of events would go on for ever and are not waited for; clients of WebSockets are
   * told. Call when no new connections come.
   */
  async close(graceMs: number = GRACE_MS): Promise<void> {
    this.#isClosing = true;
    this.#h1.emit('close');
    for (const clock of this.#clocks) clock.retire(FRESH_MS);
    const goodbyes = this.#websockets.closeAll(Math.min(graceMs, GOODBYE_MS));
    const deadlineMs = performance.now() + graceMs;
    const isFresh = (): boolean => performance.now() < this.#madeAtMs + FRESH_MS;
    while (performance.now() < deadlineMs && (isFresh() ? this.#sockets.size > 0 : this.#inFlight.isBusy)) {
      if (!isFresh()) this.#closeIdle();
      await delay(CLOSE_CHECK_MS);
    }
    await goodbyes;
    for (const clock of this.#clocks) clock.close();
    // What was said leaves with the turn of the loop.
    for (let turn = 0; turn < GOODBYE_TURNS && this.#clocks.size > 0; turn++) await immediate();
    for (const socket of this.#sockets) socket.destroy();
  }
}
