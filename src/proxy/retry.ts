/** What a failed attempt allows: a type decides, never the text of an error. */
import { AppError, systemCode } from '../core/errors.ts';
import type { Failure, FailureKind } from '../core/failure.ts';
import type { HostChecker } from '../core/host-check.ts';

/** The connection to the upstream could not be opened, or was opened to somebody else. Nothing was sent. */
export class DialError extends Error {
  constructor(cause: unknown) {
    super('The upstream could not be dialled', { cause });
    this.name = 'DialError';
  }
}

/** How an attempt to forward ended. */
export type ForwardResult =
  /** A response went to the client, or the client left. `refusedBy`: it was a refusal of the Host that it was sent. */
  | { kind: 'done'; refusedBy?: HostChecker }
  /** The Host was refused; nothing went to the client, a browser that wants a page. */
  | { kind: 'refused'; refusedBy: HostChecker }
  /** Nothing was sent and no byte of the body was taken: any request may go elsewhere. */
  | { kind: 'unsent'; error: unknown }
  /** It was sent, as `spoke` says, and no answer came: only a request that changes nothing may be repeated. */
  | { kind: 'unanswered'; error: unknown; spoke: 'http' | 'tls' };

/** RFC 9110 section 9.2.1: repeating these does no harm. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** May the request be tried again after this result? */
export function mayRetry(result: ForwardResult, method: string, hasBody: boolean): boolean {
  if (result.kind === 'done' || result.kind === 'refused') return false;
  if (result.kind === 'unsent') return true;
  return SAFE_METHODS.has(method) && !hasBody && isDisconnect(result.error);
}

/** The upstream hung up: a restart, or a kept-alive connection that it had just closed. */
function isDisconnect(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

/** Nobody listens there, or whoever accepted has hung up at once: not a dial that took too long, nor another's port. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof DialError)) return false;
  const code = systemCode(error.cause);
  return code === 'ECONNREFUSED' || code === 'ECONNRESET';
}

/** The status and words for a failure that could not be healed. */
export function failureOf(error: unknown): Pick<Failure, 'status' | 'kind' | 'detail'> {
  const cause = error instanceof DialError ? error.cause : error;
  if (cause instanceof AppError) return { status: cause.status, kind: kindOf(cause), detail: cause.message };
  switch (systemCode(cause)) {
    case 'ECONNREFUSED':
      return { status: 502, kind: 'refused', detail: 'It refused the connection' };
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return { status: 504, kind: 'timeout', detail: 'It did not accept the connection in time' };
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return { status: 502, kind: 'hung-up', detail: 'It closed the connection before it answered' };
    case 'HPE_INVALID_CONSTANT':
    case 'HPE_INVALID_HEADER_TOKEN':
      return {
        status: 502,
        kind: 'not-http',
        detail: 'Its answer is not HTTP: this port may belong to another protocol',
      };
    default:
      return { status: 502, kind: 'other', detail: 'It did not give a valid HTTP answer' };
  }
}

function kindOf({ code }: AppError): FailureKind {
  if (code === 'UPSTREAM_CHANGED') return 'changed';
  if (code === 'UPSTREAM_TIMEOUT') return 'timeout';
  if (code === 'UPSTREAM_SILENT') return 'silent';
  return code === 'UPSTREAM_BROKE' ? 'hung-up' : 'other';
}
