/** Clients that are slow on purpose (slowloris), or say nothing: they are hung up on, and nobody else waits for them. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1, ask2, session2 } from '../fixtures/clients.ts';
import { loopMs } from '../fixtures/loop-time.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { type RawClient, rawClient } from '../fixtures/raw-client.ts';
import { END_STREAM, FRAME, fieldBlock, frame, rawSession, requestFrame } from '../fixtures/raw-h2.ts';
import { httpUpstream, type TestUpstream } from '../fixtures/raw-upstream.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const HOST = 'slow.localhost';
/** The program's are ten and more times as long. */
const limits = { firstByteMs: 400, headersMs: 900, checkMs: 100, keepAliveMs: 700, sessionIdleMs: 800, closingMs: 400 };
let stand: ProxyStand;
let upstream: TestUpstream;
/** Tests wait side by side, so that each is cleaned up after when all are done. */
const leftovers: (() => unknown)[] = [];

beforeAll(async () => {
  stand = await startProxyStand({ limits });
  upstream = await httpUpstream((request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  stand.routes.set(HOST, upstream.port);
});

afterAll(async () => {
  for (const end of leftovers) end();
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

const connect = (tls: boolean, alpn?: string): Promise<RawClient> => connectTo(stand, tls, alpn);

async function connectTo({ port, caPem }: ProxyStand, tls: boolean, alpn?: string): Promise<RawClient> {
  const client = await rawClient({
    port,
    host: HOST,
    ...(tls ? { caPem } : {}),
    ...(alpn ? { alpn } : {}),
  });
  leftovers.push(() => client.socket.destroy());
  return client;
}

/** How long it took until the client was hung up on, in ms of the loop that it shares with the proxy. */
function msUntilEnd(client: RawClient): Promise<number> {
  return loopMs(client.until('the end', client.ended));
}

/** One byte every 50 ms, for as long as the connection lasts. */
function dribble(client: RawClient, byte: string | Buffer): void {
  const timer = setInterval(() => client.socket.write(byte), 50);
  client.socket.once('close', () => clearInterval(timer));
  leftovers.push(() => clearInterval(timer));
}

describe.concurrent.each([
  ['plain HTTP', false],
  ['TLS', true],
])('over %s a client', (_scheme, tls) => {
  it('that says nothing is hung up on', async () => {
    expect(await msUntilEnd(await connect(tls))).toBeLessThan(limits.headersMs * 3);
  });

  it.each(['G', 'GET / HTTP/1.1\r\nHost: slow.localhost\r\n', 'GET / HTTP/1.1\r\nHost: slow.localhost\r\nX: '])(
    'that stops in the middle of a head gets 408 (%j)',
    async (part) => {
      // Before the proxy can have begun to count.
      const start = performance.now();
      const client = await connect(tls);
      client.socket.write(part);
      await client.until('the end', client.ended);
      expect(performance.now() - start).toBeGreaterThan(limits.headersMs / 2);
      expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
    },
  );

  it('that sends its head byte by byte gets 408, however long it keeps on', async () => {
    const client = await connect(tls);
    client.socket.write('GET / HTTP/1.1\r\nHost: slow.localhost\r\nX: ');
    dribble(client, 'x');
    expect(await msUntilEnd(client)).toBeLessThan(limits.headersMs * 3);
    expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that gets 408 and goes on talking is hung up on', async () => {
    const client = await connect(tls);
    client.socket.write('GET');
    await client.until('408', client.ended);
    dribble(client, 'x');
    const hungUp = client.until('nobody to listen', () => client.failure() !== undefined);
    expect(await loopMs(hungUp)).toBeLessThan(limits.closingMs * 4);
  });

  it('that dribbles its second head gets 408 behind its first answer', async () => {
    const client = await connect(tls);
    client.socket.write('GET / HTTP/1.1\r\nHost: slow.localhost\r\n\r\n');
    await client.until('the answer', () => client.text().endsWith('ok\r\n0\r\n\r\n') || client.text().endsWith('ok'));
    client.socket.write('GET / HTTP/1.1\r\nX: ');
    dribble(client, 'x');
    expect(await msUntilEnd(client)).toBeLessThan(limits.headersMs * 3);
    expect(client.text()).toMatch(/ok[\s\S]*HTTP\/1\.1 408 /);
  });

  it('that asks nothing more is hung up on after a while, without a word', async () => {
    const client = await connect(tls);
    const start = performance.now();
    client.socket.write('GET / HTTP/1.1\r\nHost: slow.localhost\r\n\r\n');
    await client.until('the answer', () => client.text().includes('ok'));
    const heard = client.text();
    await client.until('the end', client.ended);
    expect(performance.now() - start).toBeGreaterThan(limits.keepAliveMs / 2);
    expect(client.text()).toBe(heard);
  });

  it('may take its time for a body', async () => {
    const client = await connect(tls);
    client.socket.write('POST / HTTP/1.1\r\nHost: slow.localhost\r\nConnection: close\r\nContent-Length: 40\r\n\r\n');
    for (let i = 0; i < 40; i++) {
      client.socket.write('x');
      await delay(50);
    }
    await client.until('the end', client.ended);
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok/);
  });
});

describe.concurrent('before a protocol is agreed on a client', () => {
  it('that does not finish its handshake is hung up on', async () => {
    const client = await connect(false);
    // The beginning of a record that announces 512 bytes.
    client.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    expect(await msUntilEnd(client)).toBeLessThan(limits.firstByteMs * 3);
  });

  it('that sends its handshake byte by byte is hung up on', async () => {
    const client = await connect(false);
    client.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]));
    dribble(client, Buffer.from([3]));
    expect(await msUntilEnd(client)).toBeLessThan(limits.firstByteMs * 3);
  });
});

describe.concurrent('over HTTP/2 a client', () => {
  it('that begins no session is hung up on', async () => {
    expect(await msUntilEnd(await connect(true, 'h2'))).toBeLessThan(limits.firstByteMs * 4);
  });

  it('that sends its preface byte by byte is hung up on', async () => {
    const client = await connect(true, 'h2');
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    let sent = 0;
    const timer = setInterval(() => client.socket.write(preface[sent++] ?? ''), 100);
    leftovers.push(() => clearInterval(timer));
    expect(await msUntilEnd(client)).toBeLessThan(limits.firstByteMs * 4);
  });

  it.each([
    ['asks nothing', []],
    ['stops in the middle of a head', [frame(FRAME.headers, 0, 1, fieldBlock([[':method', 'GET']]))]],
    [
      'stops in the middle of a second head',
      [
        requestFrame(1, END_STREAM, [
          [':method', 'GET'],
          [':scheme', 'https'],
          [':authority', HOST],
          [':path', '/'],
        ]),
        frame(FRAME.headers, 0, 3, fieldBlock([[':method', 'GET']])),
      ],
    ],
  ])('that %s is told goodbye, and hung up on though it does not go', async (_what, frames) => {
    const session = await rawSession(stand.port, HOST, stand.caPem);
    leftovers.push(() => session.destroy());
    for (const one of frames) session.send(one);
    const ended = loopMs(session.until('the end', () => session.ended()));
    expect(await ended).toBeLessThan(limits.sessionIdleMs * 3);
    expect(session.frames.some(({ type }) => type === FRAME.goAway)).toBe(true);
    // Only who has been hung up on hears of it when it goes on talking.
    const hungUp = waitFor('nobody to listen', () => {
      if (session.failure() === undefined) session.send(frame(FRAME.settings, 1, 0));
      return session.failure();
    });
    expect(await loopMs(hungUp)).toBeLessThan(limits.closingMs * 3);
  });

  it('whose stream is silent keeps it', async () => {
    const quiet = await httpUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), limits.sessionIdleMs * 2.5);
    });
    leftovers.push(() => quiet.close());
    stand.routes.set('quiet.localhost', quiet.port);
    const session = session2(stand.port, 'quiet.localhost', stand.caPem);
    expect((await ask2(session, { ':path': '/' })).body).toBe('data: 1\n\ndata: 2\n\n');
    session.destroy();
  });
});

it('hundreds of slow clients of every kind keep nobody else waiting', async () => {
  const patient = await startProxyStand();
  leftovers.push(() => patient.close());
  patient.routes.set(HOST, upstream.port);
  const connect = (tls: boolean, alpn?: string): Promise<RawClient> => connectTo(patient, tls, alpn);
  const kinds = [
    async () => void (await connect(false)),
    async () => void (await connect(true)),
    async () => void dribble(await connect(false), 'GET / HTTP/1.1'),
    async () => void dribble(await connect(true), 'x'),
    async () => void (await connect(true, 'h2')),
    async () => void dribble(await connect(false), Buffer.from([0x16, 0x03])),
  ];
  await Promise.all(Array.from({ length: 300 }, (_, i) => kinds[i % kinds.length]?.()));
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    const asking = ask1({ port: patient.port, host: HOST, ...(i % 2 ? { caPem: patient.caPem } : {}) });
    waits.push(await loopMs(asking));
    expect((await asking).status).toBe(200);
  }
  expect(Math.max(...waits)).toBeLessThan(2_000);
});
