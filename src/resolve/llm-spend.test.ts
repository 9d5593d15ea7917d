import { expect, it } from 'vitest';
import type { DecisionStep } from '../core/decision.ts';
import { LlmSpend } from './llm-spend.ts';

const STEP: DecisionStep = { step: 'llm', outcome: 'decided', detail: '', durationMs: 1 };

it('sums what was sent, what came back and what it cost, refused answers included', () => {
  const spend = new LlmSpend();
  expect(spend.totals).toEqual({ calls: 0, failures: 0, promptTokens: 0, completionTokens: 0, cost: null });
  spend.sent();
  spend.saw({ ...STEP, tokens: { prompt: 400, completion: 30 }, cost: 0.0004 });
  // Asked twice, answered with nonsense that has to be paid.
  spend.sent();
  spend.sent();
  spend.saw({ ...STEP, outcome: 'failed', tokens: { prompt: 800, completion: 5 }, cost: 0.0006 });
  const { cost, ...counts } = spend.totals;
  expect(counts).toEqual({ calls: 3, failures: 1, promptTokens: 1_200, completionTokens: 35 });
  expect(cost).toBeCloseTo(0.001);
});

it('does not call a price zero that no server named', () => {
  const spend = new LlmSpend();
  spend.sent();
  spend.saw({ ...STEP, tokens: { prompt: 1, completion: 1 } });
  expect(spend.totals.cost).toBeNull();
});
