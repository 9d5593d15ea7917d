/** Types of a request and a response in either protocol version, and of a finished page. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';

/** A request of either protocol version. */
export type AnyRequest = IncomingMessage | Http2ServerRequest;
/** A response of either protocol version. */
export type AnyResponse = ServerResponse | Http2ServerResponse;

/** The parts of a request that tell who calls: a request of Node's has them, and so has one that is being forwarded. */
export interface CallerRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** undefined when an HTTP/2 session has ended meanwhile. */
  readonly socket: Socket | undefined;
  /** HTTP/2 only: the session is the connection. */
  readonly stream?: { readonly session?: object | undefined };
}

/** What a client is told when no app answers. */
export interface PageBody {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
}

/** What the client prefers, from Accept and Sec-Fetch headers. */
export type PageFormat = 'html' | 'json' | 'text';
