/**
 * Who calls, with a look at the connection: the other end must be this machine and this user. Headers only tell a page
 * from another page; anybody on the network, or another user of this machine, could write the same ones.
 */
import type { Socket } from 'node:net';
import { AppError } from '../core/errors.ts';
import type { CallerRequest } from '../core/http-message.ts';
import {
  bearerToken,
  classifyCaller,
  isLoopback,
  isTypedNavigation,
  ownOrigin,
  type Place,
  type RequestHeaders,
  sameSecret,
} from './guard.ts';
import type { ControlParts } from './parts.ts';

/** Who was let in. `browser` has still to show the page's token before it changes anything. */
export type Caller = 'browser' | 'program' | 'control-socket';

/** What to do with a request before any handler sees it. */
export type Access =
  | { kind: 'allowed'; caller: Caller }
  | { kind: 'arrival' }
  | { kind: 'to-dashboard' }
  | { kind: 'refused'; error: AppError };

/** The part of {@link ControlParts} that is asked here. */
export type CallerParts = Pick<ControlParts, 'apiToken' | 'peerUid' | 'ownUid' | 'desktopUid'>;

/** See the file's header. */
export class CallerCheck {
  readonly #parts: CallerParts;
  /** The peer of a connection stays who it is; a look takes milliseconds. */
  readonly #uids = new WeakMap<object, Promise<number | undefined>>();

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  /** Judge a request to the control plane. Never rejects. */
  async check(request: CallerRequest, on: Place, hostname: string): Promise<Access> {
    const verdict = classifyCaller({
      headers: request.headers,
      on,
      method: request.method ?? 'GET',
      ownOrigin: originOf(request, hostname),
    });
    switch (verdict.kind) {
      case 'program':
        return (await this.#isOurs(request)) ? { kind: 'allowed', caller: 'program' } : forbidden(NOT_OURS, TOKEN_HINT);
      case 'browser':
        return (await this.#isLocalBrowser(request)) ? { kind: 'allowed', caller: 'browser' } : forbidden(NOT_OURS);
      case 'refused':
        return forbidden(`This is not for you: ${verdict.why}`, DASHBOARD_HINT);
      default:
        return verdict;
    }
  }

  /** May a request use `?force` and `?prompt`? */
  async mayInstruct(request: CallerRequest): Promise<boolean> {
    if (isTypedNavigation(request.headers, request.method ?? 'GET')) return true;
    return this.isTrustedCaller(request);
  }

  /** A caller without browser headers whom the control plane would let in. */
  async isTrustedCaller(request: CallerRequest): Promise<boolean> {
    const { headers, method = 'GET' } = request;
    const verdict = classifyCaller({ headers, on: 'app', method, ownOrigin: undefined });
    return verdict.kind === 'program' && (await this.#isOurs(request));
  }

  async #isOurs(request: CallerRequest): Promise<boolean> {
    const socket = loopbackSocket(request);
    if (socket === undefined) return false;
    if (sameSecret(bearerToken(request.headers), this.#parts.apiToken)) return true;
    const uid = await this.#uidOf(request, socket);
    return uid === 0 || (uid !== undefined && uid === this.#parts.ownUid);
  }

  /**
   * A browser's page has no other proof than its headers, so where the peer can be told it must be ours. As root
   * without sudo we cannot know whose desktop it is, and where the system does not say (macOS), loopback has to do.
   */
  async #isLocalBrowser(request: CallerRequest): Promise<boolean> {
    const socket = loopbackSocket(request);
    if (socket === undefined) return false;
    const { ownUid, desktopUid = ownUid } = this.#parts;
    if (desktopUid === 0) return true;
    const uid = await this.#uidOf(request, socket);
    return uid === undefined || uid === 0 || uid === ownUid || uid === desktopUid;
  }

  #uidOf(request: CallerRequest, socket: Socket): Promise<number | undefined> {
    // Every HTTP/2 stream has a socket object of its own; the connection is its session.
    const connection = request.stream?.session ?? socket;
    let uid = this.#uids.get(connection);
    if (uid === undefined) {
      // A failure may pass: it is not remembered.
      uid = this.#parts.peerUid(socket).then(
        (found) => {
          if (found === undefined) this.#uids.delete(connection);
          return found;
        },
        () => {
          this.#uids.delete(connection);
          return undefined;
        },
      );
      this.#uids.set(connection, uid);
    }
    return uid;
  }
}

const NOT_OURS = 'Only programs of this user on this machine may do this';
const TOKEN_HINT = 'Use the hostwise command, or send the token of the api-token file: Authorization: Bearer ...';
const DASHBOARD_HINT = 'Open the dashboard in a tab of its own';

function forbidden(message: string, hint?: string): Access {
  return { kind: 'refused', error: new AppError('API_FORBIDDEN', message, hint === undefined ? {} : { hint }) };
}

/** The connection, if both its ends are loopback: another bind gives nobody any rights. */
function loopbackSocket(request: CallerRequest): Socket | undefined {
  // An HTTP/2 session that ended meanwhile has no socket.
  const { socket } = request;
  return socket && isLoopback(socket.remoteAddress) && isLoopback(socket.localAddress) ? socket : undefined;
}

/** Did the request come over TLS? */
export function isSecureRequest(request: CallerRequest): boolean {
  const socket = request.socket as { encrypted?: unknown } | undefined;
  return socket?.encrypted === true;
}

/** Host or `:authority` as sent. */
export function authorityOf({ headers }: { headers: RequestHeaders }): string | undefined {
  const authority = headers[':authority'] ?? headers.host;
  return typeof authority === 'string' ? authority : undefined;
}

/** Origin that a request was addressed to; see {@link ownOrigin}. */
export function originOf(request: CallerRequest, hostname: string): string | undefined {
  return ownOrigin(authorityOf(request), isSecureRequest(request), hostname);
}
