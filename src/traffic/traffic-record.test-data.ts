/** A record of an ordinary answered request, for tests. */
import type { TrafficRecord } from '../core/traffic.ts';

/** @param differs fields that are not as usual */
export function trafficRecord(differs: Partial<TrafficRecord> = {}): TrafficRecord {
  return {
    id: 0,
    startedAtMs: 1_000_000,
    kind: 'request',
    version: '2',
    secure: true,
    method: 'GET',
    hostname: 'shop.localhost',
    service: undefined,
    target: '/',
    requestHeaders: [],
    responseHeaders: [],
    status: 200,
    upstream: undefined,
    attempts: 1,
    bytesIn: 0,
    bytesOut: 5,
    routedMs: 0.1,
    connectedMs: 0.2,
    firstByteMs: 4,
    totalMs: 5,
    error: undefined,
    ...differs,
  };
}
