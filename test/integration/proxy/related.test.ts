/** `/_proxy/{service}/`: a sibling service below a prefix of the origin, over every protocol. */
import { once } from 'node:events';
import type http from 'node:http';
import type http2 from 'node:http2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { Presentation } from '../../../src/core/upstream.ts';
import { type Answer, ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand, upstreamAt } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'shop.localhost';
let stand: ProxyStand;
let upstream: TestUpstream & { server: http.Server };
let session: http2.ClientHttp2Session;
let sockets: WebSocketServer;

beforeAll(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => {
    const { method, url, headers, rawHeaders } = request;
    for (const name of ['location', 'refresh', 'content-location', 'clear-site-data']) {
      const value = headers[`x-send-${name}`];
      if (typeof value === 'string') response.setHeader(name, value);
    }
    const cookies = headers['x-send-set-cookie'];
    if (typeof cookies === 'string') response.setHeader('set-cookie', cookies.split('|'));
    if (response.hasHeader('location')) response.statusCode = 302;
    response.end(JSON.stringify({ method, url, headers, rawHeaders }));
  });
  sockets = new WebSocketServer({ server: upstream.server });
  sockets.on('headers', (headers) => headers.push('Set-Cookie: ws=1; Path=/'));
  sockets.on('connection', (socket, request) => {
    const { url, headers } = request;
    socket.send(JSON.stringify({ url, headers }));
  });
  session = session2(stand.port, HOST, stand.caPem);
  await once(session, 'remoteSettings');
});

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

const present = (presentation: Presentation): void => {
  stand.routes.set(HOST, { kind: 'upstream', upstream: { ...upstreamAt(upstream.port), presentation } });
};

beforeEach(() => {
  stand.callers.trusted = false;
  present({ ownName: 'api.shop.localhost' });
});

type Ask = (path: string, headers?: Record<string, string>) => Promise<Answer>;
const clients: [string, Ask][] = [
  ['HTTP/1.1', (path, headers = {}) => ask1({ port: stand.port, host: HOST, path, headers })],
  ['TLS', (path, headers = {}) => ask1({ port: stand.port, host: HOST, path, headers, caPem: stand.caPem })],
  ['HTTP/2', (path, headers = {}) => ask2(session, { ':path': path, ...headers })],
];

describe.each(clients)('a sibling over %s', (version, ask) => {
  const origin = (): string => `${version === 'HTTP/1.1' ? 'http' : 'https'}://${HOST}:${stand.port}`;
  const seen = async (path: string, headers?: Record<string, string>) => JSON.parse((await ask(path, headers)).body);

  it.each([
    ['/_proxy/api/a%2Fb//c;d?x=%00', '/a%2Fb//c;d?x=%00'],
    ['/_proxy/api', '/'],
    ['/_proxy/api?x=/y', '/?x=/y'],
    ['/_proxy/api/%E2%82%AC/../x', '/%E2%82%AC/../x'],
    ['/_proxy/api//_proxy/web/', '//_proxy/web/'],
  ])('%s arrives as %s', async (path, expected) => {
    expect((await seen(path)).url).toBe(expected);
    expect(stand.asks.at(-1)).toMatchObject({ hostname: HOST, service: 'api', siblingsOnly: true });
  });

  it('is told the prefix, and not what a client claims; Host is its own name', async () => {
    const { headers } = await seen('/_proxy/api/x', { 'x-forwarded-prefix': '/evil' });
    expect(headers).toMatchObject({
      'x-forwarded-prefix': '/_proxy/api',
      host: `api.shop.localhost:${stand.port}`,
      'x-forwarded-host': `${HOST}:${stand.port}`,
    });
    present({ host: 'configured.example' });
    expect((await seen('/_proxy/api/x')).headers.host).toBe('configured.example');
    present({});
    expect((await seen('/_proxy/api/x')).headers.host).toBe(`${HOST}:${stand.port}`);
  });

  it.each([
    ['/login', () => '/_proxy/api/login'],
    ['http://api.shop.localhost:PORT/login', () => `${origin()}/_proxy/api/login`],
    ['https://shop.localhost:PORT/a?b', () => `${origin()}/_proxy/api/a?b`],
    ['../../up', () => '/_proxy/api/up'],
    ['beside', () => 'beside'],
    ['https://example.com/login', () => 'https://example.com/login'],
  ])('has its redirect to %s kept inside', async (location, expected) => {
    const sent = location.replace('PORT', String(stand.port));
    const answer = await ask('/_proxy/api/v1/x', { 'x-send-location': sent });
    expect(answer).toMatchObject({ status: 302, headers: { location: expected() } });
  });

  it('has Content-Location and Refresh kept inside', async () => {
    const { headers } = await ask('/_proxy/api/v1/x', {
      'x-send-content-location': '/v1/x.json',
      'x-send-refresh': '3; url=/again',
    });
    expect(headers).toMatchObject({
      'content-location': '/_proxy/api/v1/x.json',
      refresh: '3; url=/_proxy/api/again',
    });
  });

  it('keeps its cookies apart from those of the page’s origin', async () => {
    const answer = await ask('/_proxy/api/login', {
      'x-send-set-cookie': 'sid=1; Path=/; HttpOnly|deep=2; Path=/v1; Domain=shop.localhost',
      'x-send-clear-site-data': '"cookies"',
    });
    expect(answer.headers['set-cookie']).toEqual([
      '_proxy.api.sid=1; Path=/_proxy/api; HttpOnly',
      '_proxy.api.deep=2; Path=/_proxy/api/v1',
    ]);
    expect(answer.headers['clear-site-data']).toBeUndefined();
    const cookie = 'session=of-the-origin; _proxy.api.sid=1; _proxy.other.sid=2';
    const { headers } = await seen('/_proxy/api/x', { cookie, authorization: 'Basic a2ltOng=' });
    expect(headers.cookie).toBe('sid=1');
    expect(headers.authorization).toBeUndefined();
    expect((await seen('/_proxy/api/x', { cookie: 'a=1', authorization: 'Bearer t' })).headers).toMatchObject({
      authorization: 'Bearer t',
    });
    expect((await seen('/_proxy/api/x', { cookie: 'a=1' })).headers.cookie).toBeUndefined();
  });

  it.each(['a program of the user', 'a mapping that shares cookies'])('passes all cookies for %s', async (who) => {
    stand.callers.trusted = who === 'a program of the user';
    present({ ownName: 'api.shop.localhost', sharesCookies: !stand.callers.trusted });
    const answer = await ask('/_proxy/api/x', { cookie: 'session=1', 'x-send-set-cookie': 'sid=1; Path=/' });
    expect(answer.headers['set-cookie']).toEqual(['sid=1; Path=/_proxy/api']);
    expect(JSON.parse(answer.body).headers.cookie).toBe('session=1');
  });
});

describe('a WebSocket of a sibling', () => {
  const expected = () => ({
    url: '/live%2F1?x',
    headers: { host: `api.shop.localhost:${stand.port}`, cookie: 'sid=1', 'x-forwarded-prefix': '/_proxy/api' },
  });
  const cookie = 'session=of-the-origin; _proxy.api.sid=1';

  it.each(['ws', 'wss'])('over %s', async (scheme) => {
    const socket = new WebSocket(`${scheme}://127.0.0.1:${stand.port}/_proxy/api/live%2F1?x`, [], {
      headers: { Host: `${HOST}:${stand.port}`, cookie },
      ca: stand.caPem,
      ...{ servername: HOST },
    });
    const upgraded = once(socket, 'upgrade') as Promise<[http.IncomingMessage]>;
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(message.toString())).toMatchObject(expected());
    expect((await upgraded)[0].headers['set-cookie']).toEqual(['_proxy.api.ws=1; Path=/_proxy/api']);
    socket.terminate();
  });

  it('over HTTP/2 (RFC 8441)', async () => {
    const stream = session.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/_proxy/api/live%2F1?x', cookie },
      { endStream: false },
    );
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(200);
    expect(headers['set-cookie']).toEqual(['_proxy.api.ws=1; Path=/_proxy/api']);
    let frame = Buffer.alloc(0);
    while (frame.length < 4 || frame.length < 4 + frame.readUInt16BE(2)) {
      const [chunk] = (await once(stream, 'data')) as [Buffer];
      frame = Buffer.concat([frame, chunk]);
    }
    expect(JSON.parse(frame.subarray(4).toString())).toMatchObject(expected());
    stream.close();
  });
});
