/** Heads that are too large, or never end: refused in words, without reading on. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { type RawClient, rawClient } from '../fixtures/raw-client.ts';
import { httpUpstream, rawUpstream } from '../fixtures/raw-upstream.ts';

const HOST = 'large.localhost';
let stand: ProxyStand;
let upstream: Awaited<ReturnType<typeof httpUpstream>>;

beforeAll(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => {
    request.resume().on('end', () => response.end(`${request.rawHeaders.length / 2} fields`));
  });
  upstream.server.maxHeadersCount = 0;
  upstream.server.on('clientError', (_error, socket) => socket.destroy());
  stand.routes.set(HOST, upstream.port);
});

afterAll(async () => {
  await stand?.close();
  await upstream?.close();
  expect(stand.bugs).toEqual([]);
});

describe.each([
  ['plain HTTP', false],
  ['TLS', true],
])('over %s', (_scheme, tls) => {
  async function connect(): Promise<RawClient> {
    const client = await rawClient({ port: stand.port, host: HOST, ...(tls ? { caPem: stand.caPem } : {}) });
    onTestFinished(() => void client.socket.destroy());
    return client;
  }

  it.each([
    ['one field of 60 KiB', `X: ${'x'.repeat(60_000)}\r\n`],
    ['ten thousand fields', 'a: \r\n'.repeat(10_000)],
  ])('a head of %s passes', async (_what, fields) => {
    const seen = await rawUpstream((text, socket) => {
      if (text.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    onTestFinished(() => seen.close());
    stand.routes.set('raw.localhost', seen.port);
    const client = await rawClient({ port: stand.port, host: 'raw.localhost', ...(tls ? { caPem: stand.caPem } : {}) });
    client.socket.write(`GET / HTTP/1.1\r\nHost: raw.localhost\r\n${fields}\r\n`);
    await client.until('the answer', () => client.text().endsWith('ok'));
    client.socket.destroy();
    expect(seen.received[0]).toContain(fields);
  });

  it.each([
    ['a field that never ends', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX: `, 'x'.repeat(50_000)],
    ['fields that never end', `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`, 'X: y\r\n'.repeat(30_000)],
    ['a name that never ends', `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`, 'x'.repeat(50_000)],
    ['a target that never ends', 'GET /', 'x'.repeat(50_000)],
  ])('%s is 431', async (_what, begin, more) => {
    const client = await connect();
    let sent = 0;
    client.socket.write(begin);
    while (!client.ended() && sent < 100_000_000) {
      if (!client.socket.write(more)) await new Promise(setImmediate);
      sent += more.length;
    }
    await client.until('the end', client.ended);
    // A client that goes on sending may see the connection break before it sees the words.
    expect(client.text()).toMatch(/^$|^HTTP\/1\.1 431 /);
    expect(sent).toBeLessThan(100_000_000);
    const polite = await connect();
    polite.socket.write(`${begin}${more}${more}`);
    await polite.until('the end', polite.ended);
    expect(polite.text()).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('trailers and chunk extensions that never end are refused, and the app never sees a whole request', async () => {
    for (const [begin, more] of [
      ['2\r\nhi\r\n0\r\n', 'X: y\r\n'.repeat(5_000)],
      ['2;', 'x'.repeat(50_000)],
    ] as const) {
      const client = await connect();
      client.socket.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${begin}`);
      for (let i = 0; i < 200 && !client.ended(); i++) {
        client.socket.write(more);
        await new Promise(setImmediate);
      }
      await client.until('the end', client.ended);
      expect(client.text()).toMatch(/^$|^HTTP\/1\.1 4(?:00|13|31) /);
    }
    expect((await ask1({ port: stand.port, host: HOST })).status).toBe(200);
  });
});

it('an app whose head is too large or never ends is a 502, on every way', async () => {
  for (const head of [`X: ${'x'.repeat(70_000)}`, 'X: y\r\n'.repeat(60_000)]) {
    const app = await rawUpstream((text, socket) => {
      if (text.includes('\r\n\r\n')) socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
    });
    onTestFinished(() => app.close());
    stand.routes.set('app.localhost', app.port);
    const place = { port: stand.port, host: 'app.localhost' };
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    const chunked = { headers: { 'transfer-encoding': 'chunked' }, body: 'x' };
    const answers = await Promise.all([
      ask1(place),
      ask1({ ...place, method: 'HEAD' }),
      ask1({ ...place, method: 'POST', ...chunked }),
      ask2(session, { ':path': '/' }),
    ]);
    session.destroy();
    expect(answers.map(({ status }) => status)).toEqual([502, 502, 502, 502]);
  }
});
