/** JSON values from a stream of bytes, one per line or simply one after the other, split anywhere. Pure. */
import { StringDecoder } from 'node:string_decoder';

/** What came out of a piece of the stream. */
export interface Lines {
  values: unknown[];
  /** Something was no JSON or too long, and was left out. */
  isBroken: boolean;
}

const MAX_TINY = 1024;

/** Collects lines. A line longer than the limit is skipped, not kept. */
export class JsonLines {
  readonly #maxChars: number;
  readonly #decoder = new StringDecoder('utf8');
  #parts: string[] = [];
  /** Many tiny pieces are joined now and then: each on its own would cost more than what is in it. */
  #tiny: string[] = [];
  #length = 0;
  #isSkipping = false;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** The lines that this piece completes. */
  push(piece: Uint8Array): Lines {
    const lines = this.#decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length)).split('\n');
    const result: Lines = { values: [], isBroken: false };
    for (const [i, part] of lines.entries()) {
      this.#add(part, result);
      if (i < lines.length - 1) this.#end(result);
    }
    return result;
  }

  #add(part: string, result: Lines): void {
    if (this.#isSkipping || part === '') return;
    this.#length += part.length;
    if (this.#length <= this.#maxChars) {
      this.#tiny.push(part);
      if (this.#tiny.length >= MAX_TINY) this.#join();
      return;
    }
    this.#isSkipping = true;
    this.#drop();
    result.isBroken = true;
  }

  /** As bytes and back: what V8 joins or cuts from another string may keep all of its parts. */
  #join(): void {
    this.#parts.push(Buffer.from(this.#tiny.join('')).toString());
    this.#tiny = [];
  }

  #drop(): void {
    this.#parts = [];
    this.#tiny = [];
  }

  #end(result: Lines): void {
    this.#join();
    const line = this.#parts.join('').trim();
    this.#drop();
    this.#length = 0;
    this.#isSkipping = false;
    if (line === '') return;
    try {
      result.values.push(JSON.parse(line));
    } catch {
      result.isBroken = true;
    }
  }
}
