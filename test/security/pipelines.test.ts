/** Clients that send requests before they have the answers: all are answered, one after the other. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1 } from '../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { type RawClient, rawClient } from '../fixtures/raw-client.ts';
import { httpUpstream, type TestUpstream } from '../fixtures/raw-upstream.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const HOST = 'pipe.localhost';
let stand: ProxyStand;
let upstream: TestUpstream;
let hanging = 0;

beforeAll(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => {
    response.on('error', () => {});
    if (request.url === '/hang') {
      hanging++;
      response.on('close', () => hanging--);
    } else if (request.url === '/slow') setTimeout(() => response.end('</slow>'), 100);
    else request.resume().on('end', () => response.end(`<${request.url}>`));
  });
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

  it('a thousand in one go are answered, in order and whole', async () => {
    const client = await connect();
    const count = 1_000;
    const asks = Array.from({ length: count }, (_, i) => {
      if (i % 3 === 0) return `GET /${i} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
      if (i % 3 === 1) return `POST /${i} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 3\r\n\r\nabc`;
      return `PUT /${i} HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    });
    client.socket.write(asks.join(''));
    await client.until('all answers', () => client.text().includes(`</${count - 1}>`));
    const answered = [...client.text().matchAll(/<\/(\d+)>/g)].map(([, i]) => Number(i));
    expect(answered).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  it('those behind one that hangs wait, and the app is told when the client leaves', async () => {
    const before = stand.asks.length;
    const client = await connect();
    client.socket.write(`GET /hang HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`.repeat(500));
    await waitFor('the first', () => hanging === 1);
    await delay(100);
    expect([hanging, stand.asks.length - before]).toEqual([1, 1]);
    client.socket.destroy();
    await waitFor('its end', () => hanging === 0);
  });

  it('a client that sends more and more of them is hung up on', async () => {
    const client = await connect();
    const piece = `GET /hang HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`.repeat(500);
    for (let i = 0; i < 200 && !client.ended(); i++) {
      client.socket.write(piece);
      await delay(1);
    }
    await client.until('the end', client.ended);
    await waitFor('its end', () => hanging === 0);
    expect((await ask1({ port: stand.port, host: HOST })).body).toBe('</>');
  });

  it.each([
    ['an upgrade', 'GET /ws HTTP/1.1\r\nHost: pipe.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['a CONNECT', 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n'],
    ['garbage', '\x00\x01\r\n\r\n'],
    ['too long a head', `GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('%s behind a request is never answered in its place', async (_what, second) => {
    const client = await connect();
    client.socket.write(`GET /slow HTTP/1.1\r\nHost: ${HOST}\r\n\r\n${second}`, 'latin1');
    await client.until('the end or the answer', () => client.ended() || client.text().includes('</slow>'));
    expect(client.text().split('\r\n\r\n')[1] ?? '</slow>').toContain('</slow>');
    expect((await ask1({ port: stand.port, host: HOST })).body).toBe('</>');
  });
});
