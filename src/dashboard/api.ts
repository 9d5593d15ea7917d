/** Talking to the control plane: JSON in, problem details out, the page's token with every write. */
import type { Problem } from '../api/wire.ts';

/** A refusal or failure, in words for people. */
export class ApiError extends Error {
  /** HTTP status; 0 where nobody answered. */
  readonly status: number;
  readonly hint: string | undefined;

  constructor(message: string, status: number, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** GET. The shape is the server's promise (`api/schemas.ts`, which its tests hold it to). @throws {ApiError} */
export async function ask<T>(path: string): Promise<T> {
  const response = await send(path, { headers: { accept: 'application/json' } });
  return (await response.json()) as T;
}

/** What a write says beside its path. */
export interface Write {
  body?: unknown;
  /** Only if it is still this one. */
  ifMatch?: string;
  /** Only if there is none. */
  ifAbsent?: boolean;
}

/** PUT, POST or DELETE. @returns the body as text @throws {ApiError} 412 when somebody else changed it meanwhile */
export async function write(method: 'PUT' | 'POST' | 'DELETE', path: string, what: Write = {}): Promise<string> {
  const headers: Record<string, string> = { 'x-hostwise-token': pageToken(), accept: 'application/json' };
  if (what.body !== undefined) headers['content-type'] = 'application/json';
  if (what.ifMatch !== undefined) headers['if-match'] = what.ifMatch;
  if (what.ifAbsent === true) headers['if-none-match'] = '*';
  const body = what.body === undefined ? null : JSON.stringify(what.body);
  const response = await send(path, { method, headers, body });
  return response.text();
}

/** In the page's head, from this start of the server. */
function pageToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="hostwise-token"]')?.content ?? '';
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch(() => {
    throw new ApiError('hostwise does not answer', 0, 'Is it still running?');
  });
  if (response.ok) return response;
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  throw new ApiError(problem.detail ?? `hostwise answered ${response.status}`, response.status, problem.hint);
}

/** Path of one mapping. */
export function mappingPath(key: string): string {
  return `/_api/mappings/${encodeURIComponent(key)}`;
}
