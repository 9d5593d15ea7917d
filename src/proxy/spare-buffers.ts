/**
 * Memory for the pieces of large bodies, used again as soon as they are written. What is left to the garbage collector
 * makes V8 mark its whole heap for every few dozen megabytes that pass (bench/proxy/README.md).
 */

/** One read of a large body. With 64 KiB a transfer costs half as much again. */
const SPARE_BYTES = 256 * 1024;
/** That there are, whether in use or not: clients that do not read must not hold more. */
const MAX_SPARES = 32;

const spares: Buffer[] = [];
/** A Buffer of another's may share its memory with strangers, whatever size that has. */
const ours = new WeakSet<ArrayBufferLike>();
/** Those of them that somebody has. */
const taken = new WeakSet<ArrayBufferLike>();
let count = 0;
/** Not all need to come back: a handler may have failed while it had one. */
const lost = new FinalizationRegistry<void>(() => {
  count--;
});

/** @returns a buffer that nobody else has; undefined when all are in use */
export function takeSpare(): Buffer | undefined {
  const spare = spares.pop() ?? freshSpare();
  if (spare) taken.add(spare.buffer);
  return spare;
}

function freshSpare(): Buffer | undefined {
  if (count >= MAX_SPARES) return undefined;
  const fresh = Buffer.allocUnsafeSlow(SPARE_BYTES);
  ours.add(fresh.buffer);
  lost.register(fresh.buffer);
  count++;
  return fresh;
}

/** Is it in one of them, so that it has to be given back however small it is? */
export function isSpare(piece: Uint8Array): boolean {
  return ours.has(piece.buffer);
}

/**
 * This piece was written and nobody looks at it again: a spare is kept for the next read, and the memory of any other
 * is freed at once. Where a piece shares its memory with others, nothing happens.
 */
export function giveBack(piece: Uint8Array): void {
  const { buffer } = piece;
  if (isSpare(piece)) {
    // Twice in the list it would be read into by two.
    if (taken.delete(buffer)) spares.push(Buffer.from(buffer));
  } else if (piece.byteLength === buffer.byteLength && piece.byteLength > 0 && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}
