import { describe, expect, it } from 'vitest';
import type { Decision } from '../core/decision.ts';
import type { ProcessService } from '../core/service.ts';
import { explainDecision, sayDecision } from './decision-text.ts';
import { painter } from './text.ts';

const PLAIN = painter(false);

const SERVICE: ProcessService = {
  id: 'p1',
  pid: 1,
  ppid: 0,
  command: 'vite',
  args: 'vite',
  cwd: '/home/kim/shop',
  listen: [{ address: '::1', port: 5173 }],
  project: { root: '/home/kim/shop', name: 'shop', workspace: null },
  git: null,
};

const DECISION: Decision = {
  host: 'cart.localhost',
  decision: 'llm',
  target: { id: 'p1', port: 5173 },
  confidence: 0.9,
  reason: 'The shop has the cart',
  steps: [
    { step: 'name', outcome: 'nothing', detail: 'No service is called "cart"', durationMs: 0.2 },
    {
      step: 'llm',
      outcome: 'decided',
      detail: 'c1',
      candidates: ['p1'],
      prompt: 'system line\nuser line',
      answer: '{"candidate":"c1"}\u001b[2J',
      model: 'some/model',
      tokens: { prompt: 120, completion: 9 },
      cost: 0.0001,
      durationMs: 812.345,
    },
  ],
};

describe('sayDecision()', () => {
  it('says who is meant, by whom it was decided, and why', () => {
    const [head, reason] = sayDecision(DECISION, [SERVICE], PLAIN).split('\n');
    expect(head).toMatch(/^cart\.localhost -> shop .*, port 5173 \(p1, by the LLM, 90% sure\)$/);
    expect(reason).toBe('  The shop has the cart');
  });

  it('says that nothing fits', () => {
    const none: Decision = { ...DECISION, decision: 'none', target: null, service: 'api' };
    expect(sayDecision(none, [], PLAIN)).toContain('cart.localhost api -> fits nothing');
  });

  it('shows the id of somebody who is gone meanwhile', () => {
    expect(sayDecision(DECISION, [], PLAIN)).toContain('-> p1, port 5173');
  });
});

describe('explainDecision()', () => {
  it('shows the candidates, each step, and exactly what was sent and answered', () => {
    const text = explainDecision(DECISION, [SERVICE], PLAIN);
    expect(text).toContain('name: nothing, 0.2 ms: No service is called "cart"');
    expect(text).toContain('llm: decided, 812.3 ms');
    expect(text).toContain('some/model, 120 + 9 tokens, cost 0.0001');
    expect(text).toContain('      | system line\n      | user line\n');
    expect(text).toContain('p1  ');
    expect(text).not.toContain('\u001b');
  });
});
