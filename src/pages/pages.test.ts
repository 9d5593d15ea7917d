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
