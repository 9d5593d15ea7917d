import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { choiceValue } from '../../../src/api/picker-page.ts';
import {
  API_TOKEN,
  type ControlServer,
  fromDashboard,
  PAGE_TOKEN,
  SNAPSHOT,
  serveControl,
  TYPED,
} from './serve-control.ts';

let server: ControlServer;
beforeAll(async () => {
  server = await serveControl();
});
afterAll(() => server.close());
beforeEach(() => {
  server.mappings.clear();
  server.peer.uid = 4242;
});

const CONTROL = 'proxy.localhost';
const [shop] = SNAPSHOT.processes;
const CHOICE = shop ? choiceValue(shop, 5173) : '';

describe('/_tls_check', () => {
  it.each([
    ['/_tls_check?domain=shop.localhost', 200],
    ['/_tls_check?domain=my_app.dev.test', 200],
    ['/_tls_check?domain=proxy.localhost', 200],
    ['/_tls_check', 200],
    ['/_tls_check?domain=evil.example', 403],
    ['/_tls_check?domain=', 403],
    ['/_tls_check?domain=a..localhost', 403],
    ['/_tls_check?domain=127.0.0.1', 403],
  ])('%s: %i', async (at, status) => {
    const answer = await server.request({ path: at });
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body).toBe('OK');
  });

  it('is open to browsers, to other users and through a front proxy', async () => {
    server.peer.uid = 77;
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example', 'x-forwarded-for': '1.2.3.4' };
    expect((await server.request({ path: '/_tls_check', headers })).status).toBe(200);
    expect((await server.request({ path: '/_tls_check', host: CONTROL })).status).toBe(200);
  });

  it('answers GET and HEAD only', async () => {
    const answer = await server.request({ path: '/_tls_check', method: 'POST', body: '' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

describe('/_debug', () => {
  it.each(['1.1', '2'] as const)('answers JSON in the seed’s shape over HTTP/%s', async (version) => {
    const answer = await server.request({ path: '/_debug', version });
    expect(answer.json()).toEqual({
      mappings: {},
      model: 'some/model',
      cache_file: '/home/kim/.local/share/hostwise/mappings.json',
      version: '1.2.3',
    });
  });

  it('answers a page to whoever asks for one, without the token on an app’s hostname', async () => {
    const answer = await server.request({ path: '/_debug/', headers: { accept: 'text/html' } });
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('shop (node)');
    expect(answer.body).not.toContain(PAGE_TOKEN);
    expect(answer.body).not.toContain('sk-1234567890');
  });

  it('sends a browser’s navigation on an app’s hostname to the dashboard', async () => {
    const answer = await server.request({ path: '/_debug', headers: TYPED });
    expect([answer.status, answer.headers.location]).toEqual([303, `http://proxy.localhost:${server.port}/`]);
    expect(answer.headers['cache-control']).toBe('no-store');
    const other = await server.request({ path: '/_api/mappings/', host: 'shop.dev.test', headers: TYPED });
    expect(other.headers.location).toBe(`http://proxy.dev.test:${server.port}/`);
  });
});

describe('the dashboard’s host', () => {
  it('shows routes, services, warnings, the LLM’s state and how to trust the CA', async () => {
    server.mappings.set('shop.localhost', {
      type: 'docker',
      target: 'shop-db-1',
      port: 5432,
      createdAt: '',
      llmReason: 'it is the one',
      source: 'llm',
    });
    const { status, body, headers } = await server.request({ path: '/', host: CONTROL, headers: TYPED });
    expect(status).toBe(200);
    for (const part of [
      'it is the one',
      'shop (node)',
      'Docker does not answer',
      'no key is set',
      'sudo hostwise trust',
    ]) {
      expect(body).toContain(part);
    }
    expect(body).toContain(`href="http://shop.localhost:${server.port}/"`);
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'; style-src 'sha256-[^;]*'; .*frame-ancestors 'none'/,
    );
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/<script|\son\w+=/);
  });

  it('is the same on the bare domain and at /_debug', async () => {
    for (const ask of [
      { path: '/', host: 'localhost' },
      { path: '/_debug', host: CONTROL },
    ]) {
      expect((await server.request({ ...ask, headers: TYPED })).body).toContain('hostwise 1.2.3');
    }
  });

  it('gives data with a page in between to who comes by a link on another page', async () => {
    const link = { ...TYPED, 'sec-fetch-site': 'cross-site' };
    const first = await server.request({ path: '/pick?host=a.localhost', host: CONTROL, headers: link });
    expect(first.status).toBe(200);
    expect(first.body).toContain('content="0;url=/pick?host=a.localhost&amp;arrived="');
    expect(first.body).not.toMatch(/shop|token/);
    const second = await server.request({ path: '/pick?host=a.localhost&arrived=', host: CONTROL, headers: link });
    expect(second.body).not.toContain('http-equiv="refresh"');
  });

  it('lists services in the snapshot format with their hostnames, secrets masked', async () => {
    const answer = await server.request({ path: '/_api/services', host: CONTROL });
    expect(answer.json()).toMatchObject({
      processes: [{ id: 'p1', pid: 1, hostname: 'shop.localhost', args: 'node server.js --api-key ***' }],
      containers: [{ id: 'c1', name: 'shop-db-1' }],
      warnings: [],
    });
  });

  it('resolves without storing', async () => {
    const answer = await server.request({
      path: '/_api/resolve?host=Shop.localhost&service=api&mode=names',
      host: CONTROL,
    });
    expect(answer.json()).toEqual({
      host: 'shop.localhost',
      service: 'api',
      decision: 'none',
      target: null,
      confidence: 0,
      reason: 'no name fits',
      steps: [],
    });
    expect(server.mappings.size).toBe(0);
  });

  it('says “none” with the reason for a host that is none of ours, and 400 without one', async () => {
    const foreign = await server.request({ path: '/_api/resolve?host=evil.example', host: CONTROL });
    expect(foreign.json()).toMatchObject({
      host: 'evil.example',
      decision: 'none',
      reason: expect.stringContaining('not under'),
    });
    expect((await server.request({ path: '/_api/resolve', host: CONTROL })).status).toBe(400);
    expect((await server.request({ path: '/_api/resolve?host=a.localhost&mode=x', host: CONTROL })).status).toBe(400);
  });

  it('tells its status', async () => {
    const answer = await server.request({ path: '/_api/status', host: CONTROL });
    expect(answer.json()).toMatchObject({ version: '1.2.3', llm: { usable: false, reason: 'no key is set' } });
  });

  it('keeps services and status off apps’ hostnames', async () => {
    for (const at of ['/_api/services', '/_api/status', '/pick', '/']) {
      expect((await server.request({ path: at })).status).toBe(404);
    }
  });

  it('answers what is not there with 404, as JSON under /_api', async () => {
    const api = await server.request({ path: '/_api/nothing', host: CONTROL });
    expect([api.status, api.json()]).toEqual([404, expect.objectContaining({ code: 'API_NOT_FOUND' })]);
    const page = await server.request({ path: '/nothing', host: CONTROL, headers: TYPED });
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it.each(['/', '/_debug', '/pick', '/forget', '/_api/services', '/_api/status', '/_api/resolve'])(
    'answers 405 with Allow at %s',
    async (at) => {
      const answer = await server.request({ path: at, host: CONTROL, method: 'PATCH', body: '' });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBeTruthy();
    },
  );

  it('survives a request target that cannot be read', async () => {
    const answer = await server.request({ path: '/_api/%E0%A4%A', host: CONTROL });
    expect(answer.status).toBe(404);
  });
});

describe('the dashboard’s own requests', () => {
  const put = (headers: Record<string, string>) =>
    server.request({
      path: '/_api/mappings/a.localhost',
      host: CONTROL,
      method: 'PUT',
      body: '{"type":"process","target":"localhost","port":1}',
      headers,
    });
  const json = { 'content-type': 'application/json' };

  it('write with the page’s token', async () => {
    expect((await put(fromDashboard(server, { ...json, 'x-hostwise-token': PAGE_TOKEN }))).body).toBe('Updated');
  });

  it('are refused without it, with another one and with the programs’ one', async () => {
    for (const token of ['', 'wrong', API_TOKEN, `${PAGE_TOKEN}x`, PAGE_TOKEN.slice(1)]) {
      expect((await put(fromDashboard(server, { ...json, 'x-hostwise-token': token }))).status).toBe(403);
    }
    expect((await put(fromDashboard(server, json))).status).toBe(403);
    expect(server.mappings.size).toBe(0);
  });

  it('have to call JSON JSON', async () => {
    const headers = fromDashboard(server, { 'x-hostwise-token': PAGE_TOKEN, 'content-type': 'text/plain' });
    expect((await put(headers)).status).toBe(415);
  });

  it('delete with the page’s token only', async () => {
    const remove = (headers: Record<string, string>) =>
      server.request({ path: '/_api/mappings/a.localhost', host: CONTROL, method: 'DELETE', headers });
    expect((await remove(fromDashboard(server))).status).toBe(403);
    expect((await remove(fromDashboard(server, { 'x-hostwise-token': PAGE_TOKEN }))).body).toBe('Deleted');
  });
});

describe('the picker', () => {
  const pick = (form: Record<string, string>, headers: Record<string, string> = fromDashboard(server)) =>
    server.request({
      path: '/pick',
      host: CONTROL,
      method: 'POST',
      body: new URLSearchParams({ token: PAGE_TOKEN, host: 'new.localhost', choice: CHOICE, ...form }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });

  it('offers what runs, in a form that needs no script', async () => {
    const back = encodeURIComponent(`http://new.localhost:${server.port}/a?b`);
    const { status, body, headers } = await server.request({
      path: `/pick?host=new.localhost&return=${back}`,
      host: CONTROL,
      headers: TYPED,
    });
    expect(status).toBe(200);
    expect(body).toContain(`<button name="choice" value="${CHOICE}">`);
    expect(body).toContain(`name="return" value="http://new.localhost:${server.port}/a?b"`);
    expect(body).toContain(`name="token" value="${PAGE_TOKEN}"`);
    expect(body).toContain('no key is set');
    expect(headers['content-security-policy']).toContain(`form-action 'self' http://new.localhost:${server.port};`);
  });

  it('stores the choice as the user’s and goes back', async () => {
    const answer = await pick({ return: `http://new.localhost:${server.port}/a?b` });
    expect([answer.status, answer.headers.location]).toEqual([303, `http://new.localhost:${server.port}/a?b`]);
    expect(server.mappings.get('new.localhost')).toMatchObject({ source: 'user', port: 5173 });
  });

  it('asks again when the chosen one is gone or is another one by now', async () => {
    for (const choice of ['p9:80:00000000', 'p1:5173:00000000', 'p1:80', 'x']) {
      const answer = await pick({ choice });
      expect(answer.status).toBe(409);
      expect(answer.body).toContain('Choose again');
    }
    expect(server.mappings.size).toBe(0);
  });

  it.each([['evil.example'], ['proxy.localhost'], ['<b>'], ['']])('refuses the host “%s”', async (host) => {
    expect((await pick({ host })).status).toBe(400);
    const page = await server.request({
      path: `/pick?host=${encodeURIComponent(host)}`,
      host: CONTROL,
      headers: TYPED,
    });
    expect(page.status).toBe(400);
    expect(page.body).not.toContain('<b>');
  });

  it('refuses a form without the token, or in another encoding', async () => {
    expect((await pick({ token: '' })).status).toBe(403);
    expect((await pick({}, fromDashboard(server, { 'content-type': 'text/plain' }))).status).toBe(415);
    expect(server.mappings.size).toBe(0);
  });

  it('still offers everything when ranking fails', async () => {
    const broken = await serveControl({ resolve: () => Promise.reject(new Error('no ranking')) });
    const { status, body } = await broken.request({ path: '/pick?host=new.localhost', host: CONTROL, headers: TYPED });
    await broken.close();
    expect(status).toBe(200);
    expect(body).toContain('shop (node)');
  });

  it('forgets a route by a form', async () => {
    await pick({});
    const answer = await server.request({
      path: '/forget',
      host: CONTROL,
      method: 'POST',
      body: new URLSearchParams({ token: PAGE_TOKEN, key: 'new.localhost' }).toString(),
      headers: fromDashboard(server, { 'content-type': 'application/x-www-form-urlencoded' }),
    });
    expect([answer.status, answer.headers.location, server.mappings.size]).toEqual([303, '/', 0]);
  });
});

describe('the control socket', () => {
  it('has every right, whatever Host says', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'hostwise-control-'));
    const socketPath = path.join(directory, 'control.sock');
    const socketServer = http.createServer((request, response) => server.control.handleTrusted(request, response));
    socketServer.listen(socketPath);
    await once(socketServer, 'listening');
    server.peer.uid = undefined;
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const request = http.request({
        socketPath,
        path: '/_api/mappings/a.localhost',
        method: 'PUT',
        headers: { host: 'whatever.example' },
      });
      request.on('error', reject);
      request.on('response', async (response) => {
        resolve({ status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() });
      });
      request.end('{"type":"process","target":"localhost","port":1}');
    });
    socketServer.closeAllConnections();
    socketServer.close();
    await rm(directory, { recursive: true });
    expect(answer).toEqual({ status: 200, body: 'Updated' });
    expect(server.mappings.has('a.localhost')).toBe(true);
  });
});
