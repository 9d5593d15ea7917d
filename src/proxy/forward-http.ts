/**
 * One attempt to answer an ordinary request from an upstream: keep-alive, streaming both ways with back-pressure. A GET
 * without a body goes by `plain-client.ts`, the others by undici, and what undici cannot carry by `forward-exact.ts`.
 */
import type { Dispatcher } from 'undici';
import { AppError } from '../core/errors.ts';
import type { HostChecker } from '../core/host-check.ts';
import { isNavigation } from '../core/page-format.ts';
import type { Upstream } from '../core/upstream.ts';
import { disconnected } from './disconnected.ts';
import type { Exchange } from './exchange.ts';
import { flatHeader } from './flat-headers.ts';
import { forwardExact } from './forward-exact.ts';
import { forwardGrpc } from './forward-grpc.ts';
import { isGrpc } from './grpc.ts';
import { answerHeaders, type ForwardOptions, hostToSend, requestHeaders, responseHeaders } from './headers.ts';
import { AnswerPeek, mayRefuseHost } from './host-refusal.ts';
import { PlainClient } from './plain-client.ts';
import { PlainRequest } from './plain-request.ts';
import { hasBegun, RequestBody } from './request-body.ts';
import { DialError, type ForwardResult } from './retry.ts';
import { saysTlsIsWanted, type Talk, WantsTls } from './talk.ts';
import type { Upstreams } from './upstreams.ts';
import type { Ways } from './ways.ts';

/** A page's answer that may refuse the Host is held for no longer: dev servers send these in one piece. */
const MAX_HOLD_MS = 250;

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
    const relay = new Relay(exchange, null, options, ways, resolve);
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
    const relay = new Relay(exchange, body, options, ways, resolve);
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
  relay: Relay,
): void {
  // `servername` concerns TLS alone; without it undici takes the Host apart for each request.
  const request = { method: method as Dispatcher.HttpMethod, path, headers, body, servername: 'unused' };
  pool.dispatch(request as Dispatcher.DispatchOptions, relay);
}

/**
 * A body whose first bytes are not here yet: undici sends no head before them, and the client may wait for an answer to
 * it. And the first body for an upstream, since it may be lost with undici: to one that speaks TLS, or that sends
 * `100 Continue` unasked, for which undici hangs up.
 */
async function bodyNeedsExact(exchange: Exchange, talk: Talk): Promise<boolean> {
  // node:http refuses to announce trailers behind a length.
  if (exchange.header('trailer') !== undefined) return false;
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

/** Passes a response on as it comes. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #body: RequestBody | null;
  readonly #options: ForwardOptions;
  readonly #ways: Ways;
  readonly #finish: (result: ForwardResult) => void;
  /** Only for an answer that may refuse the Host. */
  #peek: AnswerPeek | undefined;
  /** Sends the head that is held back while a page's answer is looked at. */
  #heldStart: (() => void) | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  #refusedBy: HostChecker | undefined;
  #isPage = false;
  #silence: NodeJS.Timeout | undefined;
  #isOver = false;
  #mayWantTls = false;

  constructor(
    exchange: Exchange,
    body: RequestBody | null,
    options: ForwardOptions,
    ways: Ways,
    finish: (result: ForwardResult) => void,
  ) {
    this.#exchange = exchange;
    this.#body = body;
    this.#options = options;
    this.#ways = ways;
    this.#finish = finish;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Queued requests start late: the client may have left meanwhile.
    if (this.#exchange.gone) {
      controller.abort(new Error('The client left'));
      return;
    }
    this.#exchange.recording?.connected();
    this.#exchange.onGone(() => controller.abort(new Error('The client left')));
    if (this.#ways.talk.isProven || this.#body !== null) return;
    this.#silence = setTimeout(() => void this.#wonder(controller), this.#ways.questions.askAfterMs);
  }

  /** It has never said a word: is it a web server that takes its time, or something that waits for other words? */
  async #wonder(controller: Dispatcher.DispatchController): Promise<void> {
    // It may have spoken meanwhile, to this request or another.
    if (this.#ways.talk.isProven || (await this.#ways.questions.answersHttp())) return;
    if (this.#isOver || this.#exchange.answered || this.#ways.talk.isProven) return;
    controller.abort(new AppError('UPSTREAM_SILENT', 'It accepts connections and says nothing'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, message = ''): void {
    clearTimeout(this.#silence);
    const raw = (controller.rawHeaders ?? []) as (Buffer | string)[];
    if (status >= 100 && status < 200) this.#exchange.inform(status, responseHeaders(raw, this.#options));
    else this.#start(controller, status, message, answerHeaders(raw, this.#options));
  }

  #start(controller: Dispatcher.DispatchController, status: number, message: string, headers: string[]): void {
    const length = flatHeader(headers, 'content-length');
    const { talk } = this.#ways;
    if (mayRefuseHost(status, headers, length)) {
      this.#mayWantTls = status === 400 && talk.isOpen;
      this.#isPage = isNavigation(this.#exchange.method, (name) => this.#exchange.header(name));
      this.#peek = new AnswerPeek(status);
      if (this.#isPage || this.#mayWantTls) {
        this.#heldStart = () => this.#exchange.respond(status, message, headers, length === undefined);
        this.#holdTimer = setTimeout(() => this.#release(controller), MAX_HOLD_MS);
        return;
      }
    }
    talk.answers();
    this.#exchange.respond(status, message, headers, length === undefined);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#peek !== undefined && this.#isKept(controller, this.#peek, chunk)) return;
    this.#pass(controller, chunk);
  }

  /** Look at the next piece of an answer. @returns true when it is not to be sent on now */
  #isKept(controller: Dispatcher.DispatchController, peek: AnswerPeek, chunk: Buffer): boolean {
    // What comes behind a refusal.
    if (this.#refusedBy !== undefined) return this.#heldStart !== undefined;
    this.#refusedBy = peek.add(chunk);
    const isHeld = this.#heldStart !== undefined;
    if (isHeld && this.#mayWantTls && saysTlsIsWanted(peek.text)) {
      controller.abort(new WantsTls());
    } else if (this.#refusedBy !== undefined && isHeld && this.#isPage) {
      clearTimeout(this.#holdTimer);
      this.#finish({ kind: 'refused', refusedBy: this.#refusedBy });
      controller.abort(new Error('The Host was refused'));
    } else if (peek.isFull || (this.#refusedBy !== undefined && isHeld)) this.#release(controller);
    return isHeld;
  }

  /** It is an ordinary answer, or too slow to wait for: what was held goes on its way. */
  #release(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#holdTimer);
    this.#ways.talk.answers();
    const chunks = this.#heldStart === undefined ? [] : (this.#peek?.chunks ?? []);
    this.#peek = undefined;
    this.#heldStart?.();
    this.#heldStart = undefined;
    for (const chunk of chunks) this.#pass(controller, chunk);
  }

  /** A client that is slower than the upstream is waited for. */
  #pass(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#exchange.write(chunk)) return;
    controller.pause();
    this.#exchange.onceDrained(() => controller.resume());
  }

  get #isRefused(): boolean {
    return this.#refusedBy !== undefined && this.#isPage && this.#heldStart !== undefined;
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#isRefused) return;
    if (this.#ways.failing.isNow) {
      this.onResponseError(controller, disconnected());
      return;
    }
    if (this.#heldStart !== undefined) this.#release(controller);
    const trailers = controller.rawTrailers as (Buffer | string)[] | null;
    this.#exchange.end(trailers && trailers.length > 0 ? responseHeaders(trailers) : undefined);
    this.#finish(this.#refusedBy === undefined ? { kind: 'done' } : { kind: 'done', refusedBy: this.#refusedBy });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#silence);
    this.#isOver = true;
    if (this.#isRefused) return;
    if (this.#exchange.gone) this.#finish({ kind: 'done' });
    else if (this.#exchange.answered) {
      this.#ways.talk.answers();
      this.#exchange.recording?.brokeOff();
      this.#exchange.abort();
      this.#finish({ kind: 'done' });
    } else if (error instanceof DialError && !this.#body?.started) this.#finish({ kind: 'unsent', error });
    else {
      this.#ways.talk.takesBodies &&= this.#body === null;
      this.#finish({ kind: 'unanswered', error, spoke: this.#ways.speaks });
    }
  }
}
