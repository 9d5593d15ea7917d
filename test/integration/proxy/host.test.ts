/** What the app is told of the hostname: `host: preserve | target | name` of a mapping, over every protocol. */
import { once } from 'node:events';
import type http from 'node:http';
import type http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { Presentation } from '../../../src/core/upstream.ts';
import { type Answer, ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand, upstreamAt } from '../../fixtures/proxy-stand.ts';
import { rawClient } from '../../fixtures/raw-client.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'shop.localhost';
let stand: ProxyStand;
let upstream: TestUpstream & { server: http.Server };
let session: http2.ClientHttp2Session;

beforeAll(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => {
    const { location, cookie } = Object.fromEntries(new URL(request.url ?? '/', 'http://x').searchParams);
    if (location !== undefined) response.writeHead(302, { location });
    if (cookie !== undefined) response.setHeader('set-cookie', cookie);
    response.end(JSON.stringify(request.headers));
  });
  new WebSocketServer({ server: upstream.server }).on('connection', (socket, request) => {
    socket.send(JSON.stringify(request.headers));
  });
  session = session2(stand.port, HOST, stand.caPem);
});

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

const present = (presentation?: Presentation): void => {
  const shown = presentation ? { presentation } : {};
  stand.routes.set(HOST, { kind: 'upstream', upstream: { ...upstreamAt(upstream.port), ...shown } });
};
const target = (): string => `localhost:${upstream.port}`;

type Ask = (path: string, headers?: Record<string, string>) => Promise<Answer>;
const clients: [string, 'http' | 'https', Ask][] = [
  ['HTTP/1.1', 'http', (path, headers = {}) => ask1({ port: stand.port, host: HOST, path, headers })],
  ['TLS', 'https', (path, headers = {}) => ask1({ port: stand.port, host: HOST, path, headers, caPem: stand.caPem })],
  ['HTTP/2', 'https', (path, headers = {}) => ask2(session, { ':path': path, ...headers })],
];

describe.each(clients)('over %s an app that is told another Host', (_version, scheme, ask) => {
  const own = (): string => `${scheme}://${HOST}:${stand.port}`;
  const seen = async (headers?: Record<string, string>) => JSON.parse((await ask('/', headers)).body);

  it('gets it, with the original in X-Forwarded-Host and Forwarded', async () => {
    present({ host: target() });
    const headers = await seen();
    expect(headers).toMatchObject({ host: target(), 'x-forwarded-host': `${HOST}:${stand.port}` });
    expect(headers.forwarded).toContain(`host="${HOST}:${stand.port}"`);
    present({ host: 'shop.example' });
    expect((await seen()).host).toBe('shop.example');
  });

  it('gets no trace of the original where the mapping asks for that', async () => {
    present({ host: 'localhost:3000', hidesHost: true });
    const headers = await seen();
    expect(headers).toMatchObject({ host: 'localhost:3000', 'x-forwarded-host': 'localhost:3000' });
    expect(JSON.stringify(headers)).not.toContain(HOST);
  });

  it('gets the Origin of its own pages alike, and that of other pages as it is', async () => {
    present({ host: target() });
    expect((await seen({ origin: own() })).origin).toBe(`http://${target()}`);
    for (const origin of ['https://evil.example', 'null', `${own()}.evil.example`, 'https://other.localhost']) {
      expect((await seen({ origin })).origin).toBe(origin);
    }
    present();
    expect(await seen({ origin: own() })).toMatchObject({ origin: own(), host: `${HOST}:${stand.port}` });
  });

  it('has its redirects to that host, and cookies for it, led back to the hostname', async () => {
    present({ host: target() });
    const redirect = async (location: string) =>
      (await ask(`/?location=${encodeURIComponent(location)}`)).headers.location;
    expect(await redirect(`http://${target()}/login?a=%2F`)).toBe(`${own()}/login?a=%2F`);
    expect(await redirect('/login')).toBe('/login');
    expect(await redirect('https://example.com/login')).toBe('https://example.com/login');
    const answer = await ask(`/?cookie=${encodeURIComponent('a=1; Domain=localhost; Path=/x')}`);
    expect(answer.headers['set-cookie']).toEqual(['a=1; Path=/x']);
    present();
    expect(await redirect(`http://${target()}/login`)).toBe(`http://${target()}/login`);
  });
});

describe('a WebSocket to an app that is told another Host', () => {
  const expected = () => ({
    host: target(),
    origin: `http://${target()}`,
    'x-forwarded-host': `${HOST}:${stand.port}`,
  });

  it.each(['ws', 'wss'])('over %s has Host and Origin alike', async (scheme) => {
    present({ host: target() });
    const origin = `${scheme === 'ws' ? 'http' : 'https'}://${HOST}:${stand.port}`;
    const socket = new WebSocket(`${scheme}://127.0.0.1:${stand.port}/`, [], {
      headers: { Host: `${HOST}:${stand.port}`, Origin: origin },
      ca: stand.caPem,
      ...{ servername: HOST },
    });
    const [message] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(message.toString())).toMatchObject(expected());
    socket.terminate();
  });

  it('over HTTP/2 has them too', async () => {
    present({ host: target() });
    const origin = `https://${HOST}:${stand.port}`;
    const stream = session.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', origin },
      { endStream: false },
    );
    let frame = Buffer.alloc(0);
    while (frame.length < 4 || frame.length < 4 + frame.readUInt16BE(2)) {
      const [chunk] = (await once(stream, 'data')) as [Buffer];
      frame = Buffer.concat([frame, chunk]);
    }
    expect(JSON.parse(frame.subarray(4).toString())).toMatchObject(expected());
    stream.close();
  });
});

it.each(['', 'Host:\r\n'])(
  'of a target in absolute-form without a Host field (%j) the app is told that host',
  async (field) => {
    present();
    const client = await rawClient({ port: stand.port, host: HOST });
    client.socket.write(`GET http://${HOST}:8080/x HTTP/1.1\r\n${field}Connection: close\r\n\r\n`);
    await client.until('the answer', () => client.ended());
    client.socket.destroy();
    const [, body = ''] = client.text().split('\r\n\r\n');
    expect(JSON.parse(body)).toMatchObject({ host: `${HOST}:8080`, 'x-forwarded-host': `${HOST}:8080` });
  },
);
