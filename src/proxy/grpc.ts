/** What gRPC says in its own way: which requests are its, and what went wrong (grpc.io, "PROTOCOL-HTTP2.md"). */
import type { PageBody } from '../core/http-message.ts';
import type { Exchange } from './exchange.ts';

/**
 * Is this a gRPC call? gRPC-Web (`application/grpc-web`) is made for HTTP/1.1 and goes its way.
 */
export function isGrpc(exchange: Pick<Exchange, 'version' | 'header'>): boolean {
  return exchange.version === '2' && /^application\/grpc(?:$|[+;])/i.test(exchange.header('content-type') ?? '');
}

/**
 * HTTP statuses and what gRPC clients take them for ("http-grpc-status-mapping.md"): 13 INTERNAL, 16 UNAUTHENTICATED,
 * 7 PERMISSION_DENIED, 12 UNIMPLEMENTED, 14 UNAVAILABLE.
 */
const GRPC_STATUS: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};
const UNKNOWN = 2;
const MAX_MESSAGE_LENGTH = 500;

/** Say a page's words as the end of a call that has no answer: status and message in the head, and nothing else. */
export function respondGrpc(exchange: Exchange, { status, body }: PageBody): void {
  if (exchange.answered || exchange.gone) return;
  const message = body
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .slice(0, MAX_MESSAGE_LENGTH);
  exchange.respondAlone(200, '', [
    'content-type',
    'application/grpc',
    'grpc-status',
    String(GRPC_STATUS[status] ?? UNKNOWN),
    'grpc-message',
    percentEncoded(message),
  ]);
}

/** Bytes outside of printable ASCII, and the percent sign ("PROTOCOL-HTTP2.md", Responses). */
function percentEncoded(text: string): string {
  let result = '';
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    result += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return result;
}
