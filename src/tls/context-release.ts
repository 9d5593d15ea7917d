/**
 * Frees what OpenSSL holds for a TLS context once nobody needs it. V8 takes a context for 1 KiB, so it would not be
 * collected for a long time: measured, 4,000 names in a row cost 150 MB without this, and 23 MB with it.
 *
 * Connections keep references of their own to certificate and key, but only from the end of the handshake on: until then
 * Node looks at the context again when the client sends a second ClientHello (RFC 8446 section 4.1.4), and ends the whole
 * process if it is closed (measured on Node 26: an assertion in TLSWrap::SelectSNIContextCallback). A client chooses how
 * long it takes for that, so handshakes are counted and not timed.
 */
import type { SecureContext, TLSSocket } from 'node:tls';

/** Between being handed out and being held lie a few microtasks. */
const RELEASE_AFTER_MS = 1_000;

/** A server's TLSSocket: `secure` when its handshake is done, `close` in any case. */
export type Handshake = Pick<TLSSocket, 'once' | 'off' | 'destroyed'>;

/** See the file's header. */
export class ContextRelease {
  /** Handshakes under way by context. */
  readonly #held = new Map<SecureContext, number>();
  /** To be freed as soon as nobody holds them. */
  readonly #dismissed = new WeakSet<SecureContext>();

  /** It is used in this handshake, until its end. */
  hold(context: SecureContext, handshake: Handshake): void {
    // The client left while the leaf was made: there will be no end of it.
    if (handshake.destroyed) return;
    this.#held.set(context, (this.#held.get(context) ?? 0) + 1);
    const end = (): void => {
      handshake.off('secure', end);
      handshake.off('close', end);
      this.#letGo(context);
    };
    handshake.once('secure', end);
    handshake.once('close', end);
  }

  /** It is handed out no more: free it soon, or after the last handshake that uses it. */
  dismiss(context: SecureContext): void {
    setTimeout(() => {
      this.#dismissed.add(context);
      if (!this.#held.has(context)) close(context);
    }, RELEASE_AFTER_MS).unref();
  }

  #letGo(context: SecureContext): void {
    const others = (this.#held.get(context) ?? 0) - 1;
    if (others > 0) {
      this.#held.set(context, others);
      return;
    }
    this.#held.delete(context);
    if (this.#dismissed.has(context)) close(context);
  }
}

/** Node documents no way to do it: where there is none, V8 does it some day. */
function close({ context }: SecureContext): void {
  const native = context as { close?: () => void } | undefined;
  native?.close?.();
}
