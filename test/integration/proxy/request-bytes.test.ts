/** What a client sends arrives byte for byte, read at a raw upstream: over HTTP/1.1, plain and TLS, and over HTTP/2. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { rawAsk } from '../../fixtures/raw-client.ts';
import { END_STREAM, FRAME, fieldBlock, frame, rawSession, requestFrame } from '../../fixtures/raw-h2.ts';
import { rawUpstream } from '../../fixtures/raw-upstream.ts';
import { fieldOf, type WireRequest, wireRequests } from '../../fixtures/strict-http.ts';

const HOST = 'raw.localhost';
let stand: ProxyStand;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

type Fields = [string, string][];

/** A request, told without a version. Trailers come behind a body. */
interface Told {
  method?: string;
  path?: string;
  fields?: Fields;
  body?: string;
  trailers?: Fields;
}

type Send = (told: Told) => Promise<void>;

const over1 =
  (tls: boolean): Send =>
  async ({ method = 'GET', path = '/', fields = [], body = '', trailers = [] }) => {
    const lines = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${HOST}`,
      ...fields.map(([name, value]) => `${name}: ${value}`),
    ];
    const end = trailers.length > 0 ? `${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n` : '';
    const target = { port: stand.port, host: HOST, ...(tls ? { caPem: stand.caPem } : {}) };
    const text = await rawAsk(target, `${lines.join('\r\n')}\r\n\r\n${body}${end}`, (seen) =>
      method === 'HEAD' ? seen.endsWith('\r\n\r\n') : seen.endsWith('done'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  };

const over2: Send = async ({ method = 'GET', path = '/', fields = [], body, trailers = [] }) => {
  const session = await rawSession(stand.port, HOST, stand.caPem);
  const head: Fields = [
    [':method', method],
    [':scheme', 'https'],
    [':authority', HOST],
    [':path', path],
  ];
  const lower = fields.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  session.send(requestFrame(1, body === undefined ? END_STREAM : 0, [...head, ...lower]));
  if (body !== undefined) {
    session.send(frame(FRAME.data, trailers.length > 0 ? 0 : END_STREAM, 1, Buffer.from(body, 'latin1')));
    const last = trailers.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
    if (last.length > 0) session.send(frame(FRAME.headers, END_STREAM | 4, 1, fieldBlock(last)));
  }
  await session.settled(1);
  session.destroy();
};

const versions: [string, Send][] = [
  ['HTTP/1.1', over1(false)],
  ['HTTP/1.1 with TLS', over1(true)],
  ['HTTP/2', over2],
];

/** What a raw upstream sees of it; exactly one request. */
async function seenOf(send: Send, told: Told): Promise<WireRequest> {
  const upstream = await rawUpstream((text, socket) => {
    if (wireRequests(text).requests.length > 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone');
  });
  onTestFinished(() => upstream.close());
  stand.routes.set(HOST, upstream.port);
  await send(told);
  const { requests, rest } = wireRequests(upstream.received.join(''));
  expect([requests.length, rest]).toEqual([1, '']);
  return requests[0] as WireRequest;
}

/** What the proxy adds or moves: ARCHITECTURE.md, "What may change on the way". */
const OURS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-hostwise-hop',
]);
const own = ({ fields }: WireRequest): Fields => fields.filter(([name]) => !OURS.has(name.toLowerCase()));

describe.each(versions)('over %s a request', (version, send) => {
  const is2 = version === 'HTTP/2';

  it.each([
    '/?import&raw',
    '/?',
    '/?a=1&a=1&b',
    '/a%2Fb%2fc',
    '//a//b//',
    '/a;v=1/b;c?d;e=f',
    '/%00%01?%00',
    '/a/../b/./c',
    '/%2e%2e/%c3%a9',
    '/!$&\'()*+,=:@-._~[]{}|^`"<>\\',
  ])('keeps the bytes of %s', async (path) => {
    expect((await seenOf(send, { path })).target).toBe(path);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'PURGE', 'QUERY', 'M-SEARCH'])(
    'keeps the method %s and gets no body',
    async (method) => {
      const seen = await seenOf(send, { method });
      expect([seen.method, seen.framing]).toEqual([method, 'none']);
    },
  );

  it.each(['undici', 'node:http'])('keeps order, case, repeats and bytes of its fields (by %s)', async (by) => {
    const fields: Fields = [
      ['X-Zebra', '1'],
      ['accept', 'a'],
      ['X-Same', 'one'],
      ['Accept-Language', 'de, en;q=0.5'],
      ['x-same', 'two'],
      ['X-Same', 'one'],
      ['Referer', 'https://elsewhere.example/a?b'],
      ['Origin', 'https://elsewhere.example'],
      ['Authorization', 'Bearer abc'],
      ['If-None-Match', '"x", W/"y"'],
      ['Range', 'bytes=0-0,-1'],
      ['Accept-Encoding', 'gzip, br, zstd'],
      ['X-Empty', ''],
      ['X-Latin', 'caf\u00e9'],
      ['X-Utf8', Buffer.from('✓').toString('latin1')],
      ['Cookie', 'a=1; b="2,;3"; c'],
      ['X-Quote', '"a, b\\"", c'],
    ];
    if (by === 'node:http') fields.push(['Expect', 'nothing']);
    const seen = own(await seenOf(send, { fields }));
    expect(seen).toEqual(is2 ? fields.map(([name, value]) => [name.toLowerCase(), value]) : fields);
  });

  it('may have many fields, and none is lost', async () => {
    const count = is2 ? 1_900 : 3_000;
    const fields = Array.from({ length: count }, (_, i): [string, string] => [`x${i}`, '1']);
    expect(own(await seenOf(send, { fields }))).toHaveLength(count);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS', 'REPORT'])(
    'with a length has it and its bytes (%s)',
    async (method) => {
      const body = '\0\r\n\u00ff{"a":1}';
      const seen = await seenOf(send, { method, fields: [['Content-Length', String(body.length)]], body });
      expect(seen).toMatchObject({ method, framing: 'length', body });
    },
  );

  it('with a length may announce trailers that do not come', async () => {
    const fields: Fields = [
      ['Trailer', 'X-Sum'],
      ['Content-Length', '5'],
    ];
    const seen = await seenOf(send, { method: 'POST', fields, body: 'hello' });
    expect(seen).toMatchObject({ framing: 'length', body: 'hello' });
    expect(fieldOf(seen, 'trailer')).toBe('X-Sum');
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'PROPFIND'])('with a length of 0 has it (%s)', async (method) => {
    const seen = await seenOf(send, { method, fields: [['Content-Length', '0']], ...(is2 ? {} : { body: '' }) });
    expect([seen.framing, fieldOf(seen, 'content-length')]).toEqual(['length', '0']);
  });

  it.each(['POST', 'DELETE', 'GET', 'OPTIONS'])('without a length stays without (%s)', async (method) => {
    const body = is2 ? 'hello' : '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n';
    const seen = await seenOf(send, { method, fields: is2 ? [] : [['Transfer-Encoding', 'chunked']], body });
    expect(seen).toMatchObject({ method, framing: 'chunked', body: 'hello' });
  });

  it.each([
    ['announced', [['Trailer', 'X-Sum, X-Sum']]],
    ['not announced', []],
  ] as [string, Fields][])('ends with its trailers (%s)', async (_how, announced) => {
    const body = is2 ? 'hello' : '5\r\nhello\r\n0\r\n';
    const fields: Fields = is2 ? announced : [...announced, ['Transfer-Encoding', 'chunked']];
    const trailers: Fields = [
      ['X-Sum', '1'],
      ['X-Other', 'a b'],
      ['X-Sum', '2'],
    ];
    const seen = await seenOf(send, { method: 'POST', fields, body, trailers });
    expect(seen.body).toBe('hello');
    expect(seen.trailers).toEqual(is2 ? trailers.map(([name, value]) => [name.toLowerCase(), value]) : trailers);
  });
});

it('OPTIONS * keeps its target', async () => {
  const seen = await seenOf(over1(false), { method: 'OPTIONS', path: '*' });
  expect([seen.method, seen.target]).toEqual(['OPTIONS', '*']);
});

it('a request with its whole URL in the request line goes on with its path', async () => {
  const path = '/a%2Fb//c?import&raw';
  expect((await seenOf(over1(false), { path: `http://${HOST}${path}` })).target).toBe(path);
});
