/** hostwise behind hostwise, and behind another proxy: nothing is lost on the way, and only the last hop is believed. */
import { once } from 'node:events';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { type Answer, ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'chain.localhost';
/** Client -> outer -> inner -> app. */
let outer: ProxyStand;
let inner: ProxyStand;
let app: TestUpstream & { server: http.Server };

beforeAll(async () => {
  [outer, inner] = await Promise.all([startProxyStand(), startProxyStand()]);
  app = await httpUpstream(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers, rawTrailers } = request;
    if (url === '/redirect') response.writeHead(302, { location: `http://localhost:${app.port}/next` });
    else {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeHead(200, { 'content-type': 'application/json', trailer: 'x-end', via: '1.1 app' });
      response.addTrailers({ 'x-end': 'yes' });
    }
    response.end(JSON.stringify({ method, url, headers, body, rawTrailers }));
  });
  new WebSocketServer({ server: app.server }).on('connection', (socket, request) => {
    socket.send(JSON.stringify(request.headers));
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  inner.routes.set(HOST, app.port);
  outer.routes.set(HOST, inner.port);
});

afterAll(async () => {
  await outer?.close();
  await inner?.close();
  await app?.close();
  expect([...outer.bugs, ...inner.bugs]).toEqual([]);
});

type Ask = (path: string, headers?: Record<string, string>) => Promise<Answer>;
const clients: [string, 'http' | 'https', Ask][] = [
  ['HTTP/1.1', 'http', (path, headers = {}) => ask1({ port: outer.port, host: HOST, path, headers })],
  ['TLS', 'https', (path, headers = {}) => ask1({ port: outer.port, host: HOST, path, headers, caPem: outer.caPem })],
  [
    'HTTP/2',
    'https',
    (path, headers = {}) => {
      const session = session2(outer.port, HOST, outer.caPem);
      onTestFinished(() => session.destroy());
      return ask2(session, { ':path': path, ...headers });
    },
  ],
];

describe.each(clients)('over %s through two of them', (_version, _scheme, ask) => {
  it('path, Host, Via, hints and trailers pass; what an earlier hop says of the client is not believed', async () => {
    const answer = await ask('/a%2Fb//c?import&raw', { via: '1.1 front', 'x-forwarded-for': '203.0.113.9' });
    expect(answer).toMatchObject({ status: 200, informational: [103], rawTrailers: ['x-end', 'yes'] });
    expect(answer.headers.via).toBe('1.1 app');
    const { url, headers } = JSON.parse(answer.body);
    expect(url).toBe('/a%2Fb//c?import&raw');
    expect(headers).toMatchObject({
      host: `${HOST}:${outer.port}`,
      via: '1.1 front',
      // The inner one sees a client over plain HTTP on this machine.
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `${HOST}:${outer.port}`,
      forwarded: `for=127.0.0.1;host="${HOST}:${outer.port}";proto=http`,
      'x-hostwise-hop': '2',
    });
  });

  it('a redirect to the app’s own port passes as it is', async () => {
    const answer = await ask('/redirect');
    expect([answer.status, answer.headers.location]).toEqual([302, `http://localhost:${app.port}/next`]);
  });
});

it('bodies of every framing pass through two of them', async () => {
  const post = { port: outer.port, host: HOST, method: 'POST', caPem: outer.caPem, body: 'hello' };
  for (const headers of [{ 'content-length': '5' }, { 'transfer-encoding': 'chunked' }]) {
    const { body, headers: seen } = JSON.parse((await ask1({ ...post, headers })).body);
    expect(body).toBe('hello');
    expect(seen).toMatchObject(headers);
  }
});

it.each(['ws', 'wss'])('a WebSocket (%s) passes through two of them', async (scheme) => {
  const tls = scheme === 'wss' ? { ca: outer.caPem, servername: HOST } : {};
  const socket = new WebSocket(`${scheme}://127.0.0.1:${outer.port}/hmr`, { headers: { Host: HOST }, ...tls });
  const [first] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(first.toString())).toMatchObject({ host: HOST, 'x-hostwise-hop': '2' });
  const big = Buffer.alloc(300_000, 3);
  socket.send(big);
  const [echo] = (await once(socket, 'message')) as [Buffer];
  expect(echo.equals(big)).toBe(true);
  socket.close();
});

it('behind another proxy the app is told of that proxy, not of whom it claims to speak for', async () => {
  const front = http.createServer((request, response) => {
    const headers = {
      ...request.headers,
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      via: '1.1 f',
    };
    const place = { port: inner.port, host: '127.0.0.1', path: request.url, method: request.method, headers };
    request.pipe(
      http.request(place, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      }),
    );
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void front.close());
  const { port } = front.address() as { port: number };
  const { headers } = JSON.parse((await ask1({ port, host: HOST })).body);
  expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', via: '1.1 f' });
  expect(JSON.stringify(headers)).not.toContain('203.0.113.9');
});

describe('an app whose own proxy leads back here', () => {
  it.each([
    ['a request', {}],
    ['an upgrade', { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }],
  ])('ends %s with 508 and words', async (_what, extra) => {
    let hops = 0;
    // The dev server's proxy without changeOrigin: Host stays what it was.
    const looping = await httpUpstream((request, response) => {
      hops++;
      const place = { port: outer.port, host: '127.0.0.1', path: request.url, headers: request.headers };
      http.get(place, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
    });
    looping.server.on('upgrade', (request, socket) => {
      hops++;
      const place = { port: outer.port, host: '127.0.0.1', path: request.url, headers: request.headers };
      const again = http.get(place);
      again.on('response', (answer) => {
        socket.write(`HTTP/1.1 ${answer.statusCode} X\r\nConnection: close\r\n\r\n`);
        answer.pipe(socket);
      });
    });
    onTestFinished(() => looping.close());
    outer.routes.set('loop.localhost', looping.port);
    const answer = await ask1({ port: outer.port, host: 'loop.localhost', headers: extra });
    expect(answer.status).toBe(508);
    expect(answer.body).toContain('changeOrigin');
    expect(hops).toBe(5);
  });
});
