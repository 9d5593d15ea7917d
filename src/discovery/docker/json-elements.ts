/**
 * The elements of one JSON list that comes in pieces, each as soon as it is complete: a list is as large as it likes,
 * only its elements are bounded. Pure.
 */
import type { Lines } from './json-lines.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** Blank, tab, line feed, carriage return. */
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** See the file's header. An element longer than the limit is skipped, not kept. */
export class JsonElements {
  readonly #maxBytes: number;
  /** 0 outside of the list, 1 between its elements' brackets. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isSkipping = false;
  #pieces: Buffer[] = [];
  #length = 0;
  #first: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** First byte that is no blank; undefined before it came. */
  get first(): number | undefined {
    return this.#first;
  }

  /** Did the list begin and end? */
  get isComplete(): boolean {
    return this.#first === 0x5b && this.#depth === 0;
  }

  /** The elements that this piece completes. What follows a list, or is none, gives none. */
  push(piece: Buffer): Lines {
    const result: Lines = { values: [], isBroken: false };
    let start = 0;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i] ?? 0;
      if (this.#isInString) {
        i = this.#string(piece, i);
        continue;
      }
      if (this.#depth === 0) {
        if (this.#first === undefined && !BLANKS.has(byte)) this.#first = byte;
        else continue;
        if (byte !== 0x5b) return result;
        this.#depth = 1;
        start = i + 1;
      } else if (byte === QUOTE) this.#isInString = true;
      else if (byte === 0x7b || byte === 0x5b) this.#depth += 1;
      else if (byte === 0x7d || byte === 0x5d || (byte === COMMA && this.#depth === 1)) {
        if (byte !== COMMA) this.#depth -= 1;
        if (this.#depth > 0 && byte !== COMMA) continue;
        this.#add(piece.subarray(start, i), result);
        this.#end(result);
        start = i + 1;
      }
    }
    if (this.#depth > 0) this.#add(piece.subarray(start), result);
    return result;
  }

  /** Go on inside of a string. @returns where it, or the piece, ends */
  #string(piece: Buffer, from: number): number {
    for (let i = from; i < piece.length; i++) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (piece[i] === BACKSLASH) this.#isEscaped = true;
      else if (piece[i] === QUOTE) {
        this.#isInString = false;
        return i;
      }
    }
    return piece.length;
  }

  #add(part: Buffer, result: Lines): void {
    if (this.#isSkipping || part.length === 0) return;
    this.#length += part.length;
    this.#pieces.push(part);
    if (this.#length <= this.#maxBytes) return;
    this.#isSkipping = true;
    this.#pieces = [];
    result.isBroken = true;
  }

  #end(result: Lines): void {
    const text = this.#isSkipping ? '' : Buffer.concat(this.#pieces).toString('utf8').trim();
    this.#pieces = [];
    this.#length = 0;
    this.#isSkipping = false;
    if (text === '') return;
    try {
      result.values.push(JSON.parse(text));
    } catch {
      result.isBroken = true;
    }
  }
}
