/**
 * Requests that chance makes up, the same ones every time: whatever their method, target, fields and framing, a raw app
 * gets them byte for byte, once, and nothing else.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { rawAsk } from '../../fixtures/raw-client.ts';
import { END_HEADERS, END_STREAM, FRAME, fieldBlock, frame, rawSession, requestFrame } from '../../fixtures/raw-h2.ts';
import { type RawUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';
import { type WireRequest, wireRequests } from '../../fixtures/strict-http.ts';

const HOST = 'chance.localhost';
let stand: ProxyStand;
let upstream: RawUpstream;

beforeAll(async () => {
  stand = await startProxyStand();
  const answered = new Map<unknown, number>();
  upstream = await rawUpstream((text, socket) => {
    const { requests } = wireRequests(text);
    for (let i = answered.get(socket) ?? 0; i < requests.length; i++) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone');
    }
    answered.set(socket, requests.length);
  });
  stand.routes.set(HOST, upstream.port);
});

afterAll(async () => {
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

type Fields = [string, string][];

interface Told {
  method: string;
  target: string;
  fields: Fields;
  framing: 'none' | 'length' | 'chunked';
  body: string;
  trailers: Fields;
  /** Sizes of its chunks or DATA frames. */
  cuts: number[];
}

const chars = (all: string) => fc.constantFrom(...all);
const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const VISIBLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');
const LATIN = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('');

/** Ours to set, to take off, or to act on: ARCHITECTURE.md, "What may change on the way". They have tests of their own. */
const TAKEN =
  /^(?:host|connection|keep-alive|proxy-.*|te|transfer-encoding|upgrade|http2-settings|expect|content-length|trailer|forwarded|x-forwarded-.*|x-real-ip|x-hostwise-.*|cookie|sec-.*)$/i;

const name = fc.oneof(
  fc.constantFrom('Accept', 'X-Same', 'x-same', 'X-SAME', 'Range', 'If-Match', 'Via', 'Authorization', 'Origin', 'DNT'),
  fc.string({ unit: chars(TCHAR), minLength: 1, maxLength: 20 }).filter((text) => !TAKEN.test(text)),
);
/** No blanks at either end: they are no part of a value (RFC 9110 section 5.5). */
const value = fc
  .string({ unit: chars(`${VISIBLE}${LATIN} \t`), maxLength: 60 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
const fields = fc.array(fc.tuple(name, value), { maxLength: 12 });
const target = fc
  .tuple(
    fc.constantFrom('/', '//', '/a/', '/%2F', '/a;b', '/..', '/.'),
    fc.string({ unit: chars(VISIBLE.replace('#', '')), maxLength: 40 }),
    fc.constantFrom('', '?', '?import&raw', '?a=%00&a=1', '??'),
  )
  .map((parts) => parts.join(''))
  // Our own paths, and `?force` and `?prompt=`, which a program of the user may send.
  .filter((path) => !path.startsWith('/_') && !/force|prompt=/.test(path));

const told: fc.Arbitrary<Told> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'REPORT', 'LOCK', 'QUERY'),
    target,
    fields,
    framing: fc.constantFrom<Told['framing']>('none', 'length', 'chunked'),
    body: fc.string({ unit: chars(`${VISIBLE}${LATIN}\r\n\0 `), maxLength: 300 }),
    trailers: fc.array(
      fc.tuple(
        name.filter((text) => !/^(?:authorization|range|if-.*)$/i.test(text)),
        value,
      ),
      {
        maxLength: 3,
      },
    ),
    cuts: fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 6 }),
  })
  .map((one) => ({
    ...one,
    body: one.framing === 'none' ? '' : one.body,
    trailers: one.framing === 'chunked' ? one.trailers : [],
  }));

function pieces({ body, cuts }: Told): string[] {
  const result: string[] = [];
  let at = 0;
  for (const cut of cuts) {
    if (at < body.length) result.push(body.slice(at, at + cut));
    at += cut;
  }
  if (at < body.length) result.push(body.slice(at));
  return result;
}

const lines = (all: Fields): string => all.map(([field, text]) => `${field}: ${text}\r\n`).join('');

async function send1(one: Told, tls: boolean): Promise<void> {
  const framing: Record<Told['framing'], string> = {
    none: '',
    length: `Content-Length: ${one.body.length}\r\n`,
    chunked: 'Transfer-Encoding: chunked\r\n',
  };
  const chunks = pieces(one).map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  const body = one.framing === 'chunked' ? `${chunks.join('')}0\r\n${lines(one.trailers)}\r\n` : one.body;
  const head = `${one.method} ${one.target} HTTP/1.1\r\nHost: ${HOST}\r\n${lines(one.fields)}${framing[one.framing]}\r\n`;
  const place = { port: stand.port, host: HOST, ...(tls ? { caPem: stand.caPem } : {}) };
  expect(await rawAsk(place, head + body, (text) => text.endsWith('done'))).toMatch(/^HTTP\/1\.1 200 /);
}

const lower = (all: Fields): Fields => all.map(([field, text]) => [field.toLowerCase(), text]);

async function send2(one: Told): Promise<void> {
  const session = await rawSession(stand.port, HOST, stand.caPem);
  const head: Fields = [
    [':method', one.method],
    [':scheme', 'https'],
    [':authority', HOST],
    [':path', one.target],
    ...lower(one.fields),
  ];
  if (one.framing === 'length') head.push(['content-length', String(one.body.length)]);
  const frames = [requestFrame(1, one.framing === 'none' ? END_STREAM : 0, head)];
  if (one.framing !== 'none') {
    for (const piece of pieces(one)) frames.push(frame(FRAME.data, 0, 1, Buffer.from(piece, 'latin1')));
    const end = one.trailers.length > 0;
    frames.push(
      end
        ? frame(FRAME.headers, END_STREAM | END_HEADERS, 1, fieldBlock(lower(one.trailers)))
        : frame(FRAME.data, END_STREAM, 1),
    );
  }
  session.send(...frames);
  await session.settled(1);
  session.destroy();
}

/** What a raw app saw of it: one request, which can be read in one way only. */
async function seenOf(send: () => Promise<void>): Promise<WireRequest> {
  const before = upstream.received.map((text) => text.length);
  await send();
  const texts = upstream.received.map((text, i) => text.slice(before[i] ?? 0)).filter((text) => text !== '');
  const { requests, rest } = wireRequests(texts.join(''));
  expect([requests.length, rest]).toEqual([1, '']);
  return requests[0] as WireRequest;
}

it.each<[string, (one: Told) => Promise<void>, boolean]>([
  ['HTTP/1.1', (one) => send1(one, false), false],
  ['HTTP/1.1 with TLS', (one) => send1(one, true), false],
  ['HTTP/2', send2, true],
])(
  'over %s any request arrives as it was sent',
  async (_version, send, is2) => {
    await fc.assert(
      fc.asyncProperty(told, async (one) => {
        const seen = await seenOf(() => send(one));
        expect([seen.method, seen.target, seen.body]).toEqual([one.method, one.target, one.body]);
        expect(seen.framing).toBe(one.framing);
        const own = seen.fields.filter(([field]) => !TAKEN.test(field));
        expect(own).toEqual(is2 ? lower(one.fields) : one.fields);
        expect(seen.trailers).toEqual(is2 ? lower(one.trailers) : one.trailers);
      }),
      { seed: 5, numRuns: 120 },
    );
  },
  120_000,
);
