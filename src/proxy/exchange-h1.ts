/** An HTTP/1.1 exchange, over TLS or plain. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CallerRequest } from '../core/http-message.ts';
import { authorityOfTarget } from './decide.ts';
import { type Exchange, isEndless, isEventStream, type Written } from './exchange.ts';
import { headerPairs } from './flat-headers.ts';
import type { Recording } from './recording.ts';
import type { KeptBody } from './request-body.ts';

const NO_BYTES = Buffer.alloc(0);
/**
 * Longest body that is joined to its head. Node does that with texts alone: latin1 is one character for each byte, and
 * what head and Buffer cost as two pieces is a tenth of the whole request.
 */
const MAX_JOINED_BYTES = 16 * 1024;

/** See {@link Exchange}. */
export class Http1Exchange implements Exchange {
  readonly version = '1.1';
  #endless = false;
  recording: Recording | undefined = undefined;
  place = 0;
  keptBody: KeptBody | undefined = undefined;
  readonly authority: string | undefined | null;
  readonly hasBody: boolean;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** The response began in this tick. */
  #isFresh = false;
  /** First bytes of its body. */
  #held: Buffer | undefined = undefined;
  #heldWritten: Written | undefined = undefined;
  #goneListeners: (() => void)[] | undefined = undefined;
  #closeListeners: ((exchange: Exchange) => void)[] | undefined = undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    const host = singleHost(request);
    // In absolute-form the target names the host, and the app is told that one (RFC 9112 section 3.2.2).
    this.authority = host === undefined || host === '' ? (authorityOfTarget(this.target) ?? host) : host;
    // A client that resets while we write must not take the process down.
    response.on('error', ignore);
    // Where no field tells of a body it has ended already, and will tell nothing.
    this.hasBody = !request.destroyed && announcesBody(request);
    if (!request.destroyed) request.on('error', ignore);
    // One listener for all who wait: each costs half a microsecond.
    response.on('close', () => this.#closed());
  }

  get method(): string {
    return this.#request.method ?? 'GET';
  }
  get target(): string {
    return this.#request.url ?? '/';
  }
  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }
  get socket(): Socket {
    return this.#request.socket;
  }
  get secure(): boolean {
    return isSecure(this.#request.socket);
  }
  get serverName(): string | undefined {
    return serverNameOf(this.#request.socket);
  }
  get body(): IncomingMessage {
    return this.#request;
  }
  get trailers(): readonly string[] {
    return this.#request.rawTrailers;
  }
  get answered(): boolean {
    return this.#response.headersSent;
  }
  get gone(): boolean {
    return this.#response.destroyed || this.#request.socket.destroyed;
  }
  get endless(): boolean {
    // The control plane answers past us.
    return this.#endless || isEventStream(this.#response.getHeader('content-type'));
  }
  get caller(): CallerRequest {
    return this.#request;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }
  inform(status: number, headers: readonly string[]): void {
    if (this.gone || this.answered) return;
    try {
      if (status === 100) this.#response.writeContinue();
      else this.#response.writeInformation(status, [...headers]);
    } catch {
      // Fields that Node refuses: information may be left out (RFC 9110 section 15.2).
    }
  }
  respond(status: number, message: string, headers: readonly string[]): void {
    if (this.gone) return;
    // Date is the upstream's business; our own pages bring theirs.
    this.#response.sendDate = false;
    this.#endless = isEndless(headers);
    this.recording?.head(status, headers);
    // It is read, not kept or changed.
    this.#response.writeHead(status, reasonPhrase(status, message), headers as string[]);
    // Node keeps the head until the first byte of the body, which a stream of events may send much later. Where the
    // body comes with it, both still go in one packet.
    this.#isFresh = true;
    process.nextTick(sendHeld, this);
  }
  respondAlone(status: number, message: string, headers: readonly string[]): void {
    this.respond(status, message, headers);
    this.end();
  }
  write(chunk: Buffer, written?: Written): boolean {
    if (this.recording) this.recording.bytesOut += chunk.byteLength;
    if (this.gone) {
      if (written) process.nextTick(written);
      return true;
    }
    if (this.#isFresh && this.#held === undefined) {
      this.#held = chunk;
      this.#heldWritten = written;
      return true;
    }
    this.sendHeld();
    return this.#response.write(chunk, written);
  }
  /** Send what waits for the end of the tick in which the response began. */
  sendHeld(): void {
    if (!this.#isFresh) return;
    this.#isFresh = false;
    const held = this.#held;
    const written = this.#heldWritten;
    this.#held = undefined;
    this.#heldWritten = undefined;
    if (this.gone) return;
    if (held) this.#response.write(held, written);
    // Not flushHeaders(), which writes the head as UTF-8: bytes above 0x7f would become two.
    else this.#response.write(NO_BYTES);
  }
  onceDrained(listener: () => void): void {
    this.#response.once('drain', listener);
  }
  end(trailers?: readonly string[]): void {
    if (trailers && trailers.length > 0) this.#response.addTrailers(headerPairs(trailers));
    this.#isFresh = false;
    const held = this.#held;
    const written = this.#heldWritten;
    this.#held = undefined;
    this.#heldWritten = undefined;
    if (held === undefined) this.#response.end();
    else if (held.byteLength > MAX_JOINED_BYTES) this.#response.end(held, written);
    else this.#response.end(held.toString('latin1'), 'latin1');
  }
  abort(): void {
    const { socket, httpVersion } = this.#request;
    // To a client of HTTP/1.0 the end of the connection is the end of the answer: only a reset says that it is none.
    if (httpVersion === '1.0' && !isSecure(socket)) socket.resetAndDestroy();
    else socket.destroy();
  }
  onGone(listener: () => void): void {
    if (this.gone) {
      listener();
      return;
    }
    // push() would make room for 17.
    this.#goneListeners = this.#goneListeners ? [...this.#goneListeners, listener] : [listener];
  }
  onClose(listener: (exchange: Exchange) => void): void {
    this.#closeListeners = this.#closeListeners ? [...this.#closeListeners, listener] : [listener];
  }
  #closed(): void {
    if (!this.#response.writableFinished) for (const listener of this.#goneListeners ?? []) listener();
    for (const listener of this.#closeListeners ?? []) listener(this);
    this.recording?.end();
  }
  asNode(): { request: IncomingMessage; response: ServerResponse } {
    return { request: this.#request, response: this.#response };
  }
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** undici reads the reason phrase as UTF-8: back to the bytes that the upstream sent (RFC 9112 section 4). */
function reasonPhrase(status: number, message: string): string {
  if (message === '') return STATUS_CODES[status] ?? '';
  return /[^\u0000-\u00ff]/.test(message) ? Buffer.from(message).toString('latin1') : message;
}

/** The Host field; null when it was sent more than once (RFC 9112 section 3.2: 400). */
export function singleHost(request: IncomingMessage): string | undefined | null {
  const { rawHeaders } = request;
  let seen: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length !== 4 || rawHeaders[i]?.toLowerCase() !== 'host') continue;
    if (seen !== undefined) return null;
    seen = rawHeaders[i + 1];
  }
  return seen;
}

/** Did this connection come over TLS? */
export function isSecure(socket: Socket): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

/** SNI name of a TLS connection; undefined for plain ones and those without SNI (Node says `false`). */
export function serverNameOf(socket: Socket): string | undefined {
  const { servername } = socket as { servername?: string | false };
  return typeof servername === 'string' && servername !== '' ? servername.toLowerCase() : undefined;
}

function ignore(): void {}

function sendHeld(exchange: Http1Exchange): void {
  exchange.sendHeld();
}
