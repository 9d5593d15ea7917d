/**
 * What the proxy asks of the rest of the program. It declares the interfaces itself, with cost and call frequency;
 * `app.ts` plugs in the real ones. The proxy knows no rules and no LLM.
 */
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Failure } from '../core/failure.ts';
import type { HostChecker } from '../core/host-check.ts';
import type { AnyRequest, AnyResponse, CallerRequest, PageBody, PageFormat } from '../core/http-message.ts';
import type { PathRule, RouteAsk, RouteOutcome } from '../core/route.ts';
import type { TrafficRecord } from '../core/traffic.ts';
import type { Upstream } from '../core/upstream.ts';

/** hostname -> where to dial. */
export interface Router {
  /** Per request, from memory: no file, process or Docker call. undefined: ask {@link route}. */
  peek(ask: RouteAsk): Upstream | undefined;
  /** Per request, from memory: does the hostname's mapping say that somebody else answers below this path? */
  pathRule(hostname: string, path: string): PathRule | undefined;
  /** From memory: is it known who is meant, though perhaps not where it listens now? Asked before the slow path. */
  knows(ask: RouteAsk): boolean;
  /** Slow path, one flight per hostname: waits for the first scan, resolves, remembers. Rejects only on a bug. */
  route(ask: RouteAsk): Promise<RouteOutcome>;
  /** The dial of `failed` was refused or its proof did not hold: look again at once, follow the identity. */
  reroute(ask: RouteAsk, failed: Upstream): Promise<RouteOutcome>;
  /**
   * It is away: looks again and again until it is back, one flight for all who wait for the same.
   * @param isOver aborted when this one waits no longer; what was seen last is then `away`, or undefined
   */
  whenBack(ask: RouteAsk, isOver: AbortSignal): Promise<RouteOutcome | undefined>;
  /** Once before and once after every new upstream connection is opened: does the right one still listen? ~10 us. */
  verify(upstream: Upstream): boolean | Promise<boolean>;
}

/** SNI name -> certificate. */
export interface CertificateSource {
  /**
   * Once per full TLS handshake. Cached per name, one mint (about 1 ms) per new one.
   * @param serverName as the client sent it; undefined without SNI
   * @param handshake the socket whose handshake it is; the context is kept until that is over
   * @returns undefined for a name that gets no certificate
   */
  contextFor(serverName: string | undefined, handshake: TLSSocket): Promise<SecureContext | undefined>;
}

/** Everything under our own paths and hostnames. */
export interface ControlPlane {
  /** Answers completely. `on` control: the dashboard's host; app: one of the seed's paths on an app's name. */
  handle(request: AnyRequest, response: AnyResponse, on: 'control' | 'app', hostname: string): void;
  /**
   * May this request use `?force` and `?prompt` (section 7): a typed top-level navigation, or an allowed caller
   * without browser headers. Asked only when a query names one of them.
   */
  mayInstruct(request: CallerRequest): Promise<boolean>;
  /** May this request reach `/_proxy/` with the seed's reach (any service), as a caller without browser headers? */
  isTrustedCaller(request: CallerRequest): Promise<boolean>;
}

/** The pages that people meet instead of an app. Pure; called for failures only. */
export interface Pages {
  /** `unknown` outcome for whoever is not sent to the picker by 303. 404. */
  unknown(hostname: string, outcome: Extract<RouteOutcome, { kind: 'unknown' }>, format: PageFormat): PageBody;
  /**
   * `away` outcome: 503 with Retry-After; as HTML it reloads itself.
   * @param live a navigation to the hostname as a whole: the page may listen to what happens to it
   */
  waiting(
    hostname: string,
    outcome: Extract<RouteOutcome, { kind: 'away' }>,
    format: PageFormat,
    live: boolean,
  ): PageBody;
  /** `deciding` outcome: the same. */
  deciding(hostname: string, format: PageFormat, live: boolean): PageBody;
  /** An app that runs did not answer. 502 or 504. */
  failure(failure: Failure, format: PageFormat): PageBody;
  /** Everything else that went wrong. `detail` is for people and carries no secrets. */
  error(status: number, title: string, detail: string, format: PageFormat, hint?: string): PageBody;
  /** Where a person chooses what a hostname means. @param returnTo URL to go on to afterwards */
  pickerUrl(hostname: string, returnTo: string): string;
  /** Where a person reads why an app refuses its hostname. @param key of the mapping that led to it */
  hostRefusedUrl(hostname: string, key: string, by: HostChecker, returnTo: string): string;
}

/** Who is told of the requests to apps. Twice per request, from memory, at most a microsecond; never throws. */
export interface TrafficSink {
  /** It has come; the record grows until {@link ended}. */
  began(record: TrafficRecord): void;
  ended(record: TrafficRecord): void;
}
