/**
 * One attempt to answer an ordinary request from an upstream: keep-alive, streaming both ways with back-pressure. A GET
 * without a body goes by `plain-client.ts`, the others by undici, and what undici cannot carry by `forward-exact.ts`.
 */
import type { Dispatcher } from 'undici';
import type { Upstream } from '../core/upstream.ts';
import { AnswerRelay } from './answer-relay.ts';
import type { Exchange } from './exchange.ts';
import { forwardExact } from './forward-exact.ts';
import { forwardGrpc } from './forward-grpc.ts';
import { isGrpc } from './grpc.ts';
import { type ForwardOptions, hostToSend, requestHeaders } from './headers.ts';
import { PlainClient } from './plain-client.ts';
import { PlainRequest } from './plain-request.ts';
import { hasBegun, RequestBody } from './request-body.ts';
import type { ForwardResult } from './retry.ts';
import type { Talk } from './talk.ts';
import type { Upstreams } from './upstreams.ts';
import type { Ways } from './ways.ts';

/** Where what a request costs by itself no longer counts. */
const LARGE_BODY_BYTES = 256 * 1024;

/** Forward one request once. Never rejects: how it ended is in the result. */
export function forwardHttp(
  exchange: Exchange,
  upstream: Upstream,
  path: string,
  options: ForwardOptions,
  upstreams: Upstreams,
): Promise<ForwardResult> {
  if (exchange.hasBody) return forwardWithBody(exchange, upstream, path, options, upstreams);
  const ways = upstreams.to(upstream, hostToSend(exchange, options));
  if (ways.talk.foreign !== undefined) return leftAlone(ways);
  if (needsExact(exchange, path)) return forwardExact(exchange, upstream, path, options, ways);
  const headers = requestHeaders(exchange, options);
  const { plain } = ways;
  const head = plain && isPlain(exchange) ? PlainClient.headOf(path, headers) : undefined;
  return new Promise((resolve) => {
    const relay = new AnswerRelay(exchange, null, options, ways, resolve);
    if (plain && head !== undefined) plain.send(new PlainRequest(head, relay));
    else dispatch(ways, exchange.method, path, headers, null, relay);
  });
}

async function forwardWithBody(
  exchange: Exchange,
  upstream: Upstream,
  path: string,
  options: ForwardOptions,
  upstreams: Upstreams,
): Promise<ForwardResult> {
  const host = hostToSend(exchange, options);
  const known = upstreams.to(upstream, host);
  // Before it is looked at what it said to plain HTTP/1.1: a server of gRPC alone says nothing that HTTP/1.1 knows.
  if (!known.talk.refusesHttp2 && isGrpc(exchange)) return forwardGrpc(exchange, upstream, path, options, known);
  if (known.talk.foreign !== undefined) return leftAlone(known);
  if (needsExact(exchange, path) || (await bodyNeedsExact(exchange, known.talk))) {
    return forwardExact(exchange, upstream, path, options, known);
  }
  // Another request may have dropped them meanwhile.
  const ways = upstreams.to(upstream, host);
  const body = new RequestBody(exchange.body, (length) => exchange.recording?.received(length));
  return new Promise((resolve) => {
    const relay = new AnswerRelay(exchange, body, options, ways, resolve);
    dispatch(ways, exchange.method, path, requestHeaders(exchange, options), body, relay);
  });
}

/** It showed a moment ago that it speaks no HTTP. */
function leftAlone({ talk, speaks }: Ways): Promise<ForwardResult> {
  return Promise.resolve({ kind: 'unanswered', error: talk.foreign, spoke: speaks });
}

function dispatch(
  { pool }: Ways,
  method: string,
  path: string,
  headers: string[],
  body: RequestBody | null,
  relay: AnswerRelay,
): void {
  // `servername` concerns TLS alone; without it undici takes the Host apart for each request.
  const request = { method: method as Dispatcher.HttpMethod, path, headers, body, servername: 'unused' };
  pool.dispatch(request as Dispatcher.DispatchOptions, relay);
}

/**
 * A body whose first bytes are not here yet: undici sends no head before them, and the client may wait for an answer to
 * it. And the first body for an upstream, since it may be lost with undici: to one that speaks TLS, or that sends
 * `100 Continue` unasked, for which undici hangs up. And large ones: node:http says when a piece is written, so that its
 * memory can be freed at once.
 */
async function bodyNeedsExact(exchange: Exchange, talk: Talk): Promise<boolean> {
  // node:http refuses to announce trailers behind a length.
  if (exchange.header('trailer') !== undefined) return false;
  if (Number(exchange.header('content-length')) >= LARGE_BODY_BYTES) return true;
  return !talk.takesBodies || !(await hasBegun(exchange.body));
}

/** Nearly every request to a dev server: nothing follows its head, and no length says so. */
function isPlain(exchange: Exchange): boolean {
  return exchange.method === 'GET' && !exchange.hasBody && exchange.header('content-length') === undefined;
}

/** undici takes a request with one of these methods for one with a body, and gives it a length of 0 where it has none. */
const EXPECTS_BODY: ReadonlySet<string> = new Set(['PUT', 'POST', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

/**
 * What undici 8 refuses or changes (measured): `Expect`, `OPTIONS *`; of a body without a length the trailers, which
 * may come unannounced, and the framing where it has already arrived; a length of 0, which it adds or takes off by
 * method.
 */
function needsExact(exchange: Exchange, path: string): boolean {
  if (path === '*' || exchange.header('expect') !== undefined) return true;
  const length = exchange.header('content-length');
  // An HTTP/2 body of no bytes may come with its length, too.
  if (exchange.hasBody) return length === undefined || Number(length) === 0;
  return (length !== undefined) !== EXPECTS_BODY.has(exchange.method);
}
