/** Bodies on their way through Node's own streams: requests to an upstream, answers to the client. */
import type { Readable, Writable } from 'node:stream';
import type { Exchange } from './exchange.ts';
import { giveBack } from './spare-buffers.ts';

/** Of a request's body so much may wait for the upstream to take it: a few turns of the loop. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * Pass a request's body on, with back-pressure. TLS hands it out in records of 16 KiB: those of one turn of the loop go in
 * one write.
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
  // Node's HTTP/1.1 parser copies what it hands out; pieces of HTTP/2 share their memory with other streams.
  const isCopied = exchange.version === '1.1';
  let waitingBytes = 0;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    if (!into.writableEnded) into.uncork();
  };
  body.on('data', (chunk: Buffer) => {
    exchange.recording?.received(chunk.length);
    if (into.destroyed) return;
    if (!isCorked) {
      isCorked = true;
      into.cork();
      setImmediate(uncork);
    }
    const isOurs = isCopied && exchange.keptBody?.isWhole !== true;
    waitingBytes += chunk.length;
    if (waitingBytes >= MAX_WAITING_BYTES) body.pause();
    into.write(chunk, (error) => {
      waitingBytes -= chunk.length;
      if (isOurs && !error) giveBack(chunk);
      if (waitingBytes < MAX_WAITING_BYTES) body.resume();
    });
  });
  // The rest is read and thrown away, so that an early response can still reach an HTTP/1.1 client.
  into.once('close', () => body.resume());
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
