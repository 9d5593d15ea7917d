/** What an app answers arrives byte for byte, over HTTP/1.1 (the raw answer is compared) and over HTTP/2. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { rawAsk } from '../../fixtures/raw-client.ts';
import { rawUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'raw.localhost';
let stand: ProxyStand;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

/** An app that answers every request with these bytes, and hangs up behind them if told so. */
async function answering(bytes: string, end = false): Promise<void> {
  const upstream = await rawUpstream((text, socket) => {
    if (!text.endsWith('\r\n\r\n')) return;
    if (end) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
  onTestFinished(() => upstream.close());
  stand.routes.set(HOST, upstream.port);
}

/** `chunked` takes the way of bodies without a length, by node:http; the other one is undici's. */
const ways = ['ordinary', 'exact'] as const;
type Way = (typeof ways)[number];

/** The answer as it stands on the wire. The client hangs up, so that the end is the end. */
function over1(way: Way, method = 'GET', version = '1.1'): Promise<string> {
  const head = `${method} / HTTP/${version}\r\nHost: ${HOST}\r\nConnection: close\r\n`;
  const framing = way === 'exact' ? 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n' : '\r\n';
  return rawAsk({ port: stand.port, host: HOST }, head + framing);
}

async function over2(way: Way, method = 'GET'): Promise<Answer & { cookies: string[] }> {
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  return ask2(session, { ':path': '/', ':method': method }, way === 'exact' ? '' : undefined);
}

/** The head without what belongs to the connection to the client, and the body. */
function split(answer: string): [head: string[], body: string] {
  const end = answer.indexOf('\r\n\r\n');
  const lines = answer.slice(0, end).split('\r\n');
  return [lines.filter((line) => !/^(?:connection|keep-alive|transfer-encoding):/i.test(line)), answer.slice(end + 4)];
}

/** What stands in the chunks. */
function dechunked(text: string): string {
  let body = '';
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at);
    const length = Number.parseInt(text.slice(at, end), 16);
    if (!(length > 0)) return body;
    body += text.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
  }
}

describe.each(ways)('an answer (%s way)', (way) => {
  const fields = [
    'X-B: 1',
    'Set-Cookie: a=1; Path=/',
    'x-a:   spaced',
    'Set-Cookie: b=2; HttpOnly',
    'Content-Type: text/plain',
    'X-Same: one',
    'ETag: "x"',
    'x-same: two',
    'Vary: Accept-Encoding, Origin',
    'Cache-Control: no-store',
    `X-Utf8: ${Buffer.from('✓').toString('latin1')}`,
    'X-Empty:',
    'Server: none',
  ];

  it('keeps every byte of its head and body', async () => {
    const body = '\0\r\n\u00ff bytes';
    await answering(
      `HTTP/1.1 200 Fine By Me\r\n${fields.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const [head, seen] = split(await over1(way));
    const trimmed = fields.map((field) => field.replace(/:\s*(.*?)\s*$/, ': $1'));
    expect(head).toEqual(['HTTP/1.1 200 Fine By Me', ...trimmed, `Content-Length: ${body.length}`]);
    expect(seen).toBe(body);
    const second = await over2(way);
    expect(second.cookies).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
    expect(second.headers).toMatchObject({
      'x-b': '1',
      'x-a': 'spaced',
      'x-same': 'one, two',
      'content-length': String(body.length),
      'x-empty': '',
      'x-utf8': Buffer.from('✓').toString('latin1'),
    });
    expect(second.headers.date).toBeUndefined();
  });

  // A small body that came with its head leaves with it; above 16 KiB it does not.
  it.each([1, 256, 16_383, 16_384, 16_385, 60_000])('of %i bytes of all values is the same', async (length) => {
    const body = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff)).toString('latin1');
    // As that client reads it.
    const read2 = Buffer.from(body, 'latin1').toString();
    const whole = `Content-Length: ${length}\r\n\r\n${body}`;
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    await answering(`HTTP/1.1 200 OK\r\n${whole}`);
    expect(split(await over1(way))[1] === body).toBe(true);
    expect((await over2(way)).body === read2).toBe(true);
    await answering(`HTTP/1.1 200 OK\r\n${chunked}`);
    const text = split(await over1(way))[1];
    expect(dechunked(text) === body).toBe(true);
    expect((await over2(way)).body === read2).toBe(true);
  });

  it('may have 1,500 fields', async () => {
    const many = Array.from({ length: 1_500 }, (_, i) => `x${i}: 1`);
    await answering(`HTTP/1.1 200 OK\r\n${many.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
    expect(split(await over1(way))[0]).toEqual(['HTTP/1.1 200 OK', ...many, 'Content-Length: 0']);
    expect(Object.keys((await over2(way)).headers)).toHaveLength(1_502);
  });

  it('in chunks stays in chunks, with its trailers', async () => {
    await answering(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\nX-Sum: 3\r\n\r\n',
    );
    const text = await over1(way);
    expect(text).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
    const [, body] = split(text);
    expect(body.replace(/(?:^|(?<=\r\n))[0-9a-f]+\r\n(.*?)\r\n/gs, '$1')).toMatch(/^abcde/);
    expect(body).toMatch(/\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\nX-Sum: 3\r\n\r\n$/);
    const second = await over2(way);
    expect(second.body).toBe('abcde');
    expect(second.rawTrailers).toEqual(['x-sum', '1, 3', 'x-more', '2']);
  });

  it('that ends with its connection is whole', async () => {
    await answering('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end', true);
    const text = await over1(way);
    expect(text).toMatch(/\r\n0\r\n\r\n$/);
    expect((await over2(way)).body).toBe('to the end');
  });

  it('of an HTTP/1.0 app is whole, and one to an HTTP/1.0 client has no chunks', async () => {
    await answering('HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nold', true);
    expect((await over2(way)).body).toBe('old');
    if (way === 'ordinary') expect(split(await over1(way, 'GET', '1.0'))[1]).toBe('old');
    await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnew\r\n0\r\n\r\n');
    if (way === 'ordinary') expect(split(await over1(way, 'GET', '1.0'))[1]).toBe('new');
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 42\r\nETag: "a"\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "a"\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 42\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['GET', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
    ['OPTIONS', 'HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\nAllow: GET, HEAD\r\n\r\n'],
  ])('to a %s without a body is the same: %j', async (method, bytes) => {
    await answering(bytes);
    const [head, body] = split(await over1(way, method));
    expect([...head, '', ''].join('\r\n')).toBe(bytes);
    expect(body).toBe('');
    const second = await over2(way, method);
    expect([second.status, second.body]).toEqual([Number(bytes.slice(9, 12)), '']);
    const length = /Content-Length: (\d+)/.exec(bytes)?.[1];
    expect(second.headers['content-length']).toBe(length);
  });

  it.each([
    ['a part', 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\ncde'],
    [
      'several parts',
      'HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=B\r\nContent-Length: 45\r\n\r\n' +
        '--B\r\nContent-Range: bytes 0-0/9\r\n\r\na\r\n--B--\r\n',
    ],
    ['a refusal', 'HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n'],
  ])('to a range is the same (%s)', async (_what, bytes) => {
    await answering(bytes);
    const [head, body] = split(await over1(way));
    expect(`${head.join('\r\n')}\r\n\r\n${body}`).toBe(bytes);
    expect((await over2(way)).body).toBe(body);
  });

  it.each(['gzip', 'br', 'zstd', 'made-up'])('that is encoded (%s) is never decoded', async (coding) => {
    const bytes = gzipSync('x'.repeat(10_000)).toString('latin1');
    await answering(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`,
    );
    const [head, body] = split(await over1(way));
    expect(head).toContain(`Content-Encoding: ${coding}`);
    expect(body === bytes).toBe(true);
    const second = await over2(way);
    expect([second.headers['content-encoding'], second.headers['content-length']]).toEqual([
      coding,
      String(bytes.length),
    ]);
  });

  it('has all hints before it, with their fields', async () => {
    await answering(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </\u00e9.js>\r\n\r\n' +
        'HTTP/1.1 103 Early Hints\r\nX-Other: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const text = await over1(way);
    expect(text).toMatch(/^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\n/);
    expect(text).toContain('103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </\u00e9.js>\r\n\r\n');
    expect(text).toContain('103 Early Hints\r\nX-Other: 1\r\n\r\nHTTP/1.1 200 OK\r\n');
    expect(await over2(way)).toMatchObject({ informational: [102, 103, 103], body: 'ok' });
  });

  it.each([301, 302, 303, 307, 308, 400, 401, 404, 405, 409, 418, 421, 429, 451, 500, 503, 511, 599])(
    'with status %i is passed on with its fields',
    async (status) => {
      const rest = 'Location: /next?a=%2F\r\nRetry-After: 7\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 2';
      await answering(`HTTP/1.1 ${status} Words\r\n${rest}\r\n\r\nno`);
      const [head, body] = split(await over1(way));
      expect(`${head.join('\r\n')}\r\n\r\n${body}`).toBe(`HTTP/1.1 ${status} Words\r\n${rest}\r\n\r\nno`);
      const second = await over2(way);
      expect([second.status, second.headers.location, second.headers['retry-after']]).toEqual([
        status,
        '/next?a=%2F',
        '7',
      ]);
    },
  );

  it.each([
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Content-Length: 2\r\nContent-Length: 5',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5',
    'Content-Length: -1',
    'Content-Length: 5, 5',
  ])('that can be read in two ways is a 502 (%j)', async (framing) => {
    await answering(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n2\r\nok\r\n0\r\n\r\n`);
    expect(await over1(way)).toMatch(/^HTTP\/1\.1 502 /);
    expect((await over2(way)).status).toBe(502);
  });
});
