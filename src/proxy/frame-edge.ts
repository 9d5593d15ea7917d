/** Where WebSocket frames end in a stream of bytes, so that one of our own can be put between two of them. */

/** Longest head of a frame: two bytes, eight of length, four of mask (RFC 6455 section 5.2). */
const MAX_HEAD_BYTES = 14;

/** Follows one direction of a WebSocket. Looks at heads alone: some ten nanoseconds a frame. */
export class FrameEdge {
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  #headLength = 0;
  /** Bytes of the present frame's payload that have not come. */
  #left = 0;

  /** Nothing of the next frame has come. */
  get isHere(): boolean {
    return this.#left === 0 && this.#headLength === 0;
  }

  /** The next bytes. */
  pass(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at);
        this.#left -= passed;
        at += passed;
        continue;
      }
      this.#head[this.#headLength++] = chunk[at++] ?? 0;
      if (this.#headLength === this.#headNeeds()) {
        this.#left = this.#payloadLength();
        this.#headLength = 0;
      }
    }
  }

  /** Length of the head, as far as it shows. */
  #headNeeds(): number {
    if (this.#headLength < 2) return 2;
    const second = this.#head[1] ?? 0;
    const short = second & 0x7f;
    return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
  }

  #payloadLength(): number {
    const short = (this.#head[1] ?? 0) & 0x7f;
    if (short === 126) return this.#head.readUInt16BE(2);
    // Past 2^53 a length is no longer exact, and never reached.
    return short === 127 ? Number(this.#head.readBigUInt64BE(2)) : short;
  }
}
