/**
 * One attempt to answer an ordinary request from an upstream, by undici: keep-alive, streaming both ways with
 * back-pressure. What undici cannot carry goes by `forward-exact.ts`.
 */
import type { Dispatcher } from 'undici';
import type { Upstream } from '../core/upstream.ts';
import type { Exchange } from './exchange.ts';
import { flatHeader } from './flat-headers.ts';
import { forwardExact } from './forward-exact.ts';
import { type ForwardOptions, requestHeaders, responseHeaders } from './headers.ts';
import { RequestBody } from './request-body.ts';
import { DialError, type ForwardResult } from './retry.ts';
import type { Upstreams } from './upstreams.ts';

/** Forward one request once. Never rejects: how it ended is in the result. */
export function forwardHttp(
  exchange: Exchange,
  upstream: Upstream,
  path: string,
  options: ForwardOptions,
  upstreams: Upstreams,
): Promise<ForwardResult> {
  if (needsExact(exchange, path)) return forwardExact(exchange, upstream, path, options, upstreams);
  return new Promise((resolve) => {
    const body = exchange.hasBody
      ? new RequestBody(exchange.body, (length) => exchange.recording?.received(length))
      : null;
    upstreams.pool(upstream).dispatch(
      {
        method: exchange.method as Dispatcher.HttpMethod,
        path,
        headers: requestHeaders(exchange, options),
        body,
        // Concerns TLS alone; without it undici takes the Host apart for each request.
        servername: 'unused',
      } as Dispatcher.DispatchOptions,
      new Relay(exchange, body, options, resolve),
    );
  });
}

/**
 * What undici 8 refuses or changes (measured): `Expect`, `OPTIONS *`, chunked HTTP/1.1 bodies (trailers are lost,
 * a body that has already arrived gets a length) and `Content-Length: 0` of a DELETE.
 */
function needsExact(exchange: Exchange, path: string): boolean {
  if (path === '*' || exchange.header('expect') !== undefined) return true;
  if (exchange.version === '1.1' && exchange.header('transfer-encoding') !== undefined) return true;
  if (exchange.header('trailer') !== undefined) return true;
  return exchange.header('content-length') === '0' && exchange.method === 'DELETE';
}

/** Passes a response on as it comes. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #body: RequestBody | null;
  readonly #options: ForwardOptions;
  readonly #finish: (result: ForwardResult) => void;

  constructor(
    exchange: Exchange,
    body: RequestBody | null,
    options: ForwardOptions,
    finish: (result: ForwardResult) => void,
  ) {
    this.#exchange = exchange;
    this.#body = body;
    this.#options = options;
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
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, message = ''): void {
    const headers = responseHeaders((controller.rawHeaders ?? []) as (Buffer | string)[], this.#options);
    if (status >= 100 && status < 200) this.#exchange.inform(status, headers);
    else this.#exchange.respond(status, message, headers, flatHeader(headers, 'content-length') === undefined);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#exchange.write(chunk)) return;
    controller.pause();
    this.#exchange.onceDrained(() => controller.resume());
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = controller.rawTrailers as (Buffer | string)[] | null;
    this.#exchange.end(trailers && trailers.length > 0 ? responseHeaders(trailers) : undefined);
    this.#finish({ kind: 'done' });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#exchange.gone) this.#finish({ kind: 'done' });
    else if (this.#exchange.answered) {
      this.#exchange.recording?.brokeOff();
      this.#exchange.abort();
      this.#finish({ kind: 'done' });
    } else if (error instanceof DialError && !this.#body?.started) this.#finish({ kind: 'unsent', error });
    else this.#finish({ kind: 'unanswered', error });
  }
}
