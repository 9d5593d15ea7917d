/** Nothing that a client sends becomes a second request at the app: every body reaches it framed. */
import net from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { rawAsk, rawClient } from '../fixtures/raw-client.ts';
import { END_STREAM, FRAME, fieldBlock, frame, rawSession, requestFrame } from '../fixtures/raw-h2.ts';
import { type RawUpstream, rawUpstream } from '../fixtures/raw-upstream.ts';
import { wireRequests } from '../fixtures/strict-http.ts';
import { waitFor } from '../fixtures/wait-for.ts';

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

/** Send bytes over plain HTTP that end in {@link SMUGGLED}, and wait until the upstream has seen them. */
async function sendRaw(upstream: RawUpstream, bytes: string): Promise<void> {
  const socket = net.connect(stand.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  await waitFor('the body at the upstream', () => upstream.received.join('').includes(SMUGGLED));
  socket.destroy();
}

it.each(['', 'Expect: 100-continue\r\n'])(
  'a Connection field cannot take the length off a body (%j)',
  async (expectation) => {
    const upstream = await lenientUpstream();
    const head = `POST / HTTP/1.1\r\nHost: lenient.localhost\r\n${expectation}Connection: content-length\r\n`;
    await sendRaw(upstream, `${head}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
    const seen = upstream.received.join('');
    expect(seen).toContain('smuggled');
    expectFramed(seen);
  },
);

it('an upgrade with a body is an ordinary request, whole and framed', async () => {
  const upstream = await lenientUpstream();
  const head = 'GET / HTTP/1.1\r\nHost: lenient.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  await sendRaw(upstream, `${head}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
  const seen = upstream.received.join('');
  expect(seen).not.toMatch(/\r\nupgrade:/i);
  expectFramed(seen);
});

/**
 * Everything that an app saw, read as strictly as can be. The targets of its requests, in order.
 * @throws when another reader could see other requests
 */
function targetsAt(upstream: RawUpstream): string[] {
  return upstream.received.flatMap((text) => {
    const { requests, rest } = wireRequests(text);
    if (/HTTP\/\d/.test(rest) && !/^[^\r\n]* HTTP\/1\.1\r\n/.test(rest)) throw new Error(`Left over: ${rest}`);
    return requests.map(({ target }) => target);
  });
}

/** Answers each request that is complete, so that nothing waits. */
async function answeringUpstream(): Promise<RawUpstream> {
  const answered = new Map<net.Socket, number>();
  const upstream = await rawUpstream((text, socket) => {
    const { requests } = wireRequests(text);
    for (let i = answered.get(socket) ?? 0; i < requests.length; i++) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }
    answered.set(socket, requests.length);
  });
  onTestFinished(() => upstream.close());
  stand.routes.set('lenient.localhost', upstream.port);
  return upstream;
}

const HOST = 'Host: lenient.localhost';
const BODY = `0\r\n\r\n${SMUGGLED}`;

/** Heads and bodies that two servers may read in two ways. A reader who sees /smuggled as a request is fooled. */
const families: [string, string][] = [
  [
    'CL.TE',
    `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${BODY.length}\r\nTransfer-Encoding: chunked\r\n\r\n${BODY}`,
  ],
  [
    'TE.CL',
    `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
  ...[
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\tchunked\r\nTransfer-Encoding: identity',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
    'Transfer-Encoding: identity, chunked, identity',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding: \x00chunked',
    'X: y\rTransfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'X:\r\n Transfer-Encoding: chunked',
    ' Transfer-Encoding: chunked',
    'Transfer_Encoding: chunked',
    'Transfer-Encoding\r\n: chunked',
    'Transfer-Encoding: "chunked"',
    'transfer-encoding: CHUNKED',
    'Content-Encoding: chunked',
  ].map((field): [string, string] => [
    `TE.TE ${JSON.stringify(field)}`,
    `POST / HTTP/1.1\r\n${HOST}\r\n${field}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  ]),
  ...[
    `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`,
    `Content-Length: ${SMUGGLED.length}\r\nContent-Length: 0`,
    `Content-Length: 0, ${SMUGGLED.length}`,
    `Content-Length: +${SMUGGLED.length}`,
    `Content-Length: 0x${SMUGGLED.length.toString(16)}`,
    'Content-Length: -1',
    'Content-Length: 1e2',
    `Content-Length: ${SMUGGLED.length} 0`,
    `Content-Length: ${'9'.repeat(40)}`,
    'Content-Length:',
    `Content_Length: ${SMUGGLED.length}\r\nContent-Length : 0`,
    `Content-Length: 00${SMUGGLED.length}`,
    `X: y\nContent-Length: ${SMUGGLED.length}`,
  ].map((field): [string, string] => [
    `CL.CL ${JSON.stringify(field)}`,
    `POST / HTTP/1.1\r\n${HOST}\r\n${field}\r\n\r\n${SMUGGLED}`,
  ]),
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'].map((method): [string, string] => [
    `CL.0 ${method}`,
    `${method} / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ]),
  ...['100-continue', 'y 100-continue', '100-continue, x', ' 100-Continue', ''].map((expectation): [string, string] => [
    `Expect ${JSON.stringify(expectation)}`,
    `GET / HTTP/1.1\r\n${HOST}\r\nExpect: ${expectation}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  ]),
  ['HTTP/1.0 with chunks', `POST / HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${BODY}`],
  [
    'HTTP/1.0 with chunks and a length',
    `POST / HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  ],
  ...[
    `5\r\nhello\r\n0\r\n\r\n`,
    `5;a=b\r\nhello\r\n0\r\n\r\n`,
    `5;a="\r\n\r\n${SMUGGLED}"\r\nhello\r\n0\r\n\r\n`,
    `5;\nhello\r\n0\r\n\r\n`,
    `5\nhello\n0\n\n`,
    `5\r\nhelloX\r0\r\n\r\n`,
    `5 \r\nhello\r\n0\r\n\r\n`,
    `0x5\r\nhello\r\n0\r\n\r\n`,
    `+5\r\nhello\r\n0\r\n\r\n`,
    `-0\r\n\r\n`,
    `10000000000000005\r\nhello\r\n0\r\n\r\n`,
    `5\r\nhello0\r\n\r\n`,
    `0\r\nTransfer-Encoding: chunked\r\nContent-Length: 50\r\nHost: evil\r\n\r\n`,
    `0\nX: y\r\n\r\n`,
  ].map((body): [string, string] => [
    `chunks ${JSON.stringify(body).slice(0, 60)}`,
    `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
  ]),
  ...[
    `GET / HTTP/1.1\r\n${HOST}\r\nHost: evil.localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}\r\nhost: lenient.localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: lenient.localhost, evil.localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: evil.localhost@lenient.localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost : lenient.localhost\r\n\r\n`,
    `GET http://evil.localhost/smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET http://user@lenient.localhost/smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET lenient.localhost/smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET /a HTTP/1.1\n${HOST}\n\n${SMUGGLED}`,
    `GET /a HTTP/1.1\r${HOST}\r\r${SMUGGLED}`,
    `GET /a\rb HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET /a b HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET /a\tHTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET  /a HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET /a HTTP/1.1 \r\n${HOST}\r\n\r\n`,
    `GET /a HTTP/1.2\r\n${HOST}\r\n\r\n`,
    `GET /a HTTP/0.9\r\n${HOST}\r\n\r\n`,
    `GET /a\r\n\r\n${SMUGGLED}`,
    `G\0T /a HTTP/1.1\r\n${HOST}\r\n\r\n`,
    `GET /a HTTP/1.1\r\n${HOST}\r\nX: a\0b\r\n\r\n`,
    `GET /a HTTP/1.1\r\n${HOST}\r\nX y: z\r\n\r\n`,
    `GET /a HTTP/1.1\r\n${HOST}\r\nX: a\r\n b\r\n\r\n`,
    `GET /a HTTP/1.1\r\n${HOST}\r\nConnection: host, x-forwarded-for, transfer-encoding\r\n\r\n`,
  ].map((bytes): [string, string] => [`head ${JSON.stringify(bytes).slice(0, 90)}`, bytes]),
];

it.each(families)('%s gets no second request through', async (_what, bytes) => {
  const upstream = await answeringUpstream();
  const client = await rawClient({ port: stand.port, host: 'lenient.localhost' });
  // A last, whole request tells when everything before it has been dealt with, if the connection lives that long.
  client.socket.write(Buffer.from(`${bytes}GET /last HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`, 'latin1'));
  setTimeout(() => client.socket.end(), 300);
  await client.until('the end', client.ended);
  client.socket.destroy();
  expect(targetsAt(upstream)).not.toContain('/smuggled');
});

it('what a client sends behind a whole request is its next one, and nobody else’s', async () => {
  const upstream = await answeringUpstream();
  const end = `GET /b HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
  await rawAsk(
    { port: stand.port, host: 'lenient.localhost' },
    `POST /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 2\r\n\r\nhi${end}`,
  );
  expect(targetsAt(upstream).sort()).toEqual(['/a', '/b']);
});

type Fields = [string, string][];
const GET2: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'lenient.localhost'],
  [':path', '/'],
];
const with2 = (...fields: Fields): Fields => [...GET2, ...fields];
const but2 = (name: string, value: string): Fields => GET2.map(([other, old]) => [other, other === name ? value : old]);

it.each<[string, Fields]>([
  ['a line break in a value', with2(['x', `a\r\n\r\n${SMUGGLED}`])],
  ['a bare LF in a value', with2(['x', 'a\nb: c'])],
  ['a bare CR in a value', with2(['x', 'a\rb: c'])],
  ['NUL in a value', with2(['x', 'a\0b'])],
  ['a line break in a name', with2(['x: a\r\nb', 'c'])],
  ['a colon in a name', with2(['x:b', 'c'])],
  ['a space in a name', with2(['x b', 'c'])],
  ['upper case in a name', with2(['X-Upper', 'c'])],
  ['an empty name', with2(['', 'c'])],
  ['a line break in the path', but2(':path', `/ HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`)],
  ['a space in the path', but2(':path', '/a HTTP/1.1')],
  ['no slash in the path', but2(':path', 'smuggled')],
  ['an empty path', but2(':path', '')],
  ['a whole URL in the path', but2(':path', 'http://evil.localhost/smuggled')],
  ['a line break in the method', but2(':method', 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET')],
  ['a space in the method', but2(':method', 'GET /smuggled')],
  ['a line break in the scheme', but2(':scheme', 'https://a/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled')],
  ['a line break in a cookie', with2(['cookie', `a=1\r\n\r\n${SMUGGLED}`], ['cookie', 'b=2'])],
  ['a :protocol without CONNECT', with2([':protocol', 'websocket'])],
  ['a Host in place of the authority', GET2.filter(([name]) => name !== ':authority').concat([['host', 'a\r\nX: y']])],
  ['a Keep-Alive and a Proxy-Connection', with2(['keep-alive', 'x'], ['proxy-connection', 'close'])],
  ['a line break in the authority', but2(':authority', 'lenient.localhost\r\nX: y')],
  ['a user in the authority', but2(':authority', 'evil@lenient.localhost')],
  ['another Host', with2(['host', 'evil.localhost'])],
  ['two Hosts', with2(['host', 'lenient.localhost'], ['host', 'evil.localhost'])],
  ['two paths', with2([':path', '/smuggled'])],
  ['a pseudo-field at the end', with2(['x', 'y'], [':path', '/smuggled'])],
  ['an unknown pseudo-field', with2([':evil', 'y'])],
  ['chunks', with2(['transfer-encoding', 'chunked'])],
  ['chunks, differently', with2(['transfer-encoding', 'identity'])],
  ['a Connection', with2(['connection', 'upgrade'])],
  ['an Upgrade', with2(['upgrade', 'websocket'])],
  ['a TE other than trailers', with2(['te', 'gzip'])],
  ['a length without a body', with2(['content-length', '50'])],
  ['two lengths', with2(['content-length', '0'], ['content-length', '50'])],
  ['a length that is none', with2(['content-length', '0x5'])],
])('over HTTP/2 a head with %s gets no second request through', async (_what, fields) => {
  const upstream = await answeringUpstream();
  const session = await rawSession(stand.port, 'lenient.localhost', stand.caPem);
  session.send(requestFrame(1, END_STREAM, fields));
  await session.settled(1);
  session.destroy();
  const targets = targetsAt(upstream);
  expect(targets.length).toBeLessThanOrEqual(1);
  expect(targets).not.toContain('/smuggled');
});

it.each<[string, string, Fields]>([
  ['longer than its length', `0${SMUGGLED}`, [['content-length', '1']]],
  ['shorter than its length', 'x', [['content-length', '400']]],
  ['behind a length of 0', SMUGGLED, [['content-length', '0']]],
  ['that looks like chunks', BODY, []],
])('over HTTP/2 a body %s is framed or refused', async (_what, body, extra) => {
  const upstream = await answeringUpstream();
  const session = await rawSession(stand.port, 'lenient.localhost', stand.caPem);
  const head = but2(':method', 'POST').concat(extra);
  session.send(requestFrame(1, 0, head), frame(FRAME.data, END_STREAM, 1, Buffer.from(body)));
  await session.settled(1);
  // Another request of another client must find a clean connection.
  await ask1({ port: stand.port, host: 'lenient.localhost', path: '/other' });
  session.destroy();
  expect(targetsAt(upstream).filter((target) => target !== '/')).toEqual(['/other']);
});

it.each<[string, Fields]>([
  [
    'framing',
    [
      ['content-length', '5'],
      ['transfer-encoding', 'chunked'],
    ],
  ],
  ['a line break', [['x', `a\r\n\r\n${SMUGGLED}`]]],
  ['a pseudo-field', [[':path', '/smuggled']]],
])('over HTTP/2 trailers with %s add no request', async (_what, trailers) => {
  const upstream = await answeringUpstream();
  const session = await rawSession(stand.port, 'lenient.localhost', stand.caPem);
  session.send(requestFrame(1, 0, but2(':method', 'POST')), frame(FRAME.data, 0, 1, Buffer.from('hello')));
  session.send(frame(FRAME.headers, END_STREAM | 4, 1, fieldBlock(trailers)));
  await session.settled(1);
  await ask1({ port: stand.port, host: 'lenient.localhost', path: '/other' });
  session.destroy();
  expect(targetsAt(upstream).filter((target) => target !== '/')).toEqual(['/other']);
});
