/** Fields that concern one connection only, and what must not be taken for such; redirects of plain HTTP; IPv6. */
import { once } from 'node:events';
import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand, upstreamAt } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'hop.localhost';
let stand: ProxyStand;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterEach(() => {
  stand.rules.redirectToHttps = 'nothing';
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

it('an answer’s fields for one connection reach no client, and break no HTTP/2 one', async () => {
  const app = await rawUpstream((text, socket) => {
    if (!text.endsWith('\r\n\r\n')) return;
    socket.end(
      'HTTP/1.1 200 OK\r\nConnection: keep-alive, x-named\r\nKeep-Alive: timeout=5\r\nX-Named: 1\r\nUpgrade: h2c\r\n' +
        'Proxy-Authenticate: Basic\r\nProxy-Connection: keep-alive\r\nTE: x\r\nX-Kept: 1\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '2\r\nok\r\n0\r\n\r\n',
    );
  });
  onTestFinished(() => app.close());
  stand.routes.set(HOST, app.port);
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  for (const answer of [await ask1({ port: stand.port, host: HOST }), await ask2(session, { ':path': '/' })]) {
    expect([answer.status, answer.body, answer.headers['x-kept']]).toEqual([200, 'ok', '1']);
    for (const name of ['x-named', 'upgrade', 'proxy-authenticate', 'proxy-connection', 'te']) {
      expect(answer.headers[name]).toBeUndefined();
    }
  }
});

it('a long X-Forwarded-For is no loop: VPNs and CDNs add to it', async () => {
  const app = await httpUpstream((_request, response) => response.end('ok'));
  onTestFinished(() => app.close());
  stand.routes.set(HOST, app.port);
  const headers = {
    'x-forwarded-for': Array(50).fill('203.0.113.9').join(', '),
    via: Array(50).fill('1.1 x').join(', '),
  };
  expect((await ask1({ port: stand.port, host: HOST, headers })).body).toBe('ok');
});

describe('where plain HTTP goes to HTTPS', () => {
  it('a POST is told so by a status that keeps its method and body, and never for good', async () => {
    stand.rules.redirectToHttps = 'everything';
    const place = { port: stand.port, host: HOST, path: '/a%2Fb?c', body: 'hello' };
    const answer = await ask1({ ...place, method: 'POST', headers: { 'content-length': '5' } });
    expect([answer.status, answer.headers.location]).toEqual([307, `https://${HOST}:8443/a%2Fb?c`]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('a ws:// handshake is proxied, never redirected', async () => {
    stand.rules.redirectToHttps = 'everything';
    const app = await httpUpstream(() => {});
    onTestFinished(() => app.close());
    new WebSocketServer({ server: app.server }).on('connection', (socket) => socket.send('hello'));
    stand.routes.set(HOST, app.port);
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: HOST } });
    const [first] = (await once(socket, 'message')) as [Buffer];
    expect(first.toString()).toBe('hello');
    socket.close();
  });
});

it('an app on [::1] only is reached, over both versions and by a WebSocket', async () => {
  const server = http.createServer((_request, response) => response.end('six'));
  new WebSocketServer({ server }).on('connection', (socket) => socket.send('six'));
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  stand.routes.set(HOST, { kind: 'upstream', upstream: upstreamAt(port, 'six', '::1') });
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  const post = { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'x' };
  expect((await ask1({ port: stand.port, host: HOST })).body).toBe('six');
  expect((await ask1({ port: stand.port, host: HOST, ...post })).body).toBe('six');
  expect((await ask2(session, { ':path': '/', ':method': 'HEAD' })).status).toBe(200);
  const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: HOST } });
  const [first] = (await once(socket, 'message')) as [Buffer];
  expect(first.toString()).toBe('six');
  socket.close();
});
