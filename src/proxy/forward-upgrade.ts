/**
 * One attempt to open a tunnel: an HTTP/1.1 upgrade, or a WebSocket over HTTP/2 (extended CONNECT, RFC 8441). The
 * upstream always gets an HTTP/1.1 upgrade. A rejection (302, 401 ...) reaches the client as the upstream said it.
 */
import { createHash, randomBytes } from 'node:crypto';
import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../core/errors.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Exchange } from './exchange.ts';
import { flatHeader } from './flat-headers.ts';
import { answered, exactRequest, silent } from './forward-exact.ts';
import { type ForwardOptions, hostToSend, requestHeaders, responseHeaders } from './headers.ts';
import { DialError, type ForwardResult } from './retry.ts';
import type { Upstreams } from './upstreams.ts';

/** A request to switch protocols, of either HTTP version. */
export interface UpgradeExchange {
  readonly exchange: Exchange;
  /** `websocket`, nearly always. */
  readonly protocol: string;
  /** Bytes that came right behind the request head. */
  readonly head: Buffer;
  /**
   * Tell the client yes, and get the pipe to it.
   * @param headers of the upstream's 101, without hop-by-hop fields
   * @param taken the protocol that it named
   */
  accept(headers: readonly string[], taken: string): Duplex;
  /** Both sides are about to be joined. @param head bytes that the app sent right behind its answer */
  joining(client: Duplex, upstream: Duplex, head: Buffer): void;
}

/** RFC 6455 section 1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Forward one upgrade once. Never rejects: how it ended is in the result. */
export function forwardUpgrade(
  upgrade: UpgradeExchange,
  upstream: Upstream,
  path: string,
  options: ForwardOptions,
  upstreams: Upstreams,
): Promise<ForwardResult> {
  const { exchange } = upgrade;
  const ways = upstreams.to(upstream, hostToSend(exchange, options));
  const spoke = ways.speaks;
  const { foreign } = ways.talk;
  if (foreign !== undefined) return Promise.resolve({ kind: 'unanswered', error: foreign, spoke });
  const headers = withoutLength(requestHeaders(exchange, options));
  headers.push('Connection', 'Upgrade', 'Upgrade', upgrade.protocol);
  let key = exchange.header('sec-websocket-key');
  if (key === undefined && upgrade.protocol === 'websocket') {
    // Over HTTP/2 there is no key; the upstream's HTTP/1.1 handshake needs one of ours.
    key = randomBytes(16).toString('base64');
    headers.push('Sec-WebSocket-Key', key);
    if (exchange.header('sec-websocket-version') === undefined) headers.push('Sec-WebSocket-Version', '13');
  }
  return new Promise((resolve) => {
    // Extended CONNECT stands for the GET of an HTTP/1.1 WebSocket (RFC 8441 section 5).
    const method = exchange.version === '2' ? 'GET' : exchange.method;
    const request = exactRequest(ways.agent, method, path, headers);
    let joined = false;
    // The tunnel sees to itself.
    exchange.onGone(() => {
      if (!joined) request.destroy();
    });
    request.on('socket', () => exchange.recording?.connected());
    request.on('upgrade', (response, socket, upstreamHead) => {
      const wrong = wrongAnswer(upgrade.protocol, key, response);
      if (wrong !== undefined) {
        socket.destroy();
        const error = new AppError('UPSTREAM_BROKE', `“${upstream.label}” answered the handshake with ${wrong}`);
        resolve({ kind: 'unanswered', error, spoke });
        return;
      }
      joined = true;
      ways.talk.isProven = true;
      const error = joinPipes(upgrade, response, options, socket, upstreamHead);
      resolve(error === undefined ? { kind: 'done' } : { kind: 'unanswered', error, spoke });
    });
    let responded = false;
    request.on('response', (response) => {
      responded = true;
      answered(exchange, response, options, ways, resolve);
    });
    request.on('error', (error) => {
      if (exchange.gone || exchange.answered) resolve({ kind: 'done' });
      else if (error instanceof DialError) resolve({ kind: 'unsent', error });
      else resolve({ kind: 'unanswered', error, spoke });
    });
    request.on('close', () => {
      // How a response ended is told by `relay`.
      if (!responded) resolve({ kind: 'unanswered', error: silent(upstream), spoke });
    });
    request.end();
  });
}

/** A tunnel's request has no body, whatever an extended CONNECT says of one. */
function withoutLength(headers: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== 'content-length') result.push(headers[i] ?? '', headers[i + 1] ?? '');
  }
  return result;
}

/** What is wrong with a 101, which would make a tunnel that the client did not mean; undefined for nothing. */
function wrongAnswer(asked: string, key: string | undefined, { headers }: http.IncomingMessage): string | undefined {
  const taken = headers.upgrade?.trim().toLowerCase() ?? '';
  // RFC 9110 section 7.8: a server may switch only to a protocol that the client named.
  const offers = asked.split(',').map((one) => one.trim().toLowerCase());
  if (!offers.includes(taken)) return 'another protocol';
  if (taken !== 'websocket' || key === undefined) return undefined;
  // RFC 6455 section 4.1: another Sec-WebSocket-Accept means that the peer did not understand the handshake.
  const expected = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64');
  return headers['sec-websocket-accept'] === expected ? undefined : 'a wrong key';
}

/** @returns what kept it from beginning */
function joinPipes(
  upgrade: UpgradeExchange,
  response: http.IncomingMessage,
  options: ForwardOptions,
  upstream: Duplex,
  head: Buffer,
): unknown {
  const headers = responseHeaders(response.rawHeaders, options);
  let client: Duplex;
  try {
    client = upgrade.accept(headers, response.headers.upgrade ?? upgrade.protocol);
  } catch (error) {
    // Header fields that Node refuses to send on.
    upstream.destroy();
    return error;
  }
  upgrade.exchange.recording?.tunnels(headers, upstream, client);
  upgrade.joining(client, upstream, head);
  if (head.length > 0) client.write(head);
  if (upgrade.head.length > 0) upstream.write(upgrade.head);
  // Either side may say its last word and go on listening.
  for (const side of [client, upstream]) side.allowHalfOpen = true;
  client.pipe(upstream);
  upstream.pipe(client);
  followEnd(client, upstream);
  followEnd(upstream, client);
  return undefined;
}

/** A side that breaks breaks the other. One that is closed as it should has the other closed behind its last bytes. */
function followEnd(side: Duplex, other: Duplex): void {
  side.on('error', () => other.destroy());
  side.on('close', () => {
    if (!side.readableEnded || other.writableFinished) other.destroy();
    else other.once('finish', () => other.destroy());
  });
}

/** The upgrade's answer without what only an HTTP/1.1 client may see. */
export function extendedConnectHeaders(headers: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (name.toLowerCase() !== 'sec-websocket-accept') result.push(name.toLowerCase(), headers[i + 1] ?? '');
  }
  return result;
}

/**
 * Protocol that an HTTP/1.1 request wants to switch to; undefined when it is no upgrade that we pass on. With a body it
 * is an ordinary request that offers more: its bytes must not be taken for the new protocol's.
 */
export function upgradeProtocol(request: http.IncomingMessage): string | undefined {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) return undefined;
  const wanted = flatHeader(request.rawHeaders, 'upgrade')?.trim();
  // An offer of HTTP/2 in plain text (curl --http2) is an ordinary request that happens to offer more.
  if (!wanted || /^h2c?(?:$|[\s,])/i.test(wanted)) return undefined;
  return wanted.toLowerCase() === 'websocket' ? 'websocket' : wanted;
}
