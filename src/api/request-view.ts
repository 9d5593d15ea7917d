/** One recorded request as the dashboard shows it: secrets masked, times in parts. Pure. */
import type { TrafficRecord } from '../core/traffic.ts';
import { isSecretName, maskTarget, maskText } from './mask.ts';
import type { RequestDetail, RequestLine } from './wire.ts';

const MASK = '***';

/** As lists show it. */
export function requestLine(record: TrafficRecord): RequestLine {
  const { id, kind, version, secure, method, hostname, service, target, status, upstream } = record;
  return {
    id,
    startedAt: new Date(record.startedAtMs).toISOString(),
    kind,
    version,
    secure,
    method,
    hostname,
    service: service ?? null,
    target: maskTarget(target),
    status,
    upstream: upstream ? { label: upstream.label, address: upstream.address, port: upstream.port } : null,
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    totalMs: rounded(record.totalMs),
    error: record.error === undefined ? null : maskText(record.error),
  };
}

/** With all that is kept. */
export function requestDetail(record: TrafficRecord): RequestDetail {
  const { routedMs, connectedMs, firstByteMs, totalMs } = record;
  return {
    ...requestLine(record),
    attempts: record.attempts,
    requestHeaders: maskHeaders(record.requestHeaders),
    responseHeaders: maskHeaders(record.responseHeaders),
    timings: {
      queueMs: rounded(routedMs),
      connectMs: between(routedMs, connectedMs),
      firstByteMs: between(connectedMs ?? routedMs, firstByteMs),
      totalMs: rounded(totalMs),
    },
    curl: curlOf(record),
    replayable: isReplayable(record),
  };
}

/** May it be sent once more without changing anything (RFC 9110 section 9.2.1), and is all of it known? */
export function isReplayable({ kind, method, bytesIn, service }: TrafficRecord): boolean {
  return kind === 'request' && (method === 'GET' || method === 'HEAD') && bytesIn === 0 && service === undefined;
}

/** Microseconds are noise. */
function rounded(timeMs: number | undefined): number | null {
  return timeMs === undefined ? null : Math.round(timeMs * 100) / 100;
}

function between(fromMs: number | undefined, toMs: number | undefined): number | null {
  return fromMs === undefined || toMs === undefined ? null : rounded(Math.max(0, toMs - fromMs));
}

/** Pairs of a flat array; values of fields that carry credentials replaced. */
function maskHeaders(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? '';
    const value = flat[i + 1] ?? '';
    pairs.push([name, isSecretName(name) ? MASK : isUrlField(name) ? maskTarget(value) : maskText(value)]);
  }
  return pairs;
}

/** Fields whose value is a URL, with a query that may hold a token. */
function isUrlField(name: string): boolean {
  return /^(?:referer|location|content-location)$/i.test(name);
}

/** Headers that curl makes itself, or that belong to this one connection. */
const NOT_FOR_CURL = /^(?:host|connection|content-length|transfer-encoding|accept-encoding|upgrade|te|keep-alive)$/i;

function curlOf(record: TrafficRecord): string {
  const { method, secure, hostname, target, requestHeaders } = record;
  const authority = authorityOf(record) ?? hostname;
  const parts = ['curl', ...(method === 'GET' ? [] : method === 'HEAD' ? ['--head'] : ['--request', quoted(method)])];
  for (const [name, value] of maskHeaders(requestHeaders)) {
    if (!NOT_FOR_CURL.test(name)) parts.push('--header', quoted(`${name}: ${value}`));
  }
  const url = `${secure ? 'https' : 'http'}://${authority}${maskTarget(target)}`;
  return [...parts, quoted(url)].join(' ');
}

function authorityOf({ requestHeaders }: TrafficRecord): string | undefined {
  for (let i = 0; i + 1 < requestHeaders.length; i += 2) {
    if (requestHeaders[i]?.toLowerCase() === 'host') return requestHeaders[i + 1];
  }
  return undefined;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
