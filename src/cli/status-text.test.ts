import { describe, expect, it } from 'vitest';
import { duration, renderStatus, type StatusFacts } from './status-text.ts';

describe('duration', () => {
  it.each([
    [-5, '0 s'],
    [999, '0 s'],
    [8_000, '8 s'],
    [60_000, '1 min'],
    [754_000, '12 min 34 s'],
    [11_520_000, '3 h 12 min'],
    [273_600_000, '3 d 4 h'],
    [259_260_000, '3 d'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('renderStatus()', () => {
  const spend = { calls: 12, failures: 0, promptTokens: 9_000, completionTokens: 300, cost: 0.001_234_56 };
  const llmLines = (said: Partial<Record<keyof typeof spend, number | null>>) => {
    const llm = {
      usable: true,
      reason: 'some/model at https://llm.example',
      spend: { ...spend, ...said } as typeof spend,
    };
    const lines = renderStatus(facts(llm), (_, text) => text).split('\n');
    const at = lines.findIndex((line) => line.includes('LLM'));
    return lines.slice(at, at + 2).map((line) => line.slice(10));
  };

  it('says what the LLM has cost, once it was asked', () => {
    const [who] = llmLines({});
    expect(who).toBe('some/model at https://llm.example');
    expect(llmLines({})[1]).toBe('12 calls since the start, 9000 + 300 tokens, cost 0.001235');
    expect(llmLines({ cost: null, calls: 1, failures: 1 })[1]).toBe(
      '1 call since the start, 1 without a usable answer, 9000 + 300 tokens',
    );
    expect(llmLines({ calls: 0 })[1]).not.toContain('since the start');
  });

  function facts(llm: StatusFacts['report']['llm']): StatusFacts {
    return {
      identity: { program: 'hostwise', pid: 1, version: '1', runBy: 'terminal', state: 'running', flags: {} },
      report: {
        version: '1',
        startedAt: '2026-01-01T00:00:00Z',
        dataDir: '/x',
        cacheFile: '/x/mappings.json',
        domains: ['localhost'],
        ports: { https: 443, http: 80 },
        llm,
        docker: { connected: false, detail: '' },
        routes: 0,
        trust: { trusted: true, stores: [] },
        lastError: null,
        warnings: [],
      },
      ownVersion: '1',
      now: new Date('2026-01-01T00:01:00Z'),
      commandLine: (args) => args,
    };
  }
});
