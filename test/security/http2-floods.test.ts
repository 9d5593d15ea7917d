/** Floods of HTTP/2 frames: the session that sends them ends, and nobody else waits for long. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../fixtures/clients.ts';
import { loopMs } from '../fixtures/loop-time.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  type Frame,
  fieldBlock,
  frame,
  type RawSession,
  rawSession,
  requestFrame,
} from '../fixtures/raw-h2.ts';
import { httpUpstream, type TestUpstream } from '../fixtures/raw-upstream.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const HOST = 'flood.localhost';
/** What others may wait in a flood, on a machine that is busy with other tests too. Alone it is a tenth. */
const PROMPT_MS = 5_000;
let stand: ProxyStand;
let upstream: TestUpstream;
let asked = 0;
let silent: (() => void)[] = [];

beforeAll(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => {
    asked++;
    response.on('error', () => {});
    if (request.url === '/silent') silent.push(() => response.end('late'));
    else request.resume().on('end', () => response.end('ok'));
  });
  stand.routes.set(HOST, upstream.port);
});

afterAll(async () => {
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

const head = (path = '/', method = 'GET'): [string, string][] => [
  [':method', method],
  [':scheme', 'https'],
  [':authority', HOST],
  [':path', path],
];

async function open(): Promise<RawSession> {
  const session = await rawSession(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  return session;
}

const isOver = (session: RawSession): boolean =>
  session.ended() || session.frames.some(({ type }) => type === FRAME.goAway);

/** The longest that somebody else waited, in ms, while `flood` lasted. */
async function longestWait(flood: Promise<unknown>): Promise<number> {
  let isFlooding = true;
  void flood.finally(() => {
    isFlooding = false;
  });
  let longest = 0;
  const session = session2(stand.port, HOST, stand.caPem);
  do {
    const asking = Promise.all([
      ask1({ port: stand.port, host: HOST }),
      ask1({ port: stand.port, host: HOST, caPem: stand.caPem }),
      ask2(session, { ':path': '/' }),
    ]);
    longest = Math.max(longest, await loopMs(asking));
    expect((await asking).map(({ status, body }) => [status, body])).toEqual(Array(3).fill([200, 'ok']));
  } while (isFlooding);
  session.destroy();
  await flood;
  return longest;
}

/** Send many times the same, in pieces, until the session is over. */
async function flood(session: RawSession, piece: (i: number) => Buffer, times: number): Promise<void> {
  for (let i = 0; i < times && !isOver(session); i++) {
    session.send(piece(i));
    if (i % 8 === 7) await new Promise(setImmediate);
  }
}

const many = (count: number, of: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => of(i)));
const cancel = (stream: number): Buffer => frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, 8]));

describe('streams that are opened and reset', () => {
  it('by the 1,500, as hot updates are, leave the session alive', async () => {
    const session = await open();
    await flood(
      session,
      (i) =>
        many(100, (j) =>
          Buffer.concat([requestFrame((i * 100 + j) * 2 + 1, END_STREAM, head()), cancel((i * 100 + j) * 2 + 1)]),
        ),
      15,
    );
    session.send(requestFrame(9_001, END_STREAM, head()));
    await session.settled(9_001);
    expect(session.frames.some(({ stream, type }) => stream === 9_001 && type === FRAME.data)).toBe(true);
    expect(isOver(session)).toBe(false);
  });

  it('by the 50,000 (rapid reset) end the session, and cost the app little', async () => {
    const session = await open();
    const before = asked;
    const flooding = flood(
      session,
      (i) =>
        many(100, (j) =>
          Buffer.concat([requestFrame((i * 100 + j) * 2 + 1, END_STREAM, head()), cancel((i * 100 + j) * 2 + 1)]),
        ),
      500,
    );
    expect(await longestWait(flooding)).toBeLessThan(PROMPT_MS);
    await session.until('the end', () => isOver(session));
    expect(asked - before).toBeLessThan(5_000);
  });

  it('by the server, as bad frames make it do, end the session', async () => {
    const session = await open();
    // A window that grows by nothing is an error of the stream (RFC 9113 section 6.9), which is then reset by us.
    const flooding = flood(
      session,
      (i) =>
        many(100, (j) => {
          const stream = (i * 100 + j) * 2 + 1;
          return Buffer.concat([requestFrame(stream, 0, head('/', 'POST')), frame(8, 0, stream, Buffer.alloc(4))]);
        }),
      500,
    );
    expect(await longestWait(flooding)).toBeLessThan(PROMPT_MS);
    await session.until('the end', () => isOver(session));
  });
});

describe('a head', () => {
  const begin = (fields: [string, string][] = head()): Buffer =>
    frame(FRAME.headers, END_STREAM, 1, fieldBlock(fields));

  it('of endless CONTINUATION frames ends the session', async () => {
    const session = await open();
    session.send(begin());
    const piece = frame(FRAME.continuation, 0, 1, fieldBlock([['x', 'y'.repeat(16_000)]]));
    expect(await longestWait(flood(session, () => piece, 20_000))).toBeLessThan(PROMPT_MS);
    await session.until('the end', () => isOver(session));
  });

  it('of endless CONTINUATION frames with nothing in them ends the session', async () => {
    const session = await open();
    session.send(begin());
    const pieces = many(500, () => frame(FRAME.continuation, 0, 1));
    expect(await longestWait(flood(session, () => pieces, 2_000))).toBeLessThan(PROMPT_MS);
    await session.until('the end', () => isOver(session));
  });

  it.each<[string, [string, string][]]>([
    ['of more than 64 KiB', Array.from({ length: 5 }, (_, i) => [`x${i}`, 'y'.repeat(15_000)])],
    ['of more than 2,000 fields', Array.from({ length: 2_100 }, (_, i) => [`${i}`, ''])],
  ])('%s is refused, and the session goes on', async (_what, fields) => {
    const session = await open();
    const block = fieldBlock([...head(), ...fields]);
    const pieces: Buffer[] = [];
    for (let at = 0; at < block.length; at += 16_000) pieces.push(block.subarray(at, at + 16_000));
    session.send(
      ...pieces.map((piece, i) =>
        frame(
          i === 0 ? FRAME.headers : FRAME.continuation,
          (i === 0 ? END_STREAM : 0) | (i === pieces.length - 1 ? END_HEADERS : 0),
          1,
          piece,
        ),
      ),
    );
    await session.settled(1);
    expect(session.frames.some(({ stream, type }) => stream === 1 && type === FRAME.reset)).toBe(true);
    session.send(requestFrame(3, END_STREAM, head()));
    await session.settled(3);
    expect(session.frames.some(({ stream, type }) => stream === 3 && type === FRAME.data)).toBe(true);
  });

  it('that names one large field of the table again and again (HPACK bomb) is refused', async () => {
    const session = await open();
    const before = asked;
    // With incremental indexing (RFC 7541 section 6.2.1): the first entry of the dynamic table, index 62, 4,000 bytes.
    const stored = fieldBlock([['x', 'y'.repeat(3_900)]]);
    stored[0] = 0x40;
    const bombs = Buffer.alloc(12_000, 0x80 | 62);
    const block = Buffer.concat([fieldBlock(head()), stored, bombs]);
    const flooding = flood(session, (i) => frame(FRAME.headers, END_STREAM | END_HEADERS, i * 2 + 1, block), 50);
    expect(await longestWait(flooding)).toBeLessThan(PROMPT_MS);
    await session.settled(1);
    expect(session.frames.every(({ type, stream }) => stream !== 1 || type === FRAME.reset)).toBe(true);
    const own = 3;
    expect(asked - before).toBeGreaterThanOrEqual(own);
  });
});

describe('a client that asks for many answers', () => {
  it('has 1,000 requests at once, all answered; one more ends its session and no other', async () => {
    silent = [];
    const session = await open();
    session.send(many(1_000, (i) => requestFrame(i * 2 + 1, END_STREAM, head('/silent'))));
    await waitFor('the app to have all of them', () => silent.length === 1_000);
    // The same app answers others meanwhile.
    const asking = ask1({ port: stand.port, host: HOST });
    expect(await loopMs(asking)).toBeLessThan(PROMPT_MS);
    expect((await asking).body).toBe('ok');
    const greedy = await open();
    greedy.send(many(1_001, (i) => requestFrame(i * 2 + 1, END_STREAM, head('/silent'))));
    await greedy.until('its end', () => isOver(greedy));
    greedy.destroy();
    const answering = setInterval(() => {
      for (const answer of silent.splice(0)) answer();
    }, 10);
    onTestFinished(() => clearInterval(answering));
    await session.until('all answers', () => answered(session) === 1_000);
    expect(isOver(session)).toBe(false);
  });

  it.each<[string, () => Buffer]>([
    ['settings', () => frame(FRAME.settings, 0, 0)],
    ['settings that change', () => frame(FRAME.settings, 0, 0, Buffer.from([0, 3, 0, 0, 1, 0]))],
    ['pings', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ])('to its %s, and reads none, is hung up on', async (_what, of) => {
    const session = await open();
    session.pause();
    const pieces = many(1_000, of);
    expect(await longestWait(flood(session, () => pieces, 300))).toBeLessThan(PROMPT_MS);
    session.resume();
    await session.until('the end', () => isOver(session));
  });

  it.each<[string, (stream: number) => Buffer]>([
    ['pings', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['priorities', (stream) => frame(2, 0, stream, Buffer.from([0, 0, 0, 0, 7]))],
    ['windows', () => frame(8, 0, 0, Buffer.from([0, 0, 0, 1]))],
    ['data without bytes', (stream) => frame(FRAME.data, 0, stream)],
    ['unknown frames', () => frame(0xfa, 0, 0, Buffer.alloc(100))],
  ])('%s by the hundred thousand keep nobody else waiting', async (_what, of) => {
    const session = await open();
    session.send(requestFrame(1, 0, head('/', 'POST')));
    const pieces = many(1_000, () => of(1));
    expect(await longestWait(flood(session, () => pieces, 100))).toBeLessThan(PROMPT_MS);
    // Nothing is left of it.
    session.destroy();
    expect((await ask1({ port: stand.port, host: HOST })).body).toBe('ok');
  });
});

/** Streams whose answer is complete. */
function answered({ frames }: RawSession): number {
  const isEnd = ({ type, flags }: Frame): boolean =>
    (type === FRAME.data || type === FRAME.headers) && (flags & END_STREAM) !== 0;
  return frames.filter(isEnd).length;
}
