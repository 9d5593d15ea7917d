/** Clients that open connections and leave them open: idle ones make room, busy ones are never broken. */
import { once } from 'node:events';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../fixtures/clients.ts';
import { startIdleClients } from '../fixtures/idle-clients.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { type RawClient, rawClient } from '../fixtures/raw-client.ts';
import { rawSession } from '../fixtures/raw-h2.ts';
import { httpUpstream, type TestUpstream } from '../fixtures/raw-upstream.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const HOST = 'many.localhost';
let upstream: TestUpstream;

beforeAll(async () => {
  upstream = await httpUpstream((request, response) => {
    if (request.url === '/stream') {
      response.on('error', () => {});
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    } else response.end('ok');
  });
});

afterAll(() => upstream?.close());

async function startStand(maxConnections: number): Promise<ProxyStand> {
  const stand = await startProxyStand({ limits: { maxConnections, checkMs: 50, closingMs: 200 } });
  onTestFinished(async () => {
    await stand.close();
    expect(stand.bugs).toEqual([]);
  });
  stand.routes.set(HOST, upstream.port);
  return stand;
}

/** A client that has had its answer and stays. */
async function idleClient(stand: ProxyStand, tls: boolean): Promise<RawClient> {
  const client = await rawClient({ port: stand.port, host: HOST, ...(tls ? { caPem: stand.caPem } : {}) });
  onTestFinished(() => void client.socket.destroy());
  client.socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await client.until('the answer', () => client.text().endsWith('ok\r\n0\r\n\r\n') || client.text().endsWith('ok'));
  return client;
}

/** A stream of events that has begun. */
async function stream(stand: ProxyStand): Promise<http.IncomingMessage> {
  const place = { port: stand.port, host: '127.0.0.1', path: '/stream', headers: { Host: HOST }, agent: false };
  const request = http.get(place);
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.on('error', () => {}).resume();
  return response;
}

describe('when as many are connected as may be', () => {
  it('those who ask nothing leave, and whoever comes is answered', async () => {
    const stand = await startStand(40);
    const idle: RawClient[] = [];
    for (let i = 0; i < 30; i++) idle.push(await idleClient(stand, i % 2 === 1));
    const session = await rawSession(stand.port, HOST, stand.caPem);
    onTestFinished(() => session.destroy());
    const busy = await Promise.all([1, 2, 3, 4, 5].map(() => stream(stand)));
    for (let i = 0; i < 50; i++) {
      const answer = await ask1({ port: stand.port, host: HOST, ...(i % 2 ? { caPem: stand.caPem } : {}) });
      expect(answer.body).toBe('ok');
    }
    await waitFor('the idle ones to have left', () => idle.every((client) => client.ended()) && session.ended());
    expect(busy.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false, false]);
  });

  it('and all are busy, one more is hung up on, until one of them leaves', async () => {
    const stand = await startStand(10);
    const busy: http.IncomingMessage[] = [];
    for (let i = 0; i < 10; i++) busy.push(await stream(stand));
    await expect(ask1({ port: stand.port, host: HOST })).rejects.toThrow();
    busy[0]?.destroy();
    await waitFor('an answer', async () => (await ask1({ port: stand.port, host: HOST })).body === 'ok');
    expect(busy.slice(1).every(({ destroyed }) => !destroyed)).toBe(true);
  });
});

/** `npm run test:idle` opens 10,000, as many as the listener's limit. */
const IDLE = Number(process.env.IDLE_CONNECTIONS ?? 2_000);

it('thousands of idle connections of every kind keep nobody else waiting', async () => {
  const stand = await startStand(10_000);
  await startIdleClients({ port: stand.port, host: HOST, caPem: stand.caPem, count: IDLE });
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  const waits: number[] = [];
  for (let i = 0; i < 30; i++) {
    const start = performance.now();
    const [first, second] = await Promise.all([
      ask1({ port: stand.port, host: HOST }),
      ask2(session, { ':path': '/' }),
    ]);
    expect([first.body, second.body]).toEqual(['ok', 'ok']);
    waits.push(performance.now() - start);
  }
  waits.sort((a, b) => a - b);
  expect(waits[15]).toBeLessThan(200);
}, 180_000);
