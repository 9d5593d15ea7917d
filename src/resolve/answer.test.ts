import { describe, expect, it } from 'vitest';
import { machine, serviceOf } from '../../test/fixtures/machines.ts';
import { answerSchema, CONFIDENCE_THRESHOLD, judgeAnswer } from './answer.ts';

const { snapshot } = machine('two-sites');
const ids = new Map([
  ['c1', serviceOf(snapshot, 'p101')],
  ['c2', serviceOf(snapshot, 'p103')],
]);

function judge(answer: Record<string, unknown>) {
  const full = { candidate: 'c1', port: 5173, confidence: 0.9, reason: 'because', ...answer };
  return judgeAnswer(answerSchema.parse(full), ids);
}

describe('judgeAnswer', () => {
  it('takes a candidate with one of its ports', () => {
    expect(judge({})).toMatchObject({ kind: 'decided', port: 5173, service: { id: 'p101' }, reason: 'because' });
    expect(judge({ candidate: 'c2', port: 24678 })).toMatchObject({ kind: 'decided', port: 24678 });
  });

  it('takes no port only where there is one', () => {
    expect(judge({ port: null })).toMatchObject({ kind: 'decided', port: 5173 });
    expect(judge({ candidate: 'c2', port: null })).toMatchObject({ kind: 'refused' });
  });

  it('takes none', () => {
    expect(judge({ candidate: 'none', port: null })).toMatchObject({ kind: 'none' });
    expect(judge({ candidate: 'none', port: 5173 })).toMatchObject({ kind: 'none' });
  });

  it.each([
    { candidate: 'c3' },
    { candidate: 'p101' },
    { candidate: 'C1' },
    { candidate: '' },
    { port: 80 },
    { port: 24678 },
  ])('refuses what was not offered: %j', (answer) => {
    expect(judge(answer).kind).toBe('refused');
  });

  it('routes from the threshold on', () => {
    expect(judge({ confidence: CONFIDENCE_THRESHOLD }).kind).toBe('decided');
    expect(judge({ confidence: CONFIDENCE_THRESHOLD - 0.01 })).toMatchObject({
      kind: 'unsure',
      service: { id: 'p101' },
    });
  });
});

describe('answerSchema', () => {
  it('ignores further fields and cleans the reason', () => {
    const parsed = answerSchema.parse({
      candidate: 'c1',
      port: 1,
      confidence: 1,
      reason: `a\u0007b\u202e${'x'.repeat(1_000)}`,
      command: 'rm -rf /',
    });
    expect(parsed).not.toHaveProperty('command');
    expect(parsed.reason).toMatch(/^a b x{296}$/);
  });

  it.each([
    { candidate: 1, port: 1, confidence: 1, reason: '' },
    { candidate: 'c1', port: '1', confidence: 1, reason: '' },
    { candidate: 'c1', port: 70_000, confidence: 1, reason: '' },
    { candidate: 'c1', port: 1, confidence: 1.5, reason: '' },
    { candidate: 'c1', port: 1, confidence: '1', reason: '' },
    { candidate: 'c1', confidence: 1, reason: '' },
    { candidate: 'c1', port: 1, reason: '' },
  ])('refuses %j', (answer) => {
    expect(answerSchema.safeParse(answer).success).toBe(false);
  });
});
