/**
 * One attempt to carry a gRPC call: HTTP/2 to the upstream, in plain text (h2c, with prior knowledge) or over TLS.
 * Messages stream both ways, trailers pass, and so do the codes by which either side breaks a call off.
 */
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { AppError } from '../core/errors.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Exchange } from './exchange.ts';
import { grouped } from './flat-headers.ts';
import { NotHttp2Error } from './h2-sessions.ts';
import { type ForwardOptions, requestHeaders, responseHeaders } from './headers.ts';
import { passAnswer, passBody } from './pass-on.ts';
import { DialError, type ForwardResult } from './retry.ts';
import type { Ways } from './ways.ts';

/** HEADERS with this flag are all of a response (RFC 9113 section 6.2). */
const END_STREAM = constants.NGHTTP2_FLAG_END_STREAM;

/** Forward one call once. Never rejects: how it ended is in the result. */
export async function forwardGrpc(
  exchange: Exchange,
  upstream: Upstream,
  path: string,
  options: ForwardOptions,
  ways: Ways,
): Promise<ForwardResult> {
  const spoke = ways.speaks;
  let stream: Awaited<ReturnType<Ways['h2']['request']>>;
  try {
    stream = await ways.h2.request(headOf(exchange, path, requestHeaders(exchange, options)));
  } catch (error) {
    if (error instanceof NotHttp2Error) ways.talk.refusedHttp2();
    const isUnsent = error instanceof NotHttp2Error || error instanceof DialError;
    return isUnsent ? { kind: 'unsent', error } : { kind: 'unanswered', error, spoke };
  }
  ways.talk.answers();
  exchange.recording?.connected();
  return new Promise((resolve) => {
    let trailers: string[] | undefined;
    let isOver = false;
    const finish = (result: ForwardResult): void => {
      if (isOver) return;
      isOver = true;
      // A call may be answered before all of its messages have come.
      exchange.body.resume();
      resolve(result);
    };
    exchange.onGone(() => stream.close(constants.NGHTTP2_CANCEL));
    stream.on('headers', (headers, _flags, raw?: string[]) =>
      exchange.inform(Number(headers[':status']), responseHeaders(flatOf(headers, raw), options)),
    );
    stream.on('response', (headers, flags, raw?: string[]) => {
      const fields = responseHeaders(flatOf(headers, raw), options);
      try {
        // A call that fails at once has its status in the head; set apart from it, clients would not find it.
        if ((flags & END_STREAM) !== 0) exchange.respondAlone(Number(headers[':status']), '', fields);
        else exchange.respond(Number(headers[':status']), '', fields, true);
      } catch (error) {
        stream.close(constants.NGHTTP2_CANCEL);
        finish({ kind: 'unanswered', error, spoke });
      }
    });
    stream.on('trailers', (headers, _flags, raw?: string[]) => {
      trailers = responseHeaders(flatOf(headers, raw));
    });
    passAnswer(exchange, stream);
    stream.on('end', () => {
      // Node ends a stream that is reset, too.
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !exchange.answered) return;
      exchange.end(trailers);
      finish({ kind: 'done' });
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      if (isOver) return;
      if (exchange.answered && !exchange.gone) {
        exchange.recording?.brokeOff();
        exchange.abort(stream.rstCode);
      }
      if (exchange.answered || exchange.gone) finish({ kind: 'done' });
      else finish({ kind: 'unanswered', error: brokenOff(upstream, stream.rstCode), spoke });
    });
    const cancel = (): void => stream.close(constants.NGHTTP2_CANCEL);
    passBody(exchange, exchange.body, stream, () => stream.end(), cancel);
  });
}

function headOf(exchange: Exchange, path: string, headers: readonly string[]): Record<string, string | string[]> {
  // The first one is Host, see headers.ts.
  const [, authority = '', ...fields] = headers;
  return { ':method': exchange.method, ':path': path, ':authority': authority, ...grouped(fields) };
}

/** Fields as they came, without the pseudo-fields. Node hands them over since 26; before, repeats are in an array. */
function flatOf(headers: IncomingHttpHeaders, raw: readonly string[] | undefined): string[] {
  const all =
    raw ??
    Object.entries(headers).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).flatMap((one) => [name, String(one)]),
    );
  const fields: string[] = [];
  for (let i = 0; i + 1 < all.length; i += 2) {
    if (!all[i]?.startsWith(':')) fields.push(all[i] ?? '', all[i + 1] ?? '');
  }
  return fields;
}

function brokenOff(upstream: Upstream, code: number | undefined): AppError {
  return new AppError('UPSTREAM_BROKE', `“${upstream.label}” broke the call off (HTTP/2 code ${code ?? 0})`);
}
