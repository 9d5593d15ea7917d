/** Clients that break off at every stage: the app is told, and the proxy answers everybody else. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { FRAME, frame, requestFrame } from '../../fixtures/raw-h2.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const HOST = 'broken.localhost';
let stand: ProxyStand;
let app: TestUpstream;
/** Requests that the app has not been told the end of. */
let open = 0;
const uncaught: unknown[] = [];
const keep = (error: unknown): void => void uncaught.push(error);

beforeAll(async () => {
  process.on('uncaughtExceptionMonitor', keep);
  stand = await startProxyStand();
  const upstream = await httpUpstream((request, response) => {
    open++;
    response.on('close', () => open--);
    for (const side of [request, response]) side.on('error', () => {});
    if (request.url === '/fine') response.end('ok');
    else {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('x'.repeat(200_000));
      const more = setInterval(() => response.write('x'.repeat(50_000)), 5);
      response.on('close', () => clearInterval(more));
    }
  });
  upstream.server.on('upgrade', (_request, socket) => {
    open++;
    socket.on('close', () => open--).on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
  });
  app = upstream;
  stand.routes.set(HOST, app.port);
});

afterAll(async () => {
  await stand?.close();
  await app?.close();
  process.off('uncaughtExceptionMonitor', keep);
  expect([...stand.bugs, ...uncaught]).toEqual([]);
});

/** A plain connection, said this, reset once the app is at it or at once. */
async function resetAfter(bytes: string, delayMs: number): Promise<void> {
  const socket = net.connect(stand.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  socket.resetAndDestroy();
}

async function resetTls(alpn: string, bytes: Buffer | string, delayMs: number): Promise<void> {
  const raw = net.connect(stand.port, '127.0.0.1').on('error', () => {});
  const socket = tls.connect({ socket: raw, servername: HOST, ca: stand.caPem, ALPNProtocols: [alpn] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  raw.resetAndDestroy();
}

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const POST = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100000\r\n\r\nsome`;
const CHUNKS = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n`;
const UPGRADE = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nsome`;
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME.settings, 0, 0),
  requestFrame(1, 0, [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', HOST],
    [':path', '/'],
  ]),
  frame(FRAME.data, 0, 1, Buffer.from('some')),
]);

it('a reset at any stage ends that request alone', async () => {
  const breaks: Promise<void>[] = [];
  for (const delayMs of [0, 1, 3, 10, 40]) {
    for (const bytes of ['', 'GE', '\x16\x03\x01\x02\x00\x01', GET, POST, CHUNKS, UPGRADE]) {
      breaks.push(resetAfter(bytes, delayMs));
    }
    for (const bytes of [GET, POST, CHUNKS, UPGRADE]) breaks.push(resetTls('http/1.1', bytes, delayMs));
    breaks.push(resetTls('h2', PREFACE, delayMs), resetTls('h2', PREFACE.subarray(0, 40), delayMs));
  }
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  for (let i = 0; i < 20; i++) {
    const answers = await Promise.all([
      ask1({ port: stand.port, host: HOST, path: '/fine' }),
      ask2(session, { ':path': '/fine' }),
    ]);
    expect(answers.map(({ body }) => body)).toEqual(['ok', 'ok']);
  }
  await Promise.all(breaks);
  // Far sooner than a connection that was refused is given up.
  await waitFor('the app to be told of all ends', () => open === 0, 2_500);
});

it('an HTTP/2 stream that is reset at any moment leaves its session as it was', async () => {
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  for (let i = 0; i < 50; i++) {
    const endStream = i % 2 === 0;
    const stream = session.request({ ':path': '/', ':method': endStream ? 'GET' : 'POST' }, { endStream });
    stream.on('error', () => {});
    if (!endStream) stream.write('some');
    await new Promise((resolve) => setTimeout(resolve, i % 7));
    stream.close(http2.constants.NGHTTP2_CANCEL);
  }
  expect((await ask2(session, { ':path': '/fine' })).body).toBe('ok');
  await waitFor('the app to be told of all ends', () => open === 0);
});
