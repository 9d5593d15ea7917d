/** An app that is away for a moment: its requests wait for it, and nothing of them is lost. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const AWAY = { kind: 'away', label: 'app', detail: 'It is not listening now' } as const;
const HOLD_MS = 2_000;

let stand: ProxyStand;
let app: TestUpstream & { server: http.Server };
/** What the app got: method, length and digest of each request. */
let got: string[] = [];
const digest = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

beforeAll(async () => {
  stand = await startProxyStand();
  app = await httpUpstream((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      got.push(`${request.method} ${body.length} ${digest(body)}`);
      response.end('back');
    });
  });
  new WebSocketServer({ server: app.server }).on('connection', (socket) => socket.send('hello'));
});

afterAll(async () => {
  await stand?.close();
  await app?.close();
  expect(stand.bugs).toEqual([]);
});

beforeEach(() => {
  got = [];
  stand.routes.set('app.localhost', AWAY);
  stand.reroutes.set('app.localhost', AWAY);
});

/** It comes back a moment after the request waits for it. */
async function comesBack(): Promise<void> {
  await waitFor('the request to be held', () => stand.holds.size > 0);
  await delay(100);
  stand.reroutes.set('app.localhost', app.port);
}

async function asked<T>(asking: Promise<T>): Promise<T> {
  const [answer] = await Promise.all([asking, comesBack()]);
  expect(stand.holds.size).toBe(0);
  return answer;
}

describe('a request to an app that is back within two seconds', () => {
  it('is answered, over HTTP/1.1 and HTTP/2', async () => {
    expect(await asked(ask1({ port: stand.port, host: 'app.localhost' }))).toMatchObject({ status: 200, body: 'back' });
    stand.reroutes.set('app.localhost', AWAY);
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    expect(await asked(ask2(session, { ':path': '/' }))).toMatchObject({ status: 200, body: 'back' });
    session.destroy();
  });

  it.each(['a length', 'chunks', 'HTTP/2'])('arrives whole and once with its body (%s)', async (framing) => {
    const body = randomBytes(3_000_000);
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    const headers: Record<string, string> =
      framing === 'chunks' ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
    const asking =
      framing === 'HTTP/2'
        ? ask2(session, { ':path': '/', ':method': 'POST' }, body)
        : ask1({ port: stand.port, host: 'app.localhost', method: 'POST', headers, body });
    expect((await asked(asking)).body).toBe('back');
    expect(got).toEqual([`POST ${body.length} ${digest(body)}`]);
    session.destroy();
  });

  it('is answered when it opens a WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: 'app.localhost' } });
    const [message] = (await asked(once(socket, 'message'))) as [Buffer];
    expect(String(message)).toBe('hello');
    socket.terminate();
  });

  it('waits for an app that is there and still refuses', async () => {
    const server = http.createServer((_request, response) => response.end('at last'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    stand.routes.set('refuses.localhost', port);
    const asking = ask1({ port: stand.port, host: 'refuses.localhost' });
    await delay(400);
    server.listen(port, '127.0.0.1');
    expect(await asking).toMatchObject({ status: 200, body: 'at last' });
    server.closeAllConnections();
    server.close();
  });
});

describe('a request to an app that stays away', () => {
  it.each([
    ['a program', {}, /^\{|not running/],
    [
      'a navigation',
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' },
      /Waiting for/,
    ],
  ])('gets 503 with Retry-After after two seconds (%s)', async (_who, headers, words) => {
    const before = performance.now();
    const answer = await ask1({ port: stand.port, host: 'app.localhost', headers });
    expect(performance.now() - before).toBeGreaterThan(HOLD_MS - 100);
    expect(performance.now() - before).toBeLessThan(HOLD_MS + 2_000);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).toMatch(words);
  });

  it('is held no longer than its client stays', async () => {
    const asking = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'app.localhost' } });
    asking.on('error', () => {});
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await waitFor('both requests to be held', () => stand.holds.size === 2);
    const before = performance.now();
    asking.destroy();
    stream.close();
    await waitFor('both to be let go', () => stand.holds.size === 0);
    expect(performance.now() - before).toBeLessThan(HOLD_MS / 2);
    session.destroy();
    expect(got).toEqual([]);
  });

  it('is held with some hundred others, not with any number', async () => {
    const agent = new http.Agent({ maxSockets: 400 });
    const answers: number[] = [];
    const asks = Array.from({ length: 320 }, () => {
      const ask = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'app.localhost' }, agent });
      ask.on('response', (response) => answers.push(response.resume().statusCode ?? 0));
      ask.on('error', () => {});
      return ask;
    });
    await waitFor('those beyond the limit to be answered', () => answers.length === 20);
    expect(stand.holds.size).toBe(300);
    expect(new Set(answers)).toEqual(new Set([503]));
    // Another hostname still has its place.
    stand.routes.set('other.localhost', AWAY);
    stand.reroutes.set('other.localhost', app.port);
    expect((await ask1({ port: stand.port, host: 'other.localhost' })).body).toBe('back');
    for (const ask of asks) ask.destroy();
    agent.destroy();
    await waitFor('all to be let go', () => stand.holds.size === 0);
  });
});

describe('a request that the app may have carried out before it went away', () => {
  it('is not sent again, whatever comes back', async () => {
    const dying = net.createServer((socket) => socket.once('data', () => socket.destroy()));
    dying.listen(0, '127.0.0.1');
    await once(dying, 'listening');
    stand.routes.set('app.localhost', (dying.address() as net.AddressInfo).port);
    stand.reroutes.set('app.localhost', app.port);
    const headers = { 'content-length': '5' };
    const post = await ask1({ port: stand.port, host: 'app.localhost', method: 'POST', headers, body: 'hello' });
    expect(post.status).toBe(502);
    expect(got).toEqual([]);
    expect((await ask1({ port: stand.port, host: 'app.localhost' })).status).toBe(200);
    dying.close();
  });
});
