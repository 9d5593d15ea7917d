/** An HTTP/2 exchange: Node's stream API, without the compatibility layer unless the control plane asks for it. */
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { CallerRequest } from '../core/http-message.ts';
import { type Exchange, isEndless, isEventStream, type Written } from './exchange.ts';
import { serverNameOf } from './exchange-h1.ts';
import { grouped } from './flat-headers.ts';
import type { Recording } from './recording.ts';
import type { KeptBody } from './request-body.ts';

/** On a stream: whose it is. */
const EXCHANGE = Symbol('exchange');
type ExchangeStream = ServerHttp2Stream & { [EXCHANGE]?: Http2Exchange | undefined };

/** See {@link Exchange}. */
export class Http2Exchange implements Exchange {
  readonly version = '2';
  readonly secure = true;
  #endless = false;
  /** Nothing of the body has come yet. */
  #isFresh = true;
  /** The response is complete, as far as we are concerned. */
  #isEnded = false;
  /** First bytes of the response's body. */
  #held: Buffer | undefined = undefined;
  #heldWritten: Written | undefined = undefined;
  #goneListeners: (() => void)[] | undefined = undefined;
  #closeListeners: ((exchange: Exchange) => void)[] | undefined = undefined;
  recording: Recording | undefined = undefined;
  place = 0;
  keptBody: KeptBody | undefined = undefined;
  trailers: readonly string[] = [];
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #allRawHeaders: string[];
  #responseTrailers: readonly string[] = [];
  #asNode: { request: Http2ServerRequest; response: Http2ServerResponse } | undefined;

  /** @param socket below the session: what the session shows of it goes through a proxy object */
  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[], socket: Socket) {
    this.socket = socket;
    this.#stream = stream;
    this.#headers = headers;
    this.#allRawHeaders = rawHeaders;
    this.rawHeaders = joinCookies(rawHeaders);
    // A stream that the client resets must not take the process down.
    stream.on('error', ignore);
    // One listener for all who wait: each costs half a microsecond.
    (stream as ExchangeStream)[EXCHANGE] = this;
    stream.on('close', closed);
    // They come as an event, announced or not, whether or not the body has been read by then.
    if (!stream.endAfterHeaders) {
      stream.once('trailers', (_headers: unknown, _flags: number, raw?: string[]) => {
        this.trailers = raw ?? [];
      });
    }
  }

  get method(): string {
    return String(this.#headers[':method'] ?? 'GET');
  }
  get target(): string {
    return this.#headers[':path'] ?? '/';
  }
  get authority(): string | undefined | null {
    const authority = this.#headers[':authority'];
    const { host } = this.#headers;
    // RFC 9113 section 8.3.1: a Host that differs from :authority is malformed.
    if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) return null;
    return authority ?? host;
  }
  get serverName(): string | undefined {
    return serverNameOf(this.socket);
  }
  get body(): ServerHttp2Stream {
    return this.#stream;
  }
  get hasBody(): boolean {
    return !this.#stream.endAfterHeaders;
  }
  get answered(): boolean {
    return this.#stream.headersSent;
  }
  get gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }
  get endless(): boolean {
    // The control plane answers past us.
    return this.#endless || isEventStream(this.#asNode?.response.getHeader('content-type'));
  }
  get caller(): CallerRequest {
    return { method: this.method, headers: this.#headers, socket: this.socket, stream: this.#stream };
  }
  /** The stream itself, for extended CONNECT. */
  get stream(): ServerHttp2Stream {
    return this.#stream;
  }
  /** `:protocol` of an extended CONNECT (RFC 8441). */
  get protocol(): string | undefined {
    const protocol = this.#headers[':protocol'];
    return typeof protocol === 'string' ? protocol : undefined;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }
  inform(status: number, headers: readonly string[]): void {
    if (this.gone || this.answered) return;
    try {
      this.#stream.additionalHeaders({ ...grouped(withoutLength(headers)), ':status': status });
    } catch {
      // Fields that Node refuses: information may be left out (RFC 9110 section 15.2).
    }
  }
  respond(status: number, _message: string, headers: readonly string[], trailers: boolean): void {
    if (this.gone) return;
    // Node would send it, and the client would take the whole connection for broken.
    if (status < 100) throw new RangeError(`Not a status: ${status}`);
    this.#endless = isEndless(headers);
    this.recording?.head(status, headers);
    // Node refuses a status that RFC 9110 section 15 does not know; clients treat it as a 5xx.
    const sent = hasNoContent(status) ? withoutLength(headers) : headers;
    const flat: string[] = [':status', String(status > 599 ? 500 : status), ...sent];
    if (trailers) {
      this.#stream.once('wantTrailers', () => this.#sendTrailers());
    }
    this.#stream.respond(flat, { waitForTrailers: trailers, sendDate: false } as { waitForTrailers: boolean });
  }
  respondAlone(status: number, _message: string, headers: readonly string[]): void {
    if (this.gone) return;
    this.recording?.head(status, headers);
    this.#isEnded = true;
    const flat: string[] = [':status', String(status), ...headers];
    this.#stream.respond(flat, { endStream: true, sendDate: false } as { endStream: boolean });
  }
  #sendTrailers(): void {
    try {
      this.#stream.sendTrailers(grouped(this.#responseTrailers));
    } catch {
      // Fields that Node refuses: the response is complete without them, and must end.
      this.#stream.sendTrailers({});
    }
  }
  write(chunk: Buffer, written?: Written): boolean {
    if (this.recording) this.recording.bytesOut += chunk.byteLength;
    // Node ends a response without content itself.
    if (this.gone || this.#stream.writableEnded) {
      if (written) process.nextTick(written);
      return true;
    }
    if (this.#isFresh) {
      this.#isFresh = false;
      this.#held = chunk;
      this.#heldWritten = written;
      process.nextTick(sendHeld, this);
      return true;
    }
    this.sendHeld();
    return this.#stream.write(chunk, written);
  }
  /** Send what waits for the end of the tick in which the response began. */
  sendHeld(): void {
    const held = this.#held;
    const written = this.#heldWritten;
    this.#held = undefined;
    this.#heldWritten = undefined;
    if (held && !this.gone) this.#stream.write(held, written);
  }
  onceDrained(listener: () => void): void {
    this.#stream.once('drain', listener);
  }
  end(trailers?: readonly string[]): void {
    this.#isEnded = true;
    if (trailers) this.#responseTrailers = trailers;
    const held = this.#held;
    const written = this.#heldWritten;
    this.#held = undefined;
    this.#heldWritten = undefined;
    // Together they need one frame.
    if (held) this.#stream.end(held, written);
    else this.#stream.end();
  }
  abort(code: number = constants.NGHTTP2_INTERNAL_ERROR): void {
    this.sendHeld();
    // RST_STREAM, never END_STREAM: a short body must not look complete. Nor may it be reset for no reason.
    this.#stream.close(code === constants.NGHTTP2_NO_ERROR ? constants.NGHTTP2_INTERNAL_ERROR : code);
  }
  onGone(listener: () => void): void {
    if (this.gone) {
      listener();
      return;
    }
    // As in exchange-h1.ts.
    this.#goneListeners = this.#goneListeners ? [...this.#goneListeners, listener] : [listener];
  }
  onClose(listener: (exchange: Exchange) => void): void {
    this.#closeListeners = this.#closeListeners ? [...this.#closeListeners, listener] : [listener];
  }
  /** For the stream's own event. */
  closed(): void {
    // Node ends the stream itself when the client resets it, so that its being finished says nothing.
    if (!this.#isEnded || !this.#stream.writableFinished) for (const listener of this.#goneListeners ?? []) listener();
    for (const listener of this.#closeListeners ?? []) listener(this);
    this.recording?.end();
  }
  asNode(): { request: Http2ServerRequest; response: Http2ServerResponse } {
    // Once only: the compatibility objects attach themselves to the stream.
    this.#asNode ??= {
      request: new Http2ServerRequest(this.#stream, this.#headers, {}, this.#allRawHeaders),
      response: new Http2ServerResponse(this.#stream),
    };
    return this.#asNode;
  }
}

/** Drop pseudo-headers and join cookie crumbs by `; ` where the first stood (RFC 9113 section 8.2.3). */
function joinCookies(raw: readonly string[]): string[] {
  // Pseudo-headers come first (section 8.3).
  let from = 0;
  while (raw[from]?.charCodeAt(0) === 0x3a) from += 2;
  const first = raw.indexOf('cookie', from);
  if (first === -1 || raw.indexOf('cookie', first + 1) === -1) return raw.slice(from);
  const result: string[] = [];
  let cookieAt = -1;
  for (let i = from; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (name === 'cookie' && cookieAt !== -1) result[cookieAt] += `; ${value}`;
    else {
      if (name === 'cookie') cookieAt = result.length + 1;
      result.push(name, value);
    }
  }
  return result;
}

/** RFC 9110 sections 15.3.5 and 15.3.6. */
function hasNoContent(status: number): boolean {
  return status === 204 || status === 205;
}

/**
 * Some servers announce a length where there can be no content (RFC 9110 section 8.6 forbids it). HTTP/1.1 clients do not
 * mind; HTTP/2 clients take the response for malformed (RFC 9113 section 8.1.1).
 */
function withoutLength(flat: readonly string[]): readonly string[] {
  const at = flat.findIndex(
    (name, i) => i % 2 === 0 && name.length === 14 && name.toLowerCase() === 'content-length' && flat[i + 1] !== '0',
  );
  return at === -1 ? flat : [...flat.slice(0, at), ...flat.slice(at + 2)];
}

function ignore(): void {}

function closed(this: ExchangeStream): void {
  const exchange = this[EXCHANGE];
  // Node's map of streams may keep a closed stream for a while (see in-flight.ts), and it must not keep us.
  this[EXCHANGE] = undefined;
  exchange?.closed();
}

function sendHeld(exchange: Http2Exchange): void {
  exchange.sendHeld();
}
