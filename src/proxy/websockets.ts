/** The WebSockets that are open, so that their clients are told when the proxy stops. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { FrameEdge } from './frame-edge.ts';

/** A close frame from a server, not masked: status 1001, "going away" (RFC 6455 section 7.4.1). */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

/** See the file's header. */
export class WebSockets {
  readonly #open = new Set<OpenWebSocket>();

  /**
   * Follow one until it is closed. Call before its pipes are joined.
   * @param head bytes that the app sent right behind its answer
   */
  add(client: Duplex, upstream: Duplex, head: Buffer): void {
    const socket = new OpenWebSocket(client, upstream, head);
    this.#open.add(socket);
    client.once('close', () => this.#open.delete(socket));
  }

  /** Tell every client, and wait until they have hung up. @param patienceMs longest wait */
  async closeAll(patienceMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    const over = new AbortController();
    const closed = Promise.all([...this.#open].map((socket) => socket.close(over.signal)));
    await Promise.race([closed, delay(patienceMs, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
  }
}

class OpenWebSocket {
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  /** Of what goes to the client. */
  readonly #edge = new FrameEdge();

  constructor(client: Duplex, upstream: Duplex, head: Buffer) {
    this.#client = client;
    this.#upstream = upstream;
    this.#edge.pass(head);
    upstream.on('data', (chunk: Buffer) => this.#edge.pass(chunk));
  }

  /** Resolves when the client is gone, or it is over. */
  async close(over: AbortSignal): Promise<void> {
    const client = this.#client;
    const gone = once(client, 'close', { signal: over }).catch(() => {});
    if (!(await this.#atEdge(over))) return;
    this.#upstream.unpipe(client);
    // Nothing may follow a close frame. The client's answer to it still goes to the app, which then hangs up.
    this.#upstream.resume();
    this.#upstream.once('end', () => client.end());
    client.write(GOING_AWAY);
    await gone;
  }

  /** Wait for the end of a frame that is under way. @returns false: it did not come in time */
  async #atEdge(over: AbortSignal): Promise<boolean> {
    while (!this.#edge.isHere) {
      const more = await once(this.#upstream, 'data', { signal: over }).catch(() => undefined);
      if (more === undefined) return false;
    }
    return !this.#client.destroyed;
  }
}
