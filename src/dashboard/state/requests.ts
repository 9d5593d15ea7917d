/** The last requests, live. */
import { computed, signal } from '@preact/signals';
import type { RequestLine, RequestsAnswer } from '../../api/wire.ts';
import { resource } from './resource.ts';

/** As many as the server keeps. */
export const MAX_REQUESTS = 1_000;

const loaded = resource<RequestsAnswer>(`/_api/requests?limit=${MAX_REQUESTS}`, 1_000);
/** What came since the load; the same id replaces the earlier line. */
const since = signal<ReadonlyMap<number, RequestLine>>(new Map());

/** Ask for all of them. */
export async function loadRequests(): Promise<void> {
  await loaded.load();
}
/** Why they could not be loaded. */
export const requestsProblem = loaded.problem;

/** Newest first, at most {@link MAX_REQUESTS}. */
export const requestList = computed<RequestLine[]>(() => {
  const byId = new Map(loaded.value.value?.requests.map((line) => [line.id, line]));
  for (const [id, line] of since.value) byId.set(id, line);
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, MAX_REQUESTS);
});

/** Lines that the event stream brought. */
export function takeRequests(lines: readonly RequestLine[]): void {
  const next = new Map(since.value);
  for (const line of lines) {
    next.delete(line.id);
    next.set(line.id, line);
  }
  for (const id of next.keys()) {
    if (next.size <= MAX_REQUESTS) break;
    next.delete(id);
  }
  since.value = next;
}

/** What the list is narrowed to; empty texts narrow nothing. */
export interface RequestFilter {
  /** A route's key. */
  route: string;
  /** `404`, `4xx`, `error`, `open`. */
  status: string;
  text: string;
}

/** The same rules as `/_api/requests` has, so that a live line is judged like a loaded one. Pure. */
export function fitsFilter(line: RequestLine, { route, status, text }: RequestFilter): boolean {
  const key = line.service === null ? line.hostname : `${line.hostname}:${line.service}`;
  if (route !== '' && key !== route) return false;
  if (!fitsStatus(line, status)) return false;
  const words = `${line.method} ${line.hostname}${line.target} ${line.error ?? ''}`.toLowerCase();
  return words.includes(text.trim().toLowerCase());
}

function fitsStatus({ status, error, totalMs }: RequestLine, wanted: string): boolean {
  if (wanted === '') return true;
  if (wanted === 'error') return status >= 500 || error !== null;
  if (wanted === 'open') return totalMs === null;
  return wanted.endsWith('xx') ? String(status)[0] === wanted[0] : String(status) === wanted;
}
