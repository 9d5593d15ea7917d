/**
 * Apps that answer in odd bytes. Node's own client, asked directly, is the measure: what it refuses is never passed on
 * as an answer, what it reads is passed on as it reads it, and the next request gets its own answer.
 */
import http from 'node:http';
import { setImmediate as nextRound } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { type RawUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';

let stand: ProxyStand;
/** Tests wait side by side, so that each has its own hostname and is cleaned up after at the end. */
const leftovers: (() => unknown)[] = [];
let hosts = 0;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  for (const end of leftovers) await end();
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

/** How an answer looks to whoever asked. */
type Outcome = { status: number; body: string; fields: string[] } | 'broken' | 'none';

/** Requests that take each of the ways to an app: ours, undici's, node:http's. */
const ways = {
  'a GET': { method: 'GET', headers: {} },
  'a POST with a length': { method: 'POST', headers: { 'content-length': '2' }, body: 'hi' },
  'a POST in chunks': { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'hi' },
} as const;
type Way = (typeof ways)[keyof typeof ways];

/** Byte by byte or not; whether the app hangs up behind it. */
interface Manner {
  pieces: boolean;
  ends: boolean;
}

/** To each request for /odd these bytes, in such pieces, and the end if told so; to any other the path. */
async function oddApp(
  bytes: string,
  { pieces, ends }: { pieces: boolean; ends: boolean },
): Promise<RawUpstream & { host: string }> {
  const app = await rawUpstream(async (text, socket) => {
    const isWhole = /\r\n\r\n$/.test(text) || /\r\n\r\n(?:2\r\n)?hi(?:\r\n0\r\n\r\n)?$/.test(text);
    if (!isWhole || text.endsWith('hi\r\n')) return;
    if (/chunked/i.test(text) && !/0\r\n\r\n$/.test(text)) return;
    if (/content-length: 2/i.test(text) && !text.endsWith('hi')) return;
    const path = [...text.matchAll(/(?:GET|POST) (\S+) HTTP/g)].at(-1)?.[1] ?? '';
    if (path !== '/odd') {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
      return;
    }
    if (!pieces) socket.write(bytes, 'latin1');
    else {
      socket.setNoDelay(true);
      for (const byte of bytes) {
        socket.write(byte, 'latin1');
        await nextRound();
      }
    }
    if (ends) socket.end();
  });
  leftovers.push(() => app.close());
  const host = `odd-${hosts++}.localhost`;
  stand.routes.set(host, app.port);
  // A port whose first answer is no HTTP is left in peace for a while.
  expect((await ask1({ port: stand.port, host, path: '/first' })).body).toBe('/first');
  return Object.assign(app, { host });
}

const OURS = /^(?:connection|keep-alive|transfer-encoding|upgrade|date)$/i;

function fieldsOf(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!OURS.test(raw[i] ?? '')) fields.push(`${raw[i]}: ${raw[i + 1]}`);
  return fields;
}

/** With the proxy, for an answer that never ends. */
const PATIENCE_MS = 700;
/** For one that does: whether a bad answer comes from a TLS server may be asked first, and others may have the processor. */
const LONG_PATIENCE_MS = 30_000;

/** Node's client, straight to the app: an answer that is not over when all of its bytes have been read is never over. */
function direct(port: number, { method, headers, ...rest }: Way, length: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = http.request({
      port,
      host: '127.0.0.1',
      path: '/odd',
      method,
      headers: { Host: 'direct', ...headers },
      agent: false,
      maxHeaderSize: 64 * 1024,
    });
    let status = 0;
    let looksAfterAll = 0;
    const timer = setInterval(() => {
      if ((request.socket?.bytesRead ?? 0) < length) return;
      // What was read is known at once; its events have some rounds to come.
      if (++looksAfterAll > 3) is(status === 0 ? 'none' : 'broken');
    }, 20);
    const is = (outcome: Outcome): void => {
      clearInterval(timer);
      resolve(outcome);
      request.destroy();
    };
    request.on('error', () => is(status === 0 ? 'none' : 'broken'));
    // Nobody asked for another protocol.
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      is('none');
    });
    request.on('response', (response) => {
      status = response.statusCode ?? 0;
      let body = '';
      response.on('error', () => {});
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => is({ status, body, fields: fieldsOf(response.rawHeaders) }));
      response.on('close', () => is(response.complete ? { status, body, fields: [] } : 'broken'));
    });
    request.end('body' in rest ? rest.body : undefined);
  });
}

const within = async (asked: Promise<Outcome>, patienceMs = LONG_PATIENCE_MS): Promise<Outcome> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve('broken'), patienceMs);
  });
  const first = await Promise.race([asked.catch((): Outcome => 'broken'), late]);
  clearTimeout(timer);
  return first;
};

/** Through the proxy; its own page counts as no answer. */
async function through1(host: string, { method, headers, ...rest }: Way): Promise<Outcome> {
  const place = { port: stand.port, host, path: '/odd', method, headers };
  const { status, body, rawHeaders } = await ask1({ ...place, ...('body' in rest ? { body: rest.body } : {}) });
  if (status === 502) return 'none';
  return { status, body: Buffer.from(body).toString('latin1'), fields: fieldsOf(rawHeaders) };
}

async function through2(host: string, { method, headers, ...rest }: Way): Promise<Outcome> {
  const session = session2(stand.port, host, stand.caPem);
  session.on('error', () => {});
  leftovers.push(() => session.destroy());
  const length = 'content-length' in headers ? headers : {};
  const fields = { ':path': '/odd', ':method': method, ...length };
  const { status, body } = await ask2(session, fields, 'body' in rest ? rest.body : undefined);
  return status === 502 ? 'none' : { status, body, fields: [] };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const NEXT = `${OK}Content-Length: 6\r\n\r\nsecond`;

const answers: Record<string, string> = {
  'an ordinary one': `${OK}Content-Length: 2\r\n\r\nok`,
  'chunks with extensions': `${OK}Transfer-Encoding: chunked\r\n\r\n2;a=b;c="d"\r\nok\r\n0;last\r\n\r\n`,
  'chunks in upper case, with zeros': `${OK}TRANSFER-ENCODING: Chunked\r\n\r\n0002\r\nok\r\n000\r\n\r\n`,
  'a chunk that is longer than it says': `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n`,
  'a chunk that is shorter than it says': `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nok\r\n0\r\n\r\n`,
  'a chunk size that is none': `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\nok\r\n0\r\n\r\n`,
  'a negative chunk size': `${OK}Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n`,
  'a huge chunk size': `${OK}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok\r\n0\r\n\r\n`,
  'chunks with bare LF': `${OK}Transfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n`,
  'chunks without a last one': `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`,
  'a bad trailer': `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nbad trailer\r\n\r\n`,
  'a length and chunks': `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'chunks and a length': `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nok`,
  'the same length twice': `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
  'two lengths': `${OK}Content-Length: 2\r\nContent-Length: 4\r\n\r\nokok`,
  'a list of lengths': `${OK}Content-Length: 2, 2\r\n\r\nok`,
  'a negative length': `${OK}Content-Length: -2\r\n\r\nok`,
  'a length with a plus': `${OK}Content-Length: +2\r\n\r\nok`,
  'a hexadecimal length': `${OK}Content-Length: 0x2\r\n\r\nok`,
  'a huge length': `${OK}Content-Length: 99999999999999999999999\r\n\r\nok`,
  'an empty length': `${OK}Content-Length: \r\n\r\nok`,
  'a length with a space in it': `${OK}Content-Length: 1 2\r\n\r\nok`,
  'a length that is not reached': `${OK}Content-Length: 20\r\n\r\nok`,
  'a folded field': `${OK}X-Fold: a\r\n  b\r\nContent-Length: 2\r\n\r\nok`,
  'a folded length': `${OK}Content-Length:\r\n 2\r\n\r\nok`,
  'a space before a colon': `${OK}Content-Length : 2\r\n\r\nok`,
  'a field without a colon': `${OK}nonsense\r\nContent-Length: 2\r\n\r\nok`,
  'a field without a name': `${OK}: x\r\nContent-Length: 2\r\n\r\nok`,
  'a bare LF behind a field': `${OK}X: y\nContent-Length: 2\r\n\r\nok`,
  'a bare CR in a field': `${OK}X: y\rZ: 1\r\nContent-Length: 2\r\n\r\nok`,
  'NUL in a field': `${OK}X: y\0z\r\nContent-Length: 2\r\n\r\nok`,
  'heads with LF only': 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
  'an empty line first': `\r\n${OK}Content-Length: 2\r\n\r\nok`,
  'bytes of all kinds in a field': `${OK}X: \x80\xff\t"\r\nContent-Length: 2\r\n\r\nok`,
  'no reason': 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok',
  'a reason of one space': 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.0 that keeps the connection': 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.0 with chunks': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'HTTP/0.9': 'hello',
  'HTTP/1.2': 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/3.0': 'HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP in lower case': 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'two spaces': 'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok',
  'a status of two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok',
  'two answers at once': `${OK}Content-Length: 2\r\n\r\nok${NEXT}`,
  'a line break behind the body': `${OK}Content-Length: 2\r\n\r\nok\r\n`,
  '304 with a second answer behind it': `HTTP/1.1 304 Not Modified\r\n\r\n${NEXT}`,
  hints: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  'a hint with a length': `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  'twenty hints': `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)}${OK}Content-Length: 2\r\n\r\nok`,
  '100 that nobody asked for': `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  'an unknown 1xx': `HTTP/1.1 199 Odd\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  'another protocol that nobody asked for':
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nok',
  'an offer of another protocol': `${OK}Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok`,
  'two Connection fields': `${OK}Connection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`,
};

/**
 * Whole answers, and more behind them. Whether Node's client has read the whole one before it sees the rest is chance;
 * ours are either whole or broken, and never more.
 */
const whole: Record<string, [bytes: string, status: number, body: string]> = {
  'bytes behind the body': [`${OK}Content-Length: 2\r\n\r\nok and more`, 200, 'ok'],
  'bytes behind the last chunk': [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore`, 200, 'ok'],
  '204 with a body': [`HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok`, 204, ''],
  '204 with chunks': ['HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 204, ''],
  '304 with a body': ['HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok', 304, ''],
  'Connection: close and more': [`${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok${NEXT}`, 200, 'ok'],
  '204 with a second answer for a body': [
    `HTTP/1.1 204 No Content\r\nContent-Length: ${NEXT.length}\r\n\r\n${NEXT}`,
    204,
    '',
  ],
};

/** Statuses that HTTP/2 cannot say become 500. */
function over2(outcome: Outcome): Outcome {
  if (typeof outcome === 'string') return outcome;
  return { ...outcome, status: outcome.status > 599 ? 500 : outcome.status, fields: [] };
}

const summary = (outcome: Outcome): unknown => (typeof outcome === 'string' ? outcome : [outcome.status, outcome.body]);

describe.concurrent.each(Object.entries(ways))('to %s', (_name, way) => {
  const manners: [string, Manner][] = [
    ['in one piece', { pieces: false, ends: false }],
    ['in one piece, and the end', { pieces: false, ends: true }],
  ];
  // The ways of libraries have their own tests for this.
  if (way.method === 'GET') manners.push(['byte by byte, and the end', { pieces: true, ends: true }]);

  describe.each(manners)('%s', (_how, how) => {
    it.each(Object.entries(answers))('%s', async (what, bytes) => {
      const app = await oddApp(bytes, how);
      const expected = await direct(app.port, way, bytes.length);
      const patienceMs = expected === 'broken' && !how.ends ? PATIENCE_MS : LONG_PATIENCE_MS;
      const seen = [
        await within(through1(app.host, way), patienceMs),
        await within(through2(app.host, way), patienceMs),
      ];
      expect([what, ...seen]).toEqual([what, expected, over2(expected)]);
      const next = await ask1({ port: stand.port, host: app.host, path: '/next' });
      expect(next.body).toBe('/next');
    });

    it.each(Object.entries(whole))('%s', async (_what, [bytes, status, body]) => {
      const app = await oddApp(bytes, how);
      for (const outcome of [await within(through1(app.host, way)), await within(through2(app.host, way))]) {
        expect([[status, body], 'broken']).toContainEqual(summary(outcome));
      }
      const next = await ask1({ port: stand.port, host: app.host, path: '/next' });
      expect(next.body).toBe('/next');
    });
  });

  it('205 with a body, which HTTP/2 has no place for', async () => {
    const app = await oddApp('HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok', {
      pieces: false,
      ends: false,
    });
    expect(summary(await within(through1(app.host, way)))).toEqual([205, 'ok']);
    expect(summary(await within(through2(app.host, way)))).toEqual([205, '']);
  });

  it.each(['gzip, chunked', 'chunked, gzip', 'xchunked', 'identity'])(
    'the transfer coding “%s” is no answer: it would stay on the body and be named to nobody',
    async (coding) => {
      const app = await oddApp(`${OK}Transfer-Encoding: ${coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n`, {
        pieces: false,
        ends: true,
      });
      expect([await within(through1(app.host, way)), await within(through2(app.host, way))]).toEqual(['none', 'none']);
    },
  );

  it('101 that names no protocol is no answer', async () => {
    const app = await oddApp('HTTP/1.1 101 Switching Protocols\r\n\r\nok', { pieces: false, ends: false });
    expect([await within(through1(app.host, way)), await within(through2(app.host, way))]).toEqual(['none', 'none']);
  });
});
