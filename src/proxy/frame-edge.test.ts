import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameEdge } from './frame-edge.ts';

/** A frame of this many bytes. */
function frame(length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x82;
  head[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0, 1), Buffer.alloc(length, 0xff)]);
}

describe('the edge of frames', () => {
  it('is where each frame ends, and nowhere else, however the bytes are cut', () => {
    const lengths = fc.array(fc.constantFrom(0, 1, 125, 126, 127, 300, 65_535, 65_536), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        lengths,
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 1, max: 90_000 })),
        (sizes, masked, cuts) => {
          const frames = sizes.map((size) => frame(size, masked));
          const ends = new Set<number>([0]);
          let total = 0;
          for (const one of frames) {
            total += one.length;
            ends.add(total);
          }
          const bytes = Buffer.concat(frames);
          const edge = new FrameEdge();
          let at = 0;
          while (at < bytes.length) {
            const next = Math.min(bytes.length, at + (cuts.next().value ?? 1));
            edge.pass(bytes.subarray(at, next));
            at = next;
            expect(edge.isHere).toBe(ends.has(at));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is found with every byte on its own', () => {
    const bytes = Buffer.concat([frame(3, false), frame(300, true), frame(0, false)]);
    const edge = new FrameEdge();
    const found: number[] = [];
    bytes.forEach((_, i) => {
      edge.pass(bytes.subarray(i, i + 1));
      if (edge.isHere) found.push(i + 1);
    });
    expect(found).toEqual([5, 5 + 308, 5 + 308 + 2]);
  });
});
