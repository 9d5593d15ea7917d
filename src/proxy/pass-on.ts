/** Bodies on their way through Node's own streams: requests to an upstream, answers to the client. */
import type { Readable, Writable } from 'node:stream';
import type { Exchange } from './exchange.ts';

/**
 * Pass a request's body on, with back-pressure.
 * @param body what is left of it, or a view of it
 * @param isOver called when all of it is written
 * @param isBroken called instead when the client has left: a stream that is reset over HTTP/2 ends like a complete one
 */
export function passBody(
  exchange: Exchange,
  body: Readable,
  into: Writable,
  isOver: () => void,
  isBroken: () => void,
): void {
  // An empty HTTP/2 body may have ended before anybody could listen.
  if (body.readableEnded) {
    isOver();
    return;
  }
  body.pipe(into, { end: false });
  body.on('data', (chunk: Buffer) => exchange.recording?.received(chunk.length));
  body.once('end', () => (exchange.gone ? isBroken() : isOver()));
}

/** Pass an answer's body on; a client that is slower than the upstream is waited for. Its end is the caller's. */
export function passAnswer(exchange: Exchange, answer: Readable): void {
  answer.on('data', (chunk: Buffer) => {
    if (exchange.write(chunk)) return;
    answer.pause();
    exchange.onceDrained(() => answer.resume());
  });
}
