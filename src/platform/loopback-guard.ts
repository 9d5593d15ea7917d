/**
 * Listening on all addresses for this machine alone. macOS lets any user have a port below 1024, but on all addresses
 * only (measured by others since Mojave: Augani/dory #12, portless #330); whoever then comes from elsewhere is cut off.
 */
import type net from 'node:net';

/** In the place of an address: all of them, guarded. */
export const GUARDED = 'guarded';

/** The addresses to open for hosts with {@link GUARDED} among them: IPv4's and IPv6's wildcard. */
export const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** Does a connection from this address come from this machine, over loopback? RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
export function isLoopbackPeer(address: string | undefined): boolean {
  return address !== undefined && /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/.test(address);
}

/**
 * Hand on what comes over loopback; the rest is destroyed in the turn in which it was accepted, before a byte of it is
 * read or one is written.
 */
export function loopbackOnly(onConnection: (socket: net.Socket) => void): (socket: net.Socket) => void {
  return (socket) => {
    if (isLoopbackPeer(socket.remoteAddress)) onConnection(socket);
    else socket.destroy();
  };
}
