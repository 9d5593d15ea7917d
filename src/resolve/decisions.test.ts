import { describe, expect, it } from 'vitest';
import { Decisions } from './decisions.ts';
import { nobody } from './trace.ts';

const miss = (host: string, reason = 'Nobody') => nobody({ host }, reason, [], []);

describe('Decisions', () => {
  it('keeps the latest, newest first, each to be had by its id', () => {
    const decisions = new Decisions();
    for (let i = 0; i < 300; i++) decisions.add(miss(`h${i}.localhost`), 'request', 1);
    const [newest] = decisions.list();
    expect(decisions.list()).toHaveLength(200);
    expect(newest).toMatchObject({ host: 'h299.localhost', occasion: 'request', candidateCount: 0 });
    expect(decisions.get(newest?.id ?? '')).toEqual(newest);
    expect(decisions.get('1')).toBeUndefined();
  });

  it('keeps the same miss once, and another answer beside it', () => {
    const decisions = new Decisions();
    for (let i = 0; i < 3; i++) decisions.add(miss('x.localhost'), 'request', 1);
    decisions.add(miss('x.localhost', 'Another reason'), 'request', 1);
    expect(decisions.list().map(({ reason }) => reason)).toEqual(['Another reason', 'Nobody']);
  });

  it('takes no more room than it may, whatever is in a trace', () => {
    const decisions = new Decisions();
    for (let i = 0; i < 20; i++) decisions.add(miss('x.localhost', `${i}${'x'.repeat(100_000)}`), 'request', 1);
    expect(JSON.stringify(decisions.list()).length).toBeLessThan(1.1 * 1024 * 1024);
    expect(decisions.list()[0]?.reason.slice(0, 2)).toBe('19');
  });
});
