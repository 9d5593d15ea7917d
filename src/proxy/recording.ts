/**
 * What is kept of one request while it runs: a handful of numbers and references, no copies, about a microsecond.
 */
import { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { TrafficRecord } from '../core/traffic.ts';
import type { Upstream } from '../core/upstream.ts';
import type { TrafficSink } from './ports.ts';
import { failureOf } from './retry.ts';

/** The part of an exchange that is known at its beginning. */
export interface RecordedRequest {
  readonly version: '1.1' | '2';
  readonly secure: boolean;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
}

/** See the file's header. */
export class Recording implements TrafficRecord {
  id = 0;
  readonly startedAtMs = Date.now();
  readonly kind: TrafficRecord['kind'];
  readonly version: '1.1' | '2';
  readonly secure: boolean;
  readonly method: string;
  readonly hostname: string;
  readonly service: string | undefined;
  readonly target: string;
  readonly requestHeaders: readonly string[];
  responseHeaders: readonly string[] = [];
  status = 0;
  upstream: Upstream | undefined = undefined;
  attempts = 0;
  bytesIn = 0;
  bytesOut = 0;
  routedMs: number | undefined = undefined;
  connectedMs: number | undefined = undefined;
  firstByteMs: number | undefined = undefined;
  totalMs: number | undefined = undefined;
  error: string | undefined = undefined;
  readonly #sink: TrafficSink;
  readonly #startMs = performance.now();

  constructor(
    sink: TrafficSink,
    request: RecordedRequest,
    kind: TrafficRecord['kind'],
    { hostname, service }: { hostname: string; service?: string },
  ) {
    this.#sink = sink;
    this.kind = kind;
    this.hostname = hostname;
    this.service = service;
    this.version = request.version;
    this.secure = request.secure;
    this.method = request.method;
    this.target = request.target;
    this.requestHeaders = request.rawHeaders;
    sink.began(this);
  }

  /** An attempt begins. */
  tries(upstream: Upstream): void {
    this.routedMs ??= this.#sinceStart();
    this.upstream = upstream;
    this.attempts++;
    this.error = undefined;
  }

  /** The request's head goes out on a connection. */
  connected(): void {
    this.connectedMs = this.#sinceStart();
  }

  /** The response's head goes to the client. */
  head(status: number, headers: readonly string[]): void {
    this.firstByteMs = this.#sinceStart();
    this.status = status;
    this.responseHeaders = headers;
  }

  /** Bytes of the request's body went on. */
  received(length: number): void {
    this.bytesIn += length;
  }

  /** No upstream answered this attempt. */
  failed(error: unknown): void {
    this.error = failureOf(error).detail;
  }

  /** The upstream ended in the middle of its answer. */
  brokeOff(): void {
    this.error = 'The answer broke off in the middle';
  }

  /** The other protocol has begun. @param upstream counts the bytes of the tunnel */
  tunnels(headers: readonly string[], upstream: Duplex, client: Duplex): void {
    this.head(101, headers);
    client.once('close', () => {
      if (upstream instanceof Socket) {
        this.bytesIn = upstream.bytesWritten;
        this.bytesOut = upstream.bytesRead;
      }
      this.end();
    });
  }

  /** It is over, in whatever way; later calls do nothing. */
  end(): void {
    if (this.totalMs !== undefined) return;
    this.totalMs = this.#sinceStart();
    this.#sink.ended(this);
  }

  #sinceStart(): number {
    return performance.now() - this.#startMs;
  }
}
