/** What an HTTP/1.1 client gets whose bytes are no request, or too slow or too large a one. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { systemCode } from '../core/errors.ts';
import { endsBehindAnswers, isAnswering } from './pipeline.ts';

/** A client that sends no more gets our words at once, or never: over TLS its reset may look like an end. */
const ENDED_MS = 100;

const refused = new WeakSet<Socket>();

/**
 * Answer, as far as there is somebody to answer, and hang up.
 * @param closingMs what the client still sends is read and thrown away for so long: with unread bytes the system would
 *   break the connection, and the client might not see the words (RFC 9112 section 9.6)
 */
export function refuse(error: Error, socket: Socket, closingMs: number): void {
  // The rest of what was refused.
  if (refused.has(socket)) return;
  refused.add(socket);
  const code = systemCode(error);
  if (code === 'ECONNRESET' || code === 'EPIPE' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (endsBehindAnswers(socket)) return;
  // The head of an answer is out already: what follows would be taken for its body.
  if (isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const status = statusOf(code);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
  // One that has said its last word sends nothing more, and its app waits for the rest until the connection is gone.
  const patienceMs = code === 'HPE_INVALID_EOF_STATE' ? Math.min(closingMs, ENDED_MS) : closingMs;
  const timer = setTimeout(() => socket.destroy(), patienceMs);
  socket.once('close', () => clearTimeout(timer));
}

function statusOf(code: string | undefined): number {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    default:
      return 400;
  }
}
