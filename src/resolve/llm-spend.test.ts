import { expect, it } from 'vitest';
import { LlmSpend } from './llm-spend.ts';

it('adds up requests, failures, tokens and cost, and knows no cost where no server says one', () => {
  const spend = new LlmSpend();
  spend.sent();
  spend.used({ promptTokens: 900, completionTokens: 40, cost: undefined });
  spend.sent();
  spend.failed();
  const before = spend.sums;
  expect(before).toEqual({ calls: 2, failures: 1, promptTokens: 900, completionTokens: 40, cost: null });
  spend.used({ promptTokens: 100, completionTokens: 10, cost: 0.000_2 });
  spend.used({ promptTokens: 0, completionTokens: 0, cost: 0.000_1 });
  expect(spend.sums).toMatchObject({ promptTokens: 1_000, completionTokens: 50, cost: expect.closeTo(0.000_3, 9) });
  expect(before.promptTokens).toBe(900);
});
