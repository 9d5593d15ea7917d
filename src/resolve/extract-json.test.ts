import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { jsonObjects } from './extract-json.ts';

describe('jsonObjects', () => {
  it.each([
    ['{"a":1}', [{ a: 1 }]],
    ['```json\n{"a":1}\n```', [{ a: 1 }]],
    ['<think>{"a":0}</think>{"a":1}', [{ a: 1 }]],
    ['thinking {"a":0}\n</think>\n{"a":1}', [{ a: 1 }]],
    ['Well {not json} but {"a":"}{"} and {"b":{"c":2}} end', [{ a: '}{' }, { b: { c: 2 } }]],
    ['{"a":"\\"}"}', [{ a: '"}' }]],
    ['{ broken { {"a":1}', [{ a: 1 }]],
    ['[1,2]', []],
    ['"text"', []],
    ['', []],
  ])('finds the objects of %j', (text, objects) => {
    expect([...jsonObjects(text)]).toEqual(objects);
  });

  it('finds any object in any fence', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const json = JSON.stringify(object);
        if (json.includes('</think>')) return;
        expect([...jsonObjects(`Here:\n\`\`\`\n${json}\n\`\`\`\nDone`)][0]).toEqual(JSON.parse(json));
      }),
    );
  });

  it('gives up soon on hostile text', () => {
    const tookMs = cpuMs(() => {
      for (const text of ['{'.repeat(1_000_000), '{"'.repeat(500_000), '{}'.repeat(500_000)]) {
        expect([...jsonObjects(text)].length).toBeLessThanOrEqual(50);
      }
    });
    expect(tookMs).toBeLessThan(500);
  });
});
