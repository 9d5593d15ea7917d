import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLines } from './json-lines.ts';

describe('JsonLines', () => {
  it('gives the same values wherever the stream is cut', () => {
    const values = [{ a: 'ü€😀' }, [1, 2], 'text\nwith a line break', null];
    const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\r\n`).join('\n'));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const lines = new JsonLines(1000);
        const ends = [...cuts.sort((a, b) => a - b), bytes.length];
        const seen = ends.flatMap((end, i) => lines.push(bytes.subarray(ends[i - 1] ?? 0, end)).values);
        expect(seen).toEqual(values);
      }),
    );
  });

  it('skips a line that is too long or no JSON, says so, and goes on', () => {
    const lines = new JsonLines(10);
    expect(lines.push(Buffer.from('"0123'))).toEqual({ values: [], isBroken: false });
    expect(lines.push(Buffer.from('456789'))).toEqual({ values: [], isBroken: true });
    expect(lines.push(Buffer.from('more\n1\n'))).toEqual({ values: [1], isBroken: false });
    expect(lines.push(Buffer.from('{"half":\n2\n'))).toEqual({ values: [2], isBroken: true });
  });

  it('reads a long line that comes in thousands of tiny pieces, and skips one that is too long', () => {
    const lines = new JsonLines(9_000);
    const drip = (bytes: Buffer) => [...bytes].flatMap((byte) => lines.push(Uint8Array.of(byte)).values);
    const text = 'aé'.repeat(4_000);
    expect(drip(Buffer.from(`"${text}"\n`))).toEqual([text]);
    expect(drip(Buffer.from(`"${'x'.repeat(10_000)}"\n1\n`))).toEqual([1]);
  });
});
