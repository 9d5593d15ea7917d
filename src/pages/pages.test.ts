import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RouteOutcome } from '../core/route.ts';
import { createPages } from './pages.ts';

const pages = createPages({
  domains: ['localhost', 'dev.test'],
  dashboardOrigin: (domain) => `https://proxy.${domain}:8443`,
});

const UNKNOWN: Extract<RouteOutcome, { kind: 'unknown' }> = {
  kind: 'unknown',
  candidates: [
    { id: 'p1', name: 'web (vite)', ports: [5173], hostname: 'web.shop.localhost' },
    { id: 'c1', name: '<img src=x onerror=alert(1)>', ports: [80, 443] },
  ],
  why: 'two names fit equally',
};
const AWAY: Extract<RouteOutcome, { kind: 'away' }> = { kind: 'away', label: 'shop', detail: 'it stopped' };

describe('unknown', () => {
  it('answers JSON with names and ports only', () => {
    const page = pages.unknown('shop.localhost', UNKNOWN, 'json');
    expect(page.status).toBe(404);
    expect(page.headers['content-type']).toBe('application/json');
    expect(JSON.parse(page.body)).toEqual({
      error: 'Nothing that runs here is clearly “shop.localhost”',
      hostname: 'shop.localhost',
      candidates: [
        { name: 'web (vite)', ports: [5173], hostname: 'web.shop.localhost' },
        { name: '<img src=x onerror=alert(1)>', ports: [80, 443] },
      ],
      why: 'two names fit equally',
    });
  });

  it('lets no further field of a candidate through', () => {
    const leaky = {
      ...UNKNOWN,
      candidates: [{ id: 'p', name: 'x', ports: [1], args: 'node --secret', cwd: '/home/kim' }],
    };
    for (const format of ['html', 'json', 'text'] as const) {
      expect(pages.unknown('a.localhost', leaky, format).body).not.toMatch(/--secret|\/home\/kim/);
    }
  });

  it('answers a page with every value escaped, and a link to the picker of that domain', () => {
    const { body, headers } = pages.unknown('shop.dev.test', UNKNOWN, 'html');
    expect(body).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(body).not.toContain('<img');
    expect(body).toContain('href="https://proxy.dev.test:8443/pick?host=shop.dev.test"');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  it('answers text that brings no terminal escapes along', () => {
    const hostile = { ...UNKNOWN, candidates: [{ id: 'p', name: '\u001b]0;x\u0007', ports: [1] }] };
    const { body, headers } = pages.unknown('a.localhost', hostile, 'text');
    expect(body).not.toMatch(/[\u0007\u001b]/);
    expect(body).toContain('port 1');
    expect(headers['content-type']).toContain('text/plain');
  });

  it('says so when nothing runs', () => {
    const empty = { ...UNKNOWN, candidates: [] };
    expect(pages.unknown('a.localhost', empty, 'text').body).toContain('Nothing is listening');
    expect(pages.unknown('a.localhost', empty, 'html').body).toContain('Nothing is listening');
  });
});

describe('waiting', () => {
  it.each(['html', 'json', 'text'] as const)('answers 503 with Retry-After as %s', (format) => {
    const page = pages.waiting('shop.localhost', AWAY, format);
    expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
    expect(page.body).toContain('shop');
  });

  it('loads itself again as a page', () => {
    expect(pages.waiting('shop.localhost', AWAY, 'html').body).toContain('<meta http-equiv="refresh" content="2">');
  });
});

describe('error', () => {
  it('carries title, detail and hint in every format', () => {
    for (const format of ['html', 'json', 'text'] as const) {
      const page = pages.error(502, 'It broke', 'because', format, 'do this');
      expect(page.status).toBe(502);
      for (const part of ['It broke', 'because', 'do this']) expect(page.body).toContain(part);
      expect(page.headers['cache-control']).toBe('no-store');
      expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    }
  });

  it('escapes what went wrong', () => {
    expect(pages.error(500, '<b>', '"<script>', 'html', "'<i>").body).not.toMatch(/<b>|<script>|<i>/);
  });
});

describe('failure', () => {
  const FAILURE = {
    hostname: 'shop.localhost',
    label: 'shop <api>',
    port: 5173,
    status: 502,
    kind: 'refused',
    detail: 'It refused the connection',
    attempts: 3,
  } as const;
  const since = createPages({
    domains: ['localhost'],
    dashboardOrigin: () => 'https://proxy.localhost',
    failingSince: () => '2026-01-02T03:04:05.000Z',
  });

  it('tells what was tried, who was asked, what it said, since when and what to do, in every format', () => {
    const parsed = JSON.parse(since.failure(FAILURE, 'json').body) as object;
    expect(parsed).toMatchObject({
      error: '“shop <api>” did not answer',
      detail: 'It refused the connection (port 5173)',
      service: 'shop <api>',
      attempts: 3,
      since: '2026-01-02T03:04:05.000Z',
      details: 'https://proxy.localhost/service?host=shop.localhost',
    });
    const text = since.failure(FAILURE, 'text').body;
    expect(text).toMatch(/It refused the connection \(port 5173\), since \d\d:\d\d:\d\d, tried 3 times/);
    const page = since.failure(FAILURE, 'html');
    expect(page.status).toBe(502);
    for (const part of ['shop &lt;api&gt;', '3 times', '2026-01-02T03:04:05.000Z', 'It may still be starting']) {
      expect(page.body).toContain(part);
    }
    expect(page.body).toContain('href="https://proxy.localhost/service?host=shop.localhost"');
    expect(page.headers['content-security-policy']).not.toContain('script-src');
  });

  it('says so when it has only begun', () => {
    expect(pages.failure({ ...FAILURE, attempts: 1 }, 'text').body).toContain('just now, tried once');
    expect(JSON.parse(pages.failure(FAILURE, 'json').body)).toMatchObject({ since: null });
  });
});

describe('a live waiting page', () => {
  const hash = (text: string) => createHash('sha256').update(text).digest('base64');

  it.each([
    ['away', () => pages.waiting('shop.localhost', AWAY, 'html', true)],
    ['deciding', () => pages.deciding('shop.localhost', 'html', true)],
  ])('has one script, known by its digest, and loads itself again without one (%s)', (_kind, make) => {
    const { body, headers } = make();
    const script = /<script>([\s\S]*?)<\/script>/.exec(body)?.[1] ?? '';
    const policy = headers['content-security-policy'];
    expect(policy).toContain(`script-src 'sha256-${hash(script)}';`);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(body.match(/<script/g)).toHaveLength(1);
    expect(body).toContain('<noscript><meta http-equiv="refresh" content="2"></noscript>');
  });

  it('puts no value into its script', () => {
    const hostile = { ...AWAY, label: '</script><script>alert(1)</script>', detail: '`;alert(1)' };
    const plain = /<script>[\s\S]*$/.exec(pages.waiting('shop.localhost', AWAY, 'html', true).body)?.[0];
    expect(/<script>[\s\S]*$/.exec(pages.waiting('x.localhost', hostile, 'html', true).body)?.[0]).toBe(plain);
  });
});

describe('deciding', () => {
  it('announces a local model that may have to be loaded first, in every format', () => {
    const patient = createPages({
      domains: ['localhost'],
      dashboardOrigin: () => 'https://proxy.localhost',
      isModelCold: () => true,
    });
    for (const format of ['html', 'json', 'text'] as const) {
      expect(patient.deciding('shop.localhost', format).body).toContain('may have to be loaded first');
      const usual = pages.deciding('shop.localhost', format);
      expect(usual.body).not.toContain('loaded first');
      expect([usual.status, usual.headers['retry-after']]).toEqual([503, '2']);
    }
  });
});
