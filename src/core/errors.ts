/**
 * The one error class and the one table of codes.
 * The message says what was tried, with the value in quotes; the hint is the one command or setting that helps.
 */

/** Every code, with the HTTP status it maps to when it reaches a client. A retired code is never reused. */
export const ERROR_CODES = {
  HOST_MISSING: 400,
  HOST_INVALID: 400,
  HOST_FOREIGN: 421,
  HOST_MISDIRECTED: 421,
  REQUEST_CODING: 501,
  REQUEST_LOOP: 508,
  CONFIG_UNKNOWN_FLAG: 500,
  CONFIG_BAD_VALUE: 500,
  CONFIG_KEY_WITHOUT_URL: 500,
  CONFIG_FILE_UNREADABLE: 500,
  DATA_DIR_UNUSABLE: 500,
  HOSTS_FILE_UNUSABLE: 500,
  PORT_IN_USE: 500,
  PORT_FORBIDDEN: 500,
  ALREADY_RUNNING: 500,
  START_FAILED: 500,
  STOP_FAILED: 500,
  SERVICE_FAILED: 500,
  TLS_NAME_NOT_ALLOWED: 403,
  TLS_CA_UNREADABLE: 500,
  TLS_CERT_UNUSABLE: 500,
  DISCOVERY_FAILED: 503,
  DISCOVERY_BAD_SNAPSHOT: 400,
  ROUTE_BAD_TARGET: 400,
  ROUTE_BAD_MAPPING: 400,
  ROUTE_NOT_FOUND: 404,
  ROUTE_STORE_UNREADABLE: 500,
  ROUTE_STORE_UNWRITABLE: 500,
  LLM_AUTH: 502,
  LLM_CREDITS: 502,
  LLM_MODEL: 502,
  LLM_RATE: 503,
  LLM_BUDGET: 503,
  LLM_SERVER: 502,
  LLM_PARAMS: 502,
  LLM_BLOCKED: 502,
  LLM_REFUSAL: 502,
  LLM_TRUNCATED: 502,
  LLM_FORMAT: 502,
  LLM_URL: 502,
  LLM_NETWORK: 502,
  LLM_TIMEOUT: 504,
  API_FORBIDDEN: 403,
  API_BAD_REQUEST: 400,
  API_NOT_FOUND: 404,
  API_METHOD: 405,
  API_TOO_LARGE: 413,
  API_MEDIA_TYPE: 415,
  API_STALE: 412,
  API_BUSY: 429,
  API_FAILED: 500,
  DAEMON_UNREACHABLE: 503,
  UPSTREAM_CHANGED: 502,
  UPSTREAM_BROKE: 502,
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_SILENT: 504,
  DEMO_FAILED: 500,
} as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an {@link AppError} may carry beside its code and message. */
export interface AppErrorDetails {
  /** The one command or setting that helps. */
  hint?: string;
  /** Facts for programs (JSON only). */
  data?: Record<string, unknown>;
  /** The original error, kept for logs. */
  cause?: unknown;
}

/** An error that we understand: it has a code to match on and words for a person. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly data: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = details.hint;
    this.data = details.data;
  }

  /** HTTP status of this error when a client gets to see it. */
  get status(): number {
    return ERROR_CODES[this.code];
  }
}

/** Message of anything thrown, for logs and pages; never throws itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node's `code` of a system error (`ENOENT`, `ECONNREFUSED`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
