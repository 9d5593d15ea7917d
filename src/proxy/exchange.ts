/**
 * One request and its response, the same to the rest of the proxy whether it came over HTTP/1.1 or HTTP/2.
 * Headers travel as flat arrays `[name, value, ...]`, so that order, case and repeats survive.
 */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { AnyRequest, AnyResponse, CallerRequest } from '../core/http-message.ts';
import { flatHeader } from './flat-headers.ts';
import type { Recording } from './recording.ts';
import type { KeptBody } from './request-body.ts';

/** A chunk is on its way. @param error it was not sent, and may still be looked at */
export type Written = (error?: Error | null) => void;

/** See the file's header. Implemented by `exchange-h1.ts` and `exchange-h2.ts`. */
export interface Exchange {
  readonly version: '1.1' | '2';
  readonly method: string;
  /** Request target as sent: path and query, byte for byte (or `*`, or absolute-form). */
  readonly target: string;
  /** Host or `:authority` as sent; undefined when missing, null when there are two that could differ. */
  readonly authority: string | undefined | null;
  /** Request header fields without pseudo-headers, as received. Not to be changed. */
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
  /** Arrived over TLS. */
  readonly secure: boolean;
  /** SNI name of the connection, lower case; undefined on plain HTTP and without SNI. */
  readonly serverName: string | undefined;
  readonly body: Readable;
  /** Trailers of the request, flat; complete once `body` has ended. */
  readonly trailers: readonly string[];
  /** False when the head says that no body follows. */
  readonly hasBody: boolean;
  /** Response head was sent. */
  readonly answered: boolean;
  /** The client is gone; nothing more can be said. */
  readonly gone: boolean;
  /** The response is a stream of events, which never ends by itself: nothing waits for it when we stop. */
  readonly endless: boolean;

  /** What is kept of it, and ends with it; undefined for requests that are not for an app. */
  recording: Recording | undefined;
  /** What was taken of the body, while it may have to be sent again. */
  keptBody: KeptBody | undefined;

  /** Where it stands among those under way; for `in-flight.ts`. */
  place: number;

  /** For asking who calls, without touching the response. */
  readonly caller: CallerRequest;

  /** First value of a request header. @param name lower case */
  header(name: string): string | undefined;
  /** Informational response (RFC 9110 section 15.2), 101 excepted. */
  inform(status: number, headers: readonly string[]): void;
  /** Send the response head. @param trailers that the response may end with trailers */
  respond(status: number, message: string, headers: readonly string[], trailers: boolean): void;
  /** Send a response that is a head and nothing else. */
  respondAlone(status: number, message: string, headers: readonly string[]): void;
  /**
   * The first bytes may wait until the next tick, to leave together with the head or with the end.
   * @param written called later, when nobody needs the chunk any more; not for a short one that is all there is, nor always
   *   when the client leaves
   * @returns false when the client is slower than we are: wait for {@link onceDrained}
   */
  write(chunk: Buffer, written?: Written): boolean;
  /** Called once, after a {@link write} that returned false. */
  onceDrained(listener: () => void): void;
  end(trailers?: readonly string[]): void;
  /**
   * Break the response off so that the client sees it as broken, never as a clean short one.
   * @param code of HTTP/2 (RFC 9113 section 7), default INTERNAL_ERROR; HTTP/1.1 has none
   */
  abort(code?: number): void;
  /** Called once when the client leaves before the response is complete. */
  onGone(listener: () => void): void;
  /** Called once when it is over, in whatever way, with this exchange, so that one function can listen to all. */
  onClose(listener: (exchange: Exchange) => void): void;
  /** The same as Node's request and response objects, for the control plane. Use either this or the above. */
  asNode(): { request: AnyRequest; response: AnyResponse };
}

/** Do these response headers announce a stream of events? */
export function isEndless(headers: readonly string[]): boolean {
  return isEventStream(flatHeader(headers, 'content-type'));
}

/** Is this Content-Type that of a stream of events? */
export function isEventStream(contentType: unknown): boolean {
  return typeof contentType === 'string' && contentType.startsWith('text/event-stream');
}

/** Send a complete, small response of our own. */
export function respondWith(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if (exchange.answered || exchange.gone) return;
  const bytes = Buffer.from(body);
  const flat = Object.entries(headers).flat();
  flat.push('content-length', String(bytes.byteLength), 'date', new Date().toUTCString());
  exchange.respond(status, '', flat, false);
  if (exchange.method !== 'HEAD') exchange.write(bytes);
  exchange.end();
}
