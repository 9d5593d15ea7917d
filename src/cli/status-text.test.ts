import { describe, expect, it } from 'vitest';
import type { DaemonReport } from './api-client.ts';
import { duration, renderStatus } from './status-text.ts';
import { painter } from './text.ts';

const REPORT: DaemonReport = {
  version: '1.2.3',
  startedAt: '2026-03-01T10:00:00.000Z',
  dataDir: '/home/kim/.local/share/hostwise',
  cacheFile: '/home/kim/.local/share/hostwise/mappings.json',
  domains: ['localhost'],
  ports: { https: 443, http: 80 },
  llm: { usable: true, reason: 'a/b at https://openrouter.ai/api/v1/chat/completions' },
  docker: { connected: true, detail: 'unix:///var/run/docker.sock' },
  routes: 3,
  trust: {
    trusted: true,
    stores: [
      { id: 'system', title: 'This system', trusted: false },
      { id: 'chromium', title: 'Chromium and Chrome', trusted: true },
    ],
  },
  lastError: null,
  warnings: [],
};

function render(changes: Partial<DaemonReport> = {}): string {
  const identity = {
    program: 'hostwise',
    pid: 4711,
    version: '1.2.3',
    runBy: 'systemd',
    state: 'running',
    flags: {},
  } as const;
  const report = { ...REPORT, ...changes };
  const now = new Date('2026-03-01T13:12:00.000Z');
  const commandLine = (args: string): string => `hostwise ${args}`;
  return renderStatus({ identity, report, ownVersion: '1.2.3', now, commandLine }, painter(false));
}

describe('renderStatus()', () => {
  it('says version, uptime, ports, LLM, Docker, routes, trust per store and the last error', () => {
    expect(render().split('\n')).toEqual([
      'hostwise 1.2.3 runs as a service of systemd, pid 4711, up 3 h 12 min',
      '  Look    https://proxy.localhost/',
      '  Ports   https 443, http 80',
      '  LLM     a/b at https://openrouter.ai/api/v1/chat/completions',
      '  Docker  unix:///var/run/docker.sock',
      '  Routes  3 routes',
      '  Trust   ✗ This system',
      '          ✓ Chromium and Chrome',
      '  Data    /home/kim/.local/share/hostwise',
      '  Error   none',
    ]);
  });

  it('says why there is no LLM and no engine, what went wrong last, and that an update waits', () => {
    const page = render({
      version: '1.2.2',
      llm: { usable: false, reason: 'the budget of LLM calls for this minute is used up' },
      docker: { connected: false, detail: 'the Docker engine at unix:///x may not be asked' },
      lastError: { time: '2026-03-01T12:00:00.500Z', message: 'No room\u001b[31m' },
      warnings: ['something is odd'],
    });
    expect(page).toContain('LLM     not asked: the budget');
    expect(page).toContain('Docker  the Docker engine at unix:///x may not be asked');
    expect(page).toContain('Error   2026-03-01 12:00:00 UTC  No room');
    expect(page).not.toContain('\u001b');
    expect(page).toContain(
      'Note    something is odd\n          This program is 1.2.3; "hostwise restart" brings it up',
    );
  });

  it('says what the LLM has cost, once it was asked', () => {
    const spend = { calls: 12, failures: 0, promptTokens: 9_000, completionTokens: 300, cost: 0.001_234_56 };
    const spent = (said: Partial<Record<keyof typeof spend, number | null>>) =>
      render({ llm: { ...REPORT.llm, spend: { ...spend, ...said } as typeof spend } });
    expect(spent({})).toContain('\n          12 calls since the start, 9000 + 300 tokens, cost 0.001235\n');
    expect(spent({ cost: null, calls: 1, failures: 1 })).toContain(
      '\n          1 call since the start, 1 without a usable answer, 9000 + 300 tokens\n',
    );
    expect(spent({ calls: 0 })).not.toContain('since the start');
  });

  it('knows a machine without Docker and without any store', () => {
    const page = render({ docker: { connected: false, detail: '' }, trust: { trusted: null, stores: [] } });
    expect(page).toContain('Docker  no engine here');
    expect(page).toContain('Trust   no store was found');
  });
});

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
