/** An app that refuses its hostname: a browser's page is led to the explanation, everything else passes untouched. */
import { once } from 'node:events';
import http from 'node:http';
import type http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'shop.localhost';
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };
let stand: ProxyStand;
let upstream: TestUpstream;
let session: http2.ClientHttp2Session;
let answer: http.RequestListener = (_request, response) => response.end();

beforeAll(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => answer(request, response));
  stand.routes.set(HOST, upstream.port);
  session = session2(stand.port, HOST, stand.caPem);
});

beforeEach(() => void stand.refusals.splice(0));

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

const styles = `<style>${'a { b: c } '.repeat(600)}</style>`;
const vite = `Blocked request. This host ("${HOST}") is not allowed.\nTo allow this host, add "${HOST}" to \`server.allowedHosts\` in vite.config.js.`;
const django = `<!DOCTYPE html>\n<html lang="en"><head><title>DisallowedHost\n          at /</title>${styles}</head><body><pre class="exception_value">Invalid HTTP_HOST header: &#x27;${HOST}&#x27;. You may need to add &#x27;${HOST}&#x27; to ALLOWED_HOSTS.</pre>${'x'.repeat(200_000)}</body></html>`;
const rails = `<!DOCTYPE html><html><head><title>Action Controller: Exception caught</title>${styles}</head><body><header><h1>Blocked hosts: ${HOST}</h1></header></body></html>`;

const refusals: [string, string, number, Record<string, string>, string][] = [
  ['Vite', 'vite', 403, { 'content-type': 'text/plain' }, vite],
  ['webpack-dev-server 5', 'webpack', 403, {}, 'Invalid Host header'],
  ['webpack-dev-server 4', 'webpack', 200, { 'content-type': 'text/html; charset=utf-8' }, 'Invalid Host header'],
  ['Django', 'django', 400, { 'content-type': 'text/html' }, django],
  ['Rails', 'rails', 403, { 'content-type': 'text/html; charset=UTF-8' }, rails],
];

type Ask = (path: string, headers?: Record<string, string>) => Promise<Answer>;
const clients: [string, Ask][] = [
  ['HTTP/1.1', (path, headers = {}) => ask1({ port: stand.port, host: HOST, path, headers })],
  ['HTTP/2', (path, headers = {}) => ask2(session, { ':path': path, ...headers })],
];

const serve = (status: number, headers: Record<string, string>, body: string | Buffer): void => {
  answer = (_request, response) => {
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  };
};

describe.each(clients)('over %s', (version, ask) => {
  it.each(refusals)('a refusal of %s leads a page to its explanation', async (_name, by, status, headers, body) => {
    serve(status, headers, body);
    const scheme = version === 'HTTP/2' ? 'https' : 'http';
    const seen = await ask('/a%2Fb?c', NAVIGATION);
    expect([seen.status, seen.headers['cache-control']]).toEqual([303, 'no-store']);
    const location = new URL(String(seen.headers.location));
    expect(location.origin + location.pathname).toBe(`http://proxy.localhost:${stand.port}/host`);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      key: HOST,
      by,
      return: `${scheme}://${HOST}:${stand.port}/a%2Fb?c`,
    });
    expect(stand.refusals).toEqual([`${HOST} ${by}`]);
  });

  it.each(refusals)(
    'a refusal of %s passes untouched for others, and is noted',
    async (_name, by, status, headers, body) => {
      serve(status, headers, body);
      for (const client of [{}, { 'sec-fetch-mode': 'cors', accept: 'text/html' }]) {
        expect(await ask('/', client)).toMatchObject({ status, body, headers: { ...headers } });
      }
      expect(stand.refusals).toEqual([`${HOST} ${by}`, `${HOST} ${by}`]);
    },
  );

  it.each([
    ['another 403', 403, { 'content-type': 'text/html' }, 'You may not'],
    ['an empty 403', 403, { 'content-type': 'text/html' }, ''],
    ['a large 403', 403, { 'content-type': 'text/html' }, `${'y'.repeat(300_000)}Blocked hosts: a`],
    ['words of Vite with another status', 401, { 'content-type': 'text/plain' }, vite],
    ['words of Vite further down', 403, { 'content-type': 'text/plain' }, `About: ${vite}`],
    ['JSON with these words', 403, { 'content-type': 'application/json' }, '"Blocked hosts: a"'],
    ['a page of 19 bytes', 200, { 'content-type': 'text/html' }, 'Invalid host-header'],
    ['another 400', 400, { 'content-type': 'text/html' }, '<h1>Bad Request (400)</h1>'],
  ])('%s passes for a page', async (_what, status, headers, body) => {
    serve(status, headers, body);
    expect(await ask('/', NAVIGATION)).toMatchObject({ status, body });
    expect(stand.refusals).toEqual([]);
  });

  it('a compressed one passes as it is', async () => {
    serve(403, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }, gzipSync(vite));
    const seen = await ask('/', NAVIGATION);
    expect([seen.status, seen.headers['content-encoding'], stand.refusals]).toEqual([403, 'gzip', []]);
  });
});

it('an answer that comes slowly is not waited for', async () => {
  let finish = (): void => {};
  answer = (_request, response) => {
    response.writeHead(403, { 'content-type': 'text/html' }).write('first');
    finish = () => void response.end(' second');
  };
  const request = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: HOST, ...NAVIGATION } });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const [chunk] = (await once(response, 'data')) as [Buffer];
  expect([response.statusCode, chunk.toString()]).toEqual([403, 'first']);
  let rest = '';
  response.on('data', (more: Buffer) => {
    rest += more.toString();
  });
  finish();
  await once(response, 'end');
  expect(rest).toBe(' second');
});

it('an app that dies in the middle of such an answer is an error, not an empty page', async () => {
  answer = (_request, response) => {
    response.writeHead(403, { 'content-type': 'text/html' }).write('first', () => response.destroy());
  };
  const seen = await ask1({ port: stand.port, host: HOST, headers: NAVIGATION });
  expect(seen.status).toBe(502);
});
