import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { entryOf, parseMappingFile, serializeMappingFile } from './mapping-file.ts';
import { hasLongNumber, isDeeperThan, salvageMembers, wholeMembers } from './mapping-text.ts';

const awkward = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '{', '}', '\n  "x": {', '"}', 'žluťoučký 🐴', '\\"}'),
);
const mapping = fc.record({
  type: fc.constantFrom('process' as const, 'docker' as const),
  target: fc.string({ minLength: 1, maxLength: 20 }),
  port: fc.integer({ min: 1, max: 65_535 }),
  createdAt: fc.constant('2026-01-01T00:00:00Z'),
  llmReason: awkward.map((text) => text.slice(0, 50)),
  extra: fc.oneof(fc.constant(null), awkward, fc.array(awkward, { maxLength: 3 }), fc.dictionary(fc.string(), awkward)),
});

function textOf(mappings: readonly object[]): { text: Buffer; ends: number[] } {
  const entries = new Map(mappings.map((one, i) => [`app-${i}.localhost`, entryOf(one as never)]));
  const text = serializeMappingFile(entries);
  const ends: number[] = [];
  let at = 2;
  for (const { bytes } of entries.values()) {
    at += bytes?.length ?? 0;
    ends.push(at);
    at += 2;
  }
  return { text, ends };
}

describe('wholeMembers', () => {
  it('reads what JSON.parse reads, in the order of the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(awkward, fc.jsonValue()), { maxLength: 6 }),
        fc.constantFrom(0, 1, '\t'),
        (pairs, blanks) => {
          const wanted = pairs.filter(([key], i) => pairs.findIndex(([other]) => other === key) === i);
          const members = wanted.map(
            ([key, value]) => `${JSON.stringify(key)} : ${JSON.stringify(value, null, blanks)}`,
          );
          const read = wholeMembers(`\n{ ${members.join(' ,\n')} }\n`);
          expect(read?.map(({ key, value }) => [key, value])).toEqual(JSON.parse(JSON.stringify(wanted)));
          expect(read?.map(({ raw }) => JSON.parse(raw) as unknown)).toEqual(read?.map(({ value }) => value));
        },
      ),
    );
  });

  it('has both of two with one key, and a number as it is written', () => {
    expect(wholeMembers('{"a": 1e2, "a": [true], "b": null}')).toMatchObject([
      { key: 'a', raw: '1e2' },
      { key: 'a', raw: '[true]' },
      { key: 'b', raw: 'null' },
    ]);
  });
});

describe('isDeeperThan and hasLongNumber', () => {
  it('look at values, not at the text in them', () => {
    expect(isDeeperThan('{"a": [["[[[[", "\\"[["]]}', 3)).toBe(false);
    expect(isDeeperThan('{"a": [[[]]]}', 3)).toBe(true);
    expect(isDeeperThan('['.repeat(1_000_000), 64)).toBe(true);
    expect(hasLongNumber('{"a": "12345678901234567890", "b": 0.9, "c": 5173}')).toBe(false);
    expect(hasLongNumber('{"a": [12345678901234567890]}')).toBe(true);
    expect(hasLongNumber('{"a": 1e400}')).toBe(true);
  });
});

describe('salvageMembers', () => {
  it('keeps every complete entry of a file torn at any byte, and makes none up', () => {
    fc.assert(
      fc.property(fc.array(mapping, { minLength: 1, maxLength: 4 }), (mappings) => {
        const { text, ends } = textOf(mappings);
        for (let bytes = 0; bytes <= text.length; bytes++) {
          const torn = text.subarray(0, bytes).toString('utf8');
          const complete = ends.filter((end) => end <= bytes).length;
          const keys = salvageMembers(torn).map((member) => member.key);
          expect(keys).toEqual(mappings.slice(0, complete).map((_, i) => `app-${i}.localhost`));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives the values as they were written', () => {
    fc.assert(
      fc.property(fc.array(mapping, { minLength: 2, maxLength: 4 }), (mappings) => {
        const { text } = textOf(mappings);
        const values = salvageMembers(text.subarray(0, -4).toString('utf8')).map((member) => member.value);
        expect(values).toEqual(JSON.parse(JSON.stringify(mappings.slice(0, -1))));
      }),
      { numRuns: 50 },
    );
  });

  it('goes on behind a damaged entry in the middle, with the same indentation only', () => {
    const text = `{
  "a.localhost": { "port": 1 },
  "b.localhost": { "port": 2, oops
    "nested": { "port": 99 }
  },
  "c.localhost": { "port": 3 },
}`;
    expect(salvageMembers(text).map((member) => member.key)).toEqual(['a.localhost', 'c.localhost']);
  });

  it('survives a comma too many, a missing comma and a file whose beginning is lost', () => {
    const tab = '{\n\t"a": {},\n\t"b": {}\n\t"c": {},,\n}';
    expect(salvageMembers(tab).map((member) => member.key)).toEqual(['a', 'b', 'c']);
    const headless = '\0\0\0\0 "port": 1 },\n  "b.localhost": { "port": 2 }\n}';
    expect(salvageMembers(headless).map((member) => member.key)).toEqual(['b.localhost']);
  });

  it('takes no bare number from a torn text, which may be only its beginning', () => {
    expect(salvageMembers('{"a": 51')).toEqual([]);
  });

  it('lets the last of two members with one key count, as JSON does', () => {
    expect(salvageMembers('{"a": {"n": 1}, "a": {"n": 2}, ')).toEqual([{ key: 'a', value: { n: 2 }, raw: '{"n": 2}' }]);
  });

  it('is linear on hostile text', () => {
    const tookMs = cpuMs(() => {
      salvageMembers(`{${'\n  "a": {'.repeat(200_000)}`);
      salvageMembers(`{"a": ${'['.repeat(1_000_000)}`);
      salvageMembers(`{${'"'.repeat(1_000_000)}`);
    });
    expect(tookMs).toBeLessThan(5_000);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\\n ab1') }), (text) => {
        salvageMembers(text);
        parseMappingFile(text);
      }),
      { numRuns: 500 },
    );
  });
});
