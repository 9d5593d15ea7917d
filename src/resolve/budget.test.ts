import { describe, expect, it } from 'vitest';
import { LlmBudget } from './budget.ts';

function spend(budget: LlmBudget, times: number, navigation: boolean): number {
  let granted = 0;
  for (let i = 0; i < times; i++) if (budget.take(navigation)) granted++;
  return granted;
}

describe('LlmBudget', () => {
  it('lets assets use 20 of 30 calls a minute and navigations the rest', () => {
    const budget = new LlmBudget({ now: () => 0 });
    expect(spend(budget, 500, false)).toBe(20);
    expect(spend(budget, 500, true)).toBe(10);
    expect(budget.remaining(true)).toBe(0);
  });

  it('lets navigations use all of them', () => {
    const budget = new LlmBudget({ now: () => 0 });
    expect(spend(budget, 500, true)).toBe(30);
    expect(budget.take(false)).toBe(false);
  });

  it('gives each call back a minute after it was made', () => {
    let now = 0;
    const budget = new LlmBudget({ perMinute: 2, keptForNavigations: 0, now: () => now });
    expect(budget.take(false)).toBe(true);
    now = 30_000;
    expect(spend(budget, 5, false)).toBe(1);
    now = 60_000;
    expect(spend(budget, 5, false)).toBe(1);
    now = 90_000;
    expect(spend(budget, 5, false)).toBe(1);
  });
});
