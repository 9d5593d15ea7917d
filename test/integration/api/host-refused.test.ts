/** `/host`: the page that explains why an app refuses its hostname, and its one button. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mapping } from '../../../src/core/mapping.ts';
import { type Answer, type ControlServer, PAGE_TOKEN, serveControl, TYPED } from './serve-control.ts';

const MAPPING: Mapping = {
  type: 'process',
  target: 'localhost',
  port: 5173,
  createdAt: '',
  llmReason: '',
  source: 'name',
};
let server: ControlServer;

beforeAll(async () => {
  server = await serveControl();
});
afterAll(() => server?.close());
beforeEach(() => {
  server.mappings.clear();
  server.mappings.set('shop.localhost', { ...MAPPING, paths: { '/api': { ...MAPPING, port: 8000, mine: 1 } } });
});

const show = (query: Record<string, string>): Promise<Answer> =>
  server.request({ path: `/host?${new URLSearchParams(query)}`, host: 'proxy.localhost', headers: TYPED });

const press = (fields: Record<string, string>): Promise<Answer> =>
  server.request({
    path: '/host',
    host: 'proxy.localhost',
    method: 'POST',
    body: new URLSearchParams({ token: PAGE_TOKEN, ...fields }).toString(),
    headers: {
      ...TYPED,
      'sec-fetch-site': 'same-origin',
      origin: `http://proxy.localhost:${server.port}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
  });

describe('the page', () => {
  it.each([
    ['vite', 'server: { allowedHosts: [&#39;shop.localhost&#39;] }'],
    ['webpack', 'devServer: { allowedHosts: [&#39;shop.localhost&#39;] }'],
    ['django', 'ALLOWED_HOSTS = [&#39;shop.localhost&#39;]'],
    ['rails', 'config.hosts &lt;&lt; &quot;shop.localhost&quot;'],
  ])('for %s names the setting and offers the rewrite', async (by, setting) => {
    const { status, body } = await show({ key: 'shop.localhost', by });
    expect(status).toBe(200);
    expect(body).toContain(setting);
    expect(body).toContain('Send it <code>localhost:5173</code> as Host instead');
  });

  it('offers nothing that was done already', async () => {
    server.mappings.set('shop.localhost', { ...MAPPING, host: 'target' });
    expect((await show({ key: 'shop.localhost', by: 'vite' })).body).not.toContain('<form');
    expect((await show({ key: 'shop.localhost', by: 'rails' })).body).toContain('<form');
  });

  it.each([
    ['an unknown server', { key: 'shop.localhost', by: '<b>' }, 400],
    ['no key', { by: 'vite' }, 400],
    ['a foreign name', { key: 'example.com', by: 'vite' }, 400],
    ['a name without a mapping', { key: 'none.localhost', by: 'vite' }, 404],
    ['a path without an entry', { key: 'shop.localhost/none', by: 'vite' }, 404],
  ])('is an error for %s, and so is the button', async (_what, query, status) => {
    expect((await show(query)).status).toBe(status);
    expect((await press(query)).status).toBe(status);
  });
});

describe('its button', () => {
  it('has the app sent its own address from then on, and goes back', async () => {
    const own = `http://shop.localhost:${server.port}`;
    const done = await press({ key: 'shop.localhost', by: 'vite', return: `${own}/a?b` });
    expect([done.status, done.headers.location]).toEqual([303, `${own}/a?b`]);
    expect(server.mappings.get('shop.localhost')).toMatchObject({
      host: 'target',
      forwardedHost: 'original',
      source: 'user',
      paths: { '/api': { port: 8000 } },
    });
  });

  it('changes only the path that refused, and keeps what else is said of it', async () => {
    await press({ key: 'shop.localhost/api', by: 'rails' });
    const mapping = server.mappings.get('shop.localhost');
    expect(mapping?.host).toBeUndefined();
    expect(mapping?.paths).toMatchObject({ '/api': { host: 'target', forwardedHost: 'rewritten', mine: 1 } });
  });

  it('goes nowhere else, and does nothing without the token of the page', async () => {
    const away = await press({ key: 'shop.localhost', by: 'vite', return: 'https://evil.example/' });
    expect(away.headers.location).toBe(`http://shop.localhost:${server.port}/`);
    server.mappings.set('shop.localhost', MAPPING);
    expect((await press({ key: 'shop.localhost', by: 'vite', token: 'x' })).status).toBe(403);
    expect(server.mappings.get('shop.localhost')?.host).toBeUndefined();
  });
});
