/** Hostile values and hostile pages against the control plane: markup, CSRF, open redirects, rebinding. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { choiceValue } from '../../src/api/picker-page.ts';
import type { Snapshot } from '../../src/core/service.ts';
import {
  type ControlServer,
  fromDashboard,
  PAGE_TOKEN,
  serveControl,
  TYPED,
} from '../integration/api/serve-control.ts';

const MARKUP = `"'><img src=x onerror=alert(1)><script>alert(2)</script>`;
const HOSTILE: Snapshot = {
  processes: [
    {
      id: 'p1',
      pid: 1,
      ppid: 0,
      command: MARKUP,
      args: MARKUP,
      cwd: `/tmp/${MARKUP}`,
      listen: [{ address: '127.0.0.1', port: 80 }],
      project: { root: '/tmp', name: MARKUP, workspace: null },
      git: null,
    },
  ],
  containers: [
    { id: `c${MARKUP}`, name: MARKUP, image: MARKUP, expose: [80], publish: [], compose: null, labels: { x: MARKUP } },
  ],
  warnings: [MARKUP],
};

let server: ControlServer;
beforeAll(async () => {
  server = await serveControl({
    snapshot: async () => HOSTILE,
    hostnames: () => new Map([['p1', MARKUP]]),
    resolve: async ({ host }) => ({
      host,
      decision: 'none',
      target: null,
      confidence: 0,
      reason: MARKUP,
      steps: [],
      resolved: null,
      candidates: [...HOSTILE.processes, ...HOSTILE.containers],
    }),
  });
});
afterAll(() => server.close());
beforeEach(() => server.mappings.clear());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('markup in names, command lines, labels and reasons', () => {
  it.each([
    '/',
    '/_debug',
    '/pick?host=new.localhost',
    `/pick?host=${encodeURIComponent(MARKUP)}`,
    `/${encodeURI(MARKUP)}`,
  ])('stays text at %s', async (path) => {
    server.mappings.set(`x.localhost:${MARKUP}`, {
      type: 'docker',
      target: MARKUP,
      port: 1,
      createdAt: MARKUP,
      llmReason: MARKUP,
      processIdentifier: { workdir: MARKUP },
    });
    const { body, headers } = await server.request({ path, host: 'proxy.localhost', headers: TYPED });
    expect(headers['content-type']).toContain('text/html');
    expect(body).not.toMatch(/<img|<script|onerror=alert\(1\)>/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|script-src/);
  });

  it('stays data in JSON, which no browser takes for a page', async () => {
    const { headers } = await server.request({ path: '/_api/services', host: 'proxy.localhost' });
    expect(headers['content-type']).toBe('application/json');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('a page on evil.localhost', () => {
  const evil = () => `http://evil.localhost:${server.port}`;
  const form = () =>
    new URLSearchParams({ token: PAGE_TOKEN, host: 'new.localhost', key: 'bank.localhost', by: 'vite' }).toString();

  it.each(['/pick', '/forget', '/host'])('cannot send a form to %s, not even with the token', async (path) => {
    server.mappings.set('bank.localhost', { type: 'docker', target: 'x', port: 1, createdAt: '', llmReason: '' });
    for (const site of ['cross-site', 'same-site', 'none', 'same-origin']) {
      const answer = await server.request({
        path,
        host: 'proxy.localhost',
        method: 'POST',
        body: form(),
        headers: { ...TYPED, ...FORM, 'sec-fetch-site': site, origin: evil() },
      });
      expect(answer.status).toBe(403);
    }
    expect([...server.mappings.keys()]).toEqual(['bank.localhost']);
    expect(server.mappings.get('bank.localhost')?.host).toBeUndefined();
  });

  it('gets no CORS header, and no answer to a preflight', async () => {
    const headers = { origin: evil(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    for (const ask of [
      { path: '/_api/mappings/', host: 'proxy.localhost', headers },
      { path: '/_api/mappings/a.localhost', host: 'proxy.localhost', method: 'OPTIONS', headers },
      { path: '/_api/mappings/', host: 'evil.localhost', headers: { ...headers, 'sec-fetch-site': 'same-origin' } },
    ]) {
      const answer = await server.request(ask);
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('cannot write on its own hostname, with JSON and with the token', async () => {
    const answer = await server.request({
      path: '/_api/mappings/bank.localhost',
      host: 'evil.localhost',
      method: 'PUT',
      body: '{"type":"process","target":"localhost","port":1}',
      headers: {
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'cors',
        origin: evil(),
        'content-type': 'application/json',
        'x-hostwise-token': PAGE_TOKEN,
      },
    });
    expect(answer.status).toBe(403);
    expect(server.mappings.size).toBe(0);
  });

  it('is given no data by a cookie', async () => {
    const answer = await server.request({
      path: '/_api/mappings/',
      host: 'proxy.localhost',
      headers: { cookie: `__Host-token=${PAGE_TOKEN}`, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    });
    expect(answer.status).toBe(403);
  });
});

it('refuses a browser whose Origin is a rebound name', async () => {
  const answer = await server.request({
    path: '/_api/mappings/',
    host: 'proxy.localhost',
    headers: { origin: `http://rebound.example:${server.port}`, 'sec-fetch-site': 'same-origin' },
  });
  expect(answer.status).toBe(403);
  expect((await server.request({ path: '/_api/mappings/', host: 'rebound.example' })).status).toBe(421);
});

describe('return=', () => {
  it.each([
    'https://evil.example/',
    '//evil.example/',
    'javascript:alert(1)',
    'http://new.localhost@evil.example/',
    'http://other.localhost/',
    'http://new.localhost:1/',
    'http://new.localhost/\r\nSet-Cookie: a=b',
  ])('does not lead to %s', async (target) => {
    const [service] = HOSTILE.processes;
    const start = `http://new.localhost:${server.port}/`;
    const answer = await server.request({
      path: '/pick',
      host: 'proxy.localhost',
      method: 'POST',
      body: new URLSearchParams({
        token: PAGE_TOKEN,
        host: 'new.localhost',
        choice: service ? choiceValue(service, 80) : '',
        return: target,
      }).toString(),
      headers: fromDashboard(server, FORM),
    });
    expect([answer.status, answer.headers.location]).toEqual([303, start]);
    const page = await server.request({
      path: `/pick?host=new.localhost&return=${encodeURIComponent(target)}`,
      host: 'proxy.localhost',
      headers: TYPED,
    });
    expect(page.body).toContain(`name="return" value="${start}"`);
    expect(page.headers['content-security-policy']).not.toContain('evil');
  });
});
