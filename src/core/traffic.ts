/** One request to an app, as the proxy saw it: what the dashboard's list, figures and charts are made of. */
import type { Upstream } from './upstream.ts';

/** See the file's header. Grows while the request runs; the proxy alone changes it. */
export interface TrafficRecord {
  /** Ascending; 0 until the ring has taken it. */
  id: number;
  /** Epoch ms. */
  readonly startedAtMs: number;
  readonly kind: 'request' | 'upgrade';
  readonly version: '1.1' | '2';
  readonly secure: boolean;
  readonly method: string;
  /** Normalized. */
  readonly hostname: string;
  /** The sibling that was asked for by `/_proxy/{service}/`. */
  readonly service: string | undefined;
  /** Path and query as sent. May hold secrets: masked wherever it is shown. */
  readonly target: string;
  /** Flat, as received. May hold secrets. */
  readonly requestHeaders: readonly string[];
  /** Flat; empty until the head was sent. May hold secrets. */
  readonly responseHeaders: readonly string[];
  /** 0 until the head was sent. */
  readonly status: number;
  /** Where it was last sent; undefined when nothing could be dialled. */
  readonly upstream: Pick<Upstream, 'label' | 'address' | 'port' | 'serviceId'> | undefined;
  /** How often it was tried. */
  readonly attempts: number;
  /** Body bytes from the client and to it; of a tunnel what went through. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** ms since the start: an address was known. */
  readonly routedMs: number | undefined;
  /** ms since the start: a connection to the upstream was there and the head went out. */
  readonly connectedMs: number | undefined;
  /** ms since the start: the response head. */
  readonly firstByteMs: number | undefined;
  /** ms since the start: all is over; undefined while it runs. */
  readonly totalMs: number | undefined;
  /** Why no upstream answered, or why the answer broke off; undefined when all went well. */
  readonly error: string | undefined;
}
