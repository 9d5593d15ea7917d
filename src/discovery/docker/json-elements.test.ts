import { describe, expect, it } from 'vitest';
import { JsonElements } from './json-elements.ts';

function read(text: string, pieceBytes: number, maxBytes = 1000) {
  const elements = new JsonElements(maxBytes);
  const bytes = Buffer.from(text);
  const values: unknown[] = [];
  let isBroken = false;
  for (let i = 0; i < bytes.length; i += pieceBytes) {
    const part = elements.push(bytes.subarray(i, i + pieceBytes));
    values.push(...part.values);
    isBroken ||= part.isBroken;
  }
  return { values, isBroken, isComplete: elements.isComplete, first: elements.first };
}

describe('JsonElements', () => {
  it.each([1, 2, 7, 1000])('reads a list in pieces of %i bytes as JSON.parse does', (pieceBytes) => {
    const list = [{ a: '],[{"\\', b: [1, [2]], c: 'ü€😀' }, {}, [], 'x,"y', 7, null, { d: { e: '\\"' } }];
    for (const text of [JSON.stringify(list), ` ${JSON.stringify(list, null, 2)}\n`]) {
      expect(read(text, pieceBytes)).toMatchObject({ values: list, isBroken: false, isComplete: true });
    }
    expect(read('[]', pieceBytes)).toMatchObject({ values: [], isBroken: false, isComplete: true });
  });

  it('skips what is too large or broken, and goes on', () => {
    const text = JSON.stringify([{ a: 1 }, { big: 'x'.repeat(2000) }, { b: 2 }]);
    expect(read(text, 100)).toMatchObject({ values: [{ a: 1 }, { b: 2 }], isBroken: true, isComplete: true });
    expect(read('[{"a":1},{nonsense},{"b":2}]', 3)).toMatchObject({ values: [{ a: 1 }, { b: 2 }], isBroken: true });
  });

  it('says when there is no list, or no end of it', () => {
    expect(read('{"a":[1]}', 4)).toMatchObject({ values: [], isComplete: false, first: 0x7b });
    expect(read('[{"a":1},{"b', 4)).toMatchObject({ values: [{ a: 1 }], isComplete: false });
  });
});
