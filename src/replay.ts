/** Sends a recorded request once more, the way a browser would: over TLS, through our own listener. */
import https from 'node:https';
import { AppError } from './core/errors.ts';
import type { TrafficRecord } from './core/traffic.ts';

/** As long as a person waits for a button. */
const TIMEOUT_MS = 30_000;
/** Belong to one connection, or make the answer depend on what the browser has. */
const LEFT_OUT =
  /^(?:connection|keep-alive|upgrade|te|transfer-encoding|content-length|if-none-match|if-modified-since)$/i;

/** Where to send it. */
export interface ReplayTarget {
  /** Port of our own TLS listener. */
  httpsPort: number;
  /** Our own CA. */
  caPem: string;
}

/**
 * The answer's body is read and thrown away.
 * @param record a GET or HEAD without a body
 * @throws {AppError} UPSTREAM_BROKE · UPSTREAM_TIMEOUT
 */
export function replay(
  record: TrafficRecord,
  { httpsPort, caPem }: ReplayTarget,
): Promise<{ status: number; totalMs: number }> {
  const { method, hostname, target } = record;
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port: httpsPort,
        servername: hostname,
        ca: caPem,
        agent: false,
        method,
        path: target,
        headers: headersOf(record, httpsPort),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (response) => {
        response.resume();
        response.once('close', () =>
          resolve({ status: response.statusCode ?? 0, totalMs: Math.round(performance.now() - startMs) }),
        );
      },
    );
    request.once('error', (error) => {
      const isLate = error.name === 'AbortError';
      const message = isLate ? `No answer in ${TIMEOUT_MS / 1000} s` : 'The request could not be sent again';
      reject(new AppError(isLate ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_BROKE', message, { cause: error }));
    });
    request.end();
  });
}

/** As recorded; over HTTP/2 the authority was no header. */
function headersOf({ requestHeaders, hostname }: TrafficRecord, httpsPort: number): string[] {
  const headers: string[] = [];
  let hasHost = false;
  for (let i = 0; i + 1 < requestHeaders.length; i += 2) {
    const name = requestHeaders[i] ?? '';
    if (LEFT_OUT.test(name)) continue;
    if (name.toLowerCase() === 'host') hasHost = true;
    headers.push(name, requestHeaders[i + 1] ?? '');
  }
  return hasHost ? headers : ['Host', `${hostname}:${httpsPort}`, ...headers];
}
