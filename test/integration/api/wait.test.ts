/** `/_hostwise/wait`: what a waiting page listens to, on the hostname that it waits for. */
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlServer, serveControl } from './serve-control.ts';

let server: ControlServer;
beforeAll(async () => {
  server = await serveControl();
});
afterAll(() => server.close());

const PAGE = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const PATH = '/_hostwise/wait';

/** Open a stream. @returns its status and how to read on and to leave */
function open(headers: Record<string, string> = PAGE, hostname = 'shop.localhost') {
  return new Promise<{ response: http.IncomingMessage; next: () => Promise<string>; leave: () => void }>(
    (resolve, reject) => {
      const host = `${hostname}:${server.port}`;
      const request = http.get(
        { host: '127.0.0.1', port: server.port, path: PATH, agent: false, headers: { host, ...headers } },
        (response) => {
          response.setEncoding('utf8');
          response.on('error', () => {});
          resolve({
            response,
            next: () => new Promise((done) => response.once('data', done)),
            leave: () => request.destroy(),
          });
        },
      );
      request.on('error', reject);
    },
  );
}

it('tells its own page how the hostname stands: names and states, nothing else', async () => {
  const { response, next, leave } = await open();
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('text/event-stream');
  expect(response.headers['cache-control']).toBe('no-store');
  expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  let text = '';
  while (!text.includes('data:')) text += await next();
  leave();
  const news = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as { kind: string; steps: object[] };
  expect(Object.keys(news)).toEqual(['kind', 'steps']);
  expect(news.kind).toBe('away');
  for (const step of news.steps) expect(Object.keys(step)).toEqual(['text', 'state']);
  expect(text).not.toMatch(/token|home|sk-1234/);
});

it.each([
  ['another app’s page', { ...PAGE, 'sec-fetch-site': 'same-site' }],
  ['a page from elsewhere', { ...PAGE, 'sec-fetch-site': 'cross-site' }],
  ['a foreign Origin', { ...PAGE, origin: 'http://evil.localhost' }],
  ['a navigation', { ...PAGE, 'sec-fetch-mode': 'navigate' }],
  ['another proxy', { 'x-forwarded-for': '10.0.0.1' }],
])('refuses %s', async (_who, headers) => {
  const { status, body } = await server.request({ path: PATH, headers });
  expect([status, body]).toEqual([403, 'Only the page that waits may listen here\n']);
});

it('takes no other method, and is nothing on the dashboard’s host', async () => {
  const posted = await server.request({ path: PATH, method: 'POST', headers: PAGE });
  expect([posted.status, posted.headers.allow]).toEqual([405, 'GET']);
  expect((await server.request({ path: PATH, host: 'proxy.localhost', headers: PAGE })).status).toBe(404);
});

it('has six streams a hostname, and a place again when one leaves', async () => {
  const streams = await Promise.all(Array.from({ length: 6 }, () => open(PAGE, 'busy.localhost')));
  expect(streams.map(({ response }) => response.statusCode)).toEqual(Array.from({ length: 6 }, () => 200));
  const full = await open(PAGE, 'busy.localhost');
  expect(full.response.statusCode).toBe(429);
  full.leave();
  streams[0]?.leave();
  await expect
    .poll(async () => {
      const again = await open(PAGE, 'busy.localhost');
      again.leave();
      return again.response.statusCode;
    })
    .toBe(200);
  for (const { leave } of streams) leave();
});
