import { describe, expect, it } from 'vitest';
import { oncePerObject } from './once-per-object.ts';

describe('oncePerObject', () => {
  it('makes the answer once for each object, and for an equal one again', () => {
    const asked: object[] = [];
    const answer = oncePerObject((object: { name: string }) => {
      asked.push(object);
      return { of: object.name };
    });
    const [one, twin] = [{ name: 'shop' }, { name: 'shop' }];
    const first = answer(one);
    expect(first).toEqual({ of: 'shop' });
    expect(answer(one)).toBe(first);
    expect(answer(twin)).not.toBe(first);
    expect(answer(one)).toBe(first);
    expect(asked).toEqual([one, twin]);
  });

  it.each([null, false, '', 0])('remembers %j like any other answer', (value) => {
    let runs = 0;
    const answer = oncePerObject(() => {
      runs++;
      return value;
    });
    const object = {};
    expect([answer(object), answer(object)]).toEqual([value, value]);
    expect(runs).toBe(1);
  });

  it('asks again after an error, and shares nothing between two functions', () => {
    let runs = 0;
    const answer = oncePerObject(() => {
      runs++;
      if (runs === 1) throw new Error('not yet');
      return runs;
    });
    const object = {};
    expect(() => answer(object)).toThrow('not yet');
    expect([answer(object), answer(object)]).toEqual([2, 2]);
    expect(oncePerObject(() => 'other')(object)).toBe('other');
  });
});
