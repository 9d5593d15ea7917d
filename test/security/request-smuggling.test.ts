/** Nothing that a client sends becomes a second request at the app: every body reaches it framed. */
import net from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { type RawUpstream, rawUpstream } from '../fixtures/raw-upstream.ts';

let stand: ProxyStand;
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(() => stand?.close());

/** As lenient as a server can be: an answer to every head, bodies as they come. What it saw is left in `received`. */
async function lenientUpstream(): Promise<RawUpstream> {
  const upstream = await rawUpstream((text, socket) => {
    if (text.includes('smuggled')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    else if (/expect: 100/i.test(text)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  });
  onTestFinished(() => upstream.close());
  stand.routes.set('lenient.localhost', upstream.port);
  return upstream;
}

/** The body as the upstream saw it: framed by a length or by chunks, never bare behind the head. */
function expectFramed(text: string): void {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) expect(body.length).toBe(Number(length));
  else {
    expect(head).toMatch(/\r\ntransfer-encoding: chunked/i);
    expect(body).toMatch(/^[0-9a-f]+\r\n/);
  }
}

it.each([
  ['GET', {}],
  ['DELETE', {}],
  ['POST', {}],
  ['POST', { expect: '100-continue' }],
  ['POST', { trailer: 'x-sum' }],
  ['PUT', { 'transfer-encoding-x': 'chunked' }],
])('an HTTP/2 %s with %j and a body without length is framed', async (method, headers) => {
  const upstream = await lenientUpstream();
  const session = session2(stand.port, 'lenient.localhost', stand.caPem);
  await ask2(session, { ':path': '/post', ':method': method, ...headers }, `body ${SMUGGLED}`).catch(() => undefined);
  session.destroy();
  const seen = upstream.received.join('');
  expect(seen).toContain('smuggled');
  expectFramed(seen);
});

it('an HTTP/1.1 chunked body stays chunked', async () => {
  const upstream = await lenientUpstream();
  const headers = { 'transfer-encoding': 'chunked' };
  await ask1({ port: stand.port, host: 'lenient.localhost', method: 'POST', headers, body: `x${SMUGGLED}` }).catch(
    () => undefined,
  );
  expectFramed(upstream.received.join(''));
});

/** Send bytes over plain HTTP and give the upstream time to see what comes of them. */
async function sendRaw(bytes: string): Promise<void> {
  const socket = net.connect(stand.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  await new Promise((resolve) => setTimeout(resolve, 300));
  socket.destroy();
}

it.each(['', 'Expect: 100-continue\r\n'])(
  'a Connection field cannot take the length off a body (%j)',
  async (expectation) => {
    const upstream = await lenientUpstream();
    const head = `POST / HTTP/1.1\r\nHost: lenient.localhost\r\n${expectation}Connection: content-length\r\n`;
    await sendRaw(`${head}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
    const seen = upstream.received.join('');
    expect(seen).toContain('smuggled');
    expectFramed(seen);
  },
);

it('an upgrade with a body is an ordinary request, whole and framed', async () => {
  const upstream = await lenientUpstream();
  const head = 'GET / HTTP/1.1\r\nHost: lenient.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  await sendRaw(`${head}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
  const seen = upstream.received.join('');
  expect(seen).not.toMatch(/\r\nupgrade:/i);
  expectFramed(seen);
});
