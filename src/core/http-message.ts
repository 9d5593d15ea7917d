/** Types of a request and a response in either protocol version, and of a finished page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** A request of either protocol version. */
export type AnyRequest = IncomingMessage | Http2ServerRequest;
/** A response of either protocol version. */
export type AnyResponse = ServerResponse | Http2ServerResponse;

/** What a client is told when no app answers. */
export interface PageBody {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
}

/** What the client prefers, from Accept and Sec-Fetch headers. */
export type PageFormat = 'html' | 'json' | 'text';
