/**
 * Opening a connection to an upstream. Each one is proven to reach the right incarnation: the recorded process still
 * holds the socket (or the container its address), checked before the dial and again once it is open. The second
 * check closes the gap between the two: whoever held the listening socket throughout has accepted the connection.
 */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { AppError } from '../core/errors.ts';
import type { Upstream } from '../core/upstream.ts';
import { disconnected } from './disconnected.ts';
import { DialError } from './retry.ts';

/** Loopback answers at once or not at all; containers and other machines get the rest of this. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A port forwarder on this machine that finds nobody hangs up well within this time. */
const HOLLOW_MS = 50;

/** Asks the rest of the program whether the right one still listens. */
export type Verify = (upstream: Upstream) => boolean | Promise<boolean>;

/**
 * Open a proven connection.
 * @param onread takes what is read, in place of the socket's events
 * @throws {DialError} refused, timed out, or somebody else listens there now
 */
export async function dial(upstream: Upstream, verify: Verify, onread?: net.OnReadOpts): Promise<net.Socket> {
  await prove(upstream, verify);
  const socket = await connect(upstream, onread);
  try {
    await prove(upstream, verify);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  // Nobody listened to it meanwhile: a container's port forwarder accepts, finds no server behind it, and hangs up.
  if (socket.destroyed || socket.readableEnded) {
    socket.destroy();
    throw new DialError(disconnected());
  }
  return socket;
}

/**
 * Does it take a connection, and keep it? Docker's port forwarder takes any, and hangs up at once where nothing listens
 * behind it. Nothing is sent. Never rejects.
 */
export async function holdsOpen(upstream: Upstream, verify: Verify): Promise<boolean> {
  const socket = await dial(upstream, verify).catch(() => undefined);
  if (socket === undefined) return false;
  const isClosed = await Promise.race([
    new Promise<true>((resolve) => {
      for (const event of ['end', 'close', 'error']) socket.once(event, () => resolve(true));
      socket.resume();
    }),
    delay(HOLLOW_MS, false),
  ]);
  socket.destroy();
  return !isClosed;
}

/** How TLS is spoken to an upstream. */
export interface TlsDial {
  /** Host that is asked for; an IP address is not sent (RFC 6066 section 3). */
  serverName: string;
  /** Protocols offered, best first. */
  protocols: readonly string[];
  timeoutMs?: number;
}

/**
 * Open a proven connection and speak TLS on it. The certificate is not looked at: dev servers sign their own, and who
 * answers is known by its process, which a certificate of localhost could not say better.
 * @throws {DialError} as {@link dial}, and where the upstream does not speak TLS
 */
export async function dialTls(upstream: Upstream, verify: Verify, how: TlsDial): Promise<tls.TLSSocket> {
  const socket = await dial(upstream, verify);
  const { serverName, protocols, timeoutMs = CONNECT_TIMEOUT_MS } = how;
  return new Promise((resolve, reject) => {
    const secure = tls.connect({
      socket,
      rejectUnauthorized: false,
      ALPNProtocols: [...protocols],
      ...(net.isIP(serverName) === 0 && serverName !== '' ? { servername: serverName } : {}),
    });
    const timer = setTimeout(() => {
      fail(new AppError('UPSTREAM_TIMEOUT', `“${upstream.label}” did not finish the TLS handshake in time`));
    }, timeoutMs);
    function fail(error: Error): void {
      clearTimeout(timer);
      secure.destroy();
      socket.destroy();
      reject(new DialError(error));
    }
    const hungUp = (): void => fail(disconnected());
    secure.once('error', fail);
    secure.once('close', hungUp);
    secure.once('secureConnect', () => {
      clearTimeout(timer);
      secure.off('error', fail);
      secure.off('close', hungUp);
      // Until the next owner listens, a reset must not be thrown.
      secure.on('error', () => {});
      resolve(secure);
    });
  });
}

async function prove(upstream: Upstream, verify: Verify): Promise<void> {
  const verdict = verify(upstream);
  if (typeof verdict === 'boolean' ? verdict : await verdict) return;
  throw new DialError(
    new AppError('UPSTREAM_CHANGED', `“${upstream.label}” no longer listens on port ${upstream.port}`),
  );
}

function connect({ address, port, label }: Upstream, onread?: net.OnReadOpts): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port, noDelay: true, ...(onread && { onread }) });
    const timer = setTimeout(() => {
      fail(new AppError('UPSTREAM_TIMEOUT', `“${label}” did not accept the connection in time`));
    }, CONNECT_TIMEOUT_MS);
    function fail(error: Error): void {
      clearTimeout(timer);
      socket.destroy();
      reject(new DialError(error));
    }
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // Until the next owner listens, a reset must not be thrown.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
