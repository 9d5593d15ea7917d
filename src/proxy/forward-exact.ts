/**
 * One attempt by node:http with flat headers: for requests whose framing must arrive exactly as it was sent
 * (chunked with trailers, `Expect`, `OPTIONS *`). 10-15 us more CPU than undici.
 */
import http from 'node:http';
import type { Readable } from 'node:stream';
import { AppError } from '../core/errors.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Exchange } from './exchange.ts';
import { headerPairs } from './flat-headers.ts';
import { answerHeaders, type ForwardOptions, requestHeaders, responseHeaders } from './headers.ts';
import { passAnswer, passBody } from './pass-on.ts';
import { KeptBody, RequestBody } from './request-body.ts';
import { DialError, type ForwardResult } from './retry.ts';
import { saysTlsIsWanted, WantsTls } from './talk.ts';
import { MAX_HEAD_BYTES, type Ways } from './ways.ts';

const NO_BYTES = Buffer.alloc(0);

/** A request whose head goes out as these flat headers say, and nothing is added. Its body is the caller's. */
export function exactRequest(agent: http.Agent, method: string, path: string, headers: string[]): http.ClientRequest {
  const raw = { setHost: false, setDefaultHeaders: false, maxHeaderSize: MAX_HEAD_BYTES };
  const request = http.request({ agent, method, path, headers, ...raw });
  // The bytes of the response's head are limited, not the number of its fields: see listener.ts.
  request.maxHeadersCount = 0;
  // Node queues the head of a request with `Expect` as UTF-8: bytes above 0x7f would become two.
  const [head] = (request as { outputData?: { encoding?: string }[] }).outputData ?? [];
  if (head) head.encoding = 'latin1';
  return request;
}

/** Forward one request once. Never rejects: how it ended is in the result. */
export function forwardExact(
  exchange: Exchange,
  upstream: Upstream,
  path: string,
  options: ForwardOptions,
  ways: Ways,
): Promise<ForwardResult> {
  const headers = requestHeaders(exchange, options);
  // A body without a length must be framed, whatever the client's version framed it with: unframed bytes would be
  // read as the next request.
  if (exchange.hasBody && exchange.header('content-length') === undefined) headers.push('Transfer-Encoding', 'chunked');
  const { talk, speaks } = ways;
  return new Promise((resolve) => {
    let bodyStarted = false;
    let isContinuing = false;
    const request = exactRequest(ways.agent, exchange.method, path, headers);
    const body = bodyOf(exchange, ways, (error) => request.destroy(error));
    exchange.onGone(() => request.destroy());
    request.on('socket', () => {
      bodyStarted = exchange.hasBody;
      exchange.recording?.connected();
      sendBody(exchange, body, request);
    });
    request.on('continue', () => {
      isContinuing = exchange.header('expect') === undefined;
    });
    request.on('information', (info) => exchange.inform(info.statusCode, responseHeaders(info.rawHeaders, options)));
    let responded = false;
    request.on('response', (response) => {
      responded = true;
      if (exchange.hasBody && !isContinuing) talk.takesBodies = true;
      answered(exchange, response, options, ways, resolve);
    });
    // Nobody asked for another protocol.
    request.on('upgrade', (_response, socket) => socket.destroy());
    request.on('close', () => {
      // Another attempt has its own view of it.
      if (body !== exchange.body) body.destroy();
      // How a response ended is told by `relay`.
      if (!responded) resolve({ kind: 'unanswered', error: silent(upstream), spoke: speaks });
    });
    request.on('error', (error) => {
      if (exchange.gone || exchange.answered) {
        if (!exchange.gone) exchange.abort();
        resolve({ kind: 'done' });
      } else if (error instanceof DialError && !bodyStarted) resolve({ kind: 'unsent', error });
      else resolve({ kind: 'unanswered', error, spoke: speaks });
    });
  });
}

/**
 * Its body, kept while it may have to be sent again over TLS. Before more is taken than is kept, an upstream that has not
 * said a word is asked.
 * @param giveUp called when it speaks TLS
 */
function bodyOf(exchange: Exchange, { talk, questions }: Ways, giveUp: (error: Error) => void): Readable {
  if (!exchange.hasBody || !(talk.isOpen || exchange.keptBody?.isWhole)) return exchange.body;
  exchange.keptBody ??= new KeptBody();
  return new RequestBody(exchange.body, () => {}, {
    kept: exchange.keptBody,
    settles: async () => {
      if (talk.isProven || !talk.isOpen || !(await questions.speaksTls())) return true;
      giveUp(new WantsTls());
      return false;
    },
  });
}

function sendBody(exchange: Exchange, body: Readable, request: http.ClientRequest): void {
  if (!exchange.hasBody || body.readableEnded) {
    request.end();
    return;
  }
  // The head goes at once: the client may wait for an answer to it before it sends more. Not by flushHeaders(), see
  // exchange-h1.ts.
  request.write(NO_BYTES);
  const isOver = (): void => {
    if (exchange.trailers.length > 0) request.addTrailers(headerPairs(exchange.trailers));
    request.end();
  };
  passBody(exchange, body, request, isOver, () => request.destroy());
}

/** The upstream hung up without an answer that counts. */
export function silent(upstream: Upstream): AppError {
  return new AppError('UPSTREAM_BROKE', `“${upstream.label}” gave no valid answer`);
}

/**
 * The upstream has answered: pass it on, unless it only says that it wants to be spoken to in TLS.
 * @param finished called once, however it ended
 */
export function answered(
  exchange: Exchange,
  response: http.IncomingMessage,
  options: ForwardOptions,
  ways: Ways,
  finished: (result: ForwardResult) => void,
): void {
  const { talk, speaks } = ways;
  const pass = (): void => {
    talk.answers();
    exchange.keptBody?.release();
    relay(exchange, response, options, ways, finished);
  };
  if (response.statusCode !== 400 || !talk.isOpen) {
    pass();
    return;
  }
  let isLooked = false;
  const look = (): void => {
    if (isLooked) return;
    isLooked = true;
    const chunk: Buffer | null = response.read();
    if (chunk && saysTlsIsWanted(chunk.toString('latin1'))) {
      response.destroy();
      finished({ kind: 'unanswered', error: new WantsTls(), spoke: speaks });
      return;
    }
    if (chunk) response.unshift(chunk);
    pass();
  };
  response.on('error', () => {});
  response.once('readable', look);
  response.once('close', look);
}

/**
 * Pass an upstream's response on to the client with back-pressure; a response that breaks off is broken for the
 * client too.
 * @param finished called once, however it ended
 */
function relay(
  exchange: Exchange,
  response: http.IncomingMessage,
  options: ForwardOptions,
  { talk, speaks: spoke }: Ways,
  finished: (result: ForwardResult) => void,
): void {
  const trailers = response.headers['content-length'] === undefined;
  response.on('error', () => {});
  if (response.statusCode === 101) {
    // It says so, but names no protocol: Node takes it for a response, a client would take it for a tunnel.
    response.destroy();
    const error = new AppError('UPSTREAM_BROKE', 'It changed the protocol to no other one');
    finished({ kind: 'unanswered', error, spoke });
    return;
  }
  try {
    const headers = answerHeaders(response.rawHeaders, options);
    exchange.respond(response.statusCode ?? 502, response.statusMessage ?? '', headers, trailers);
  } catch (error) {
    // A head that cannot be sent on (a status of 0, control characters, another coding than chunks).
    response.destroy();
    finished({ kind: 'unanswered', error, spoke });
    return;
  }
  passAnswer(exchange, response);
  response.once('end', () => exchange.end(responseHeaders(response.rawTrailers)));
  response.once('close', () => {
    if (!response.complete && !exchange.gone) {
      talk.answers();
      exchange.recording?.brokeOff();
      exchange.abort();
    }
    finished({ kind: 'done' });
  });
}
