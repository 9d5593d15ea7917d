/**
 * HTTP/1.1 requests that a client sends before it has the answers. Node hands all of them out as they come: 200,000
 * small ones behind one that is not answered cost 1.1 GB (measured on Node 26), and those that change something may not
 * run side by side (RFC 9112 section 9.3.2). So each waits for its turn, and a client with too many is hung up on:
 * reading no further would keep us from seeing that it has left.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What is remembered of a connection. */
interface Pipeline {
  last: ServerResponse;
  /** Behind the one that is answered. */
  waiting: number;
  isEnding: boolean;
}

const PIPELINE = Symbol('pipeline');
type PipelinedSocket = Socket & { [PIPELINE]?: Pipeline };

/** Are all requests of its connection before this one answered? They are, for nearly all. Asked once of each. */
export function isItsTurn(request: IncomingMessage, response: ServerResponse): boolean {
  const socket: PipelinedSocket = request.socket;
  const pipeline = socket[PIPELINE];
  if (pipeline === undefined) {
    socket[PIPELINE] = { last: response, waiting: 0, isEnding: false };
    return true;
  }
  pipeline.last = response;
  // Node gives a response its socket when it is its turn.
  return response.socket !== null;
}

/**
 * Call `start` when they are. Never, if the client leaves.
 * @param maxWaiting behind the one that is answered
 */
export function whenItsTurn(
  request: IncomingMessage,
  response: ServerResponse,
  maxWaiting: number,
  start: () => void,
): void {
  const socket: PipelinedSocket = request.socket;
  const pipeline = socket[PIPELINE];
  if (pipeline === undefined || ++pipeline.waiting > maxWaiting) {
    socket.destroy();
    return;
  }
  response.once('socket', () => {
    pipeline.waiting--;
    start();
  });
}

/**
 * What comes now cannot have an answer of the ordinary kind, and its own would be taken for that of a whole request
 * before it. Are there such requests? Then the connection ends behind their answers.
 */
export function endsBehindAnswers(socket: Socket): boolean {
  const pipeline = (socket as PipelinedSocket)[PIPELINE];
  if (pipeline === undefined) return false;
  const { last } = pipeline;
  if (last.writableFinished || last.destroyed || !last.req.complete) return false;
  if (!pipeline.isEnding) {
    pipeline.isEnding = true;
    last.once('finish', () => socket.destroySoon());
    // Nobody else reads by now, and somebody has to see the client leave.
    socket.resume();
  }
  return true;
}

/** Has an answer begun that is not complete? */
export function isAnswering(socket: Socket): boolean {
  const last = (socket as PipelinedSocket)[PIPELINE]?.last;
  return last?.headersSent === true && !last.writableFinished;
}
