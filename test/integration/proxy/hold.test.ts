/** An app that is away for a moment: its requests wait for it, and nothing of them is lost. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RouteOutcome } from '../../../src/core/route.ts';
import { Absences } from '../../../src/proxy/absences.ts';
import { Holds } from '../../../src/proxy/hold.ts';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { type ProxyStand, startProxyStand, upstreamAt } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const AWAY = { kind: 'away', label: 'app', detail: 'It is not listening now' } as const;
const HOLD_MS = 2_000;
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

let stand: ProxyStand;
let app: TestUpstream & { server: http.Server };
/** Of the clock by which apps are away. */
let skippedMs = 0;
/** What the app got: method, length and digest of each request. */
let got: string[] = [];
const digest = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

beforeAll(async () => {
  stand = await startProxyStand({ absences: new Absences(() => performance.now() + skippedMs) });
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
  stand.absences.back('app.localhost');
});

/** It answered, and is gone. */
async function wasThere(): Promise<void> {
  stand.routes.set('app.localhost', app.port);
  expect((await ask1({ port: stand.port, host: 'app.localhost' })).status).toBe(200);
  const last = upstreamAt(app.port, 'app.localhost');
  stand.routes.set('app.localhost', { ...AWAY, last });
  got = [];
}

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
    ['a navigation', NAVIGATION, /Waiting for/],
  ])('gets 503 with Retry-After after two seconds, if it was there a moment ago (%s)', async (_who, headers, words) => {
    await wasThere();
    const before = performance.now();
    const asking = ask1({ port: stand.port, host: 'app.localhost', headers });
    expect(await loopMs(asking)).toBeLessThan(HOLD_MS + 2_000);
    expect(performance.now() - before).toBeGreaterThan(HOLD_MS - 100);
    const answer = await asking;
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).toMatch(words);
  });

  it('gets it at once when the app has been gone for longer: a page that shows when it is back', async () => {
    const asking = ask1({ port: stand.port, host: 'app.localhost', headers: NAVIGATION });
    expect(await loopMs(asking)).toBeLessThan(HOLD_MS / 2);
    const page = await asking;
    expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
    expect(page.body).toMatch(/Waiting for/);
  });

  it('waits without such a page, until it is known that the app is away for longer', async () => {
    const asked = async (): Promise<void> => {
      expect((await ask1({ port: stand.port, host: 'app.localhost' })).status).toBe(503);
    };
    const isHeld = async (): Promise<void> => {
      const before = performance.now();
      await asked();
      expect(performance.now() - before).toBeGreaterThan(HOLD_MS - 100);
    };
    await isHeld();
    skippedMs += 3_500;
    expect(await loopMs(asked())).toBeLessThan(HOLD_MS / 2);
    // The next absence is another one.
    await wasThere();
    await isHeld();
  });

  it('is held no longer than its client stays', async () => {
    const asking = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'app.localhost' } });
    asking.on('error', () => {});
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await waitFor('both requests to be held', () => stand.holds.size === 2);
    asking.destroy();
    stream.close();
    const letGo = waitFor('both to be let go', () => stand.holds.size === 0);
    expect(await loopMs(letGo)).toBeLessThan(HOLD_MS / 2);
    session.destroy();
    expect(got).toEqual([]);
  });

  it('is held with some hundred others, not with any number', async () => {
    // For as long as it takes until all of them are there.
    const stand = await startProxyStand({ holds: new Holds(60_000) });
    onTestFinished(() => stand.close());
    stand.routes.set('app.localhost', AWAY);
    stand.reroutes.set('app.localhost', AWAY);
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

describe('a container that runs, and whose app does not answer yet', () => {
  const container = (port: number): RouteOutcome => ({
    kind: 'upstream',
    upstream: {
      ...upstreamAt(port, 'web'),
      key: `web@${port}`,
      proof: { kind: 'container', id: 'c1', address: '127.0.0.1', port },
    },
  });

  /** As Docker's port forwarder: accepts, and hangs up where nothing listens behind it. */
  async function forwarder(to: () => number): Promise<net.Server> {
    const server = net.createServer((client) => {
      const inside = net.connect(to(), '127.0.0.1');
      client.pipe(inside).pipe(client);
      client.on('error', () => inside.destroy());
      inside.on('error', () => client.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return server;
  }

  /** A port that nothing listens on. */
  async function closedPort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  it.each(['a refusal', 'a port forwarder'])('is waited for on a page that says so (%s)', async (how) => {
    const host = `${how.replaceAll(' ', '-')}.localhost`;
    const inside = await closedPort();
    const port = how === 'a refusal' ? inside : ((await forwarder(() => inside)).address() as net.AddressInfo).port;
    stand.routes.set(host, container(port));
    const page = await ask1({ port: stand.port, host, headers: NAVIGATION });
    expect([page.status, page.headers['retry-after']]).toEqual([503, '2']);
    expect(page.body).toMatch(/runs and takes no connections yet/);
    expect(page.body).toContain(`nothing answers on its port ${port} yet`);
    const text = await ask1({ port: stand.port, host });
    expect([text.status, text.headers['retry-after']]).toEqual([503, '2']);
  });

  it.each(['a refusal', 'a port forwarder'])('loses no request when the app restarts (%s)', async (how) => {
    const host = `again-${how.replaceAll(' ', '-')}.localhost`;
    let server = http.createServer((_request, response) => response.end('here'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: inside } = server.address() as net.AddressInfo;
    const port = how === 'a refusal' ? inside : ((await forwarder(() => inside)).address() as net.AddressInfo).port;
    stand.routes.set(host, container(port));
    const ask = (headers: Record<string, string>) => ask1({ port: stand.port, host, headers });
    expect((await ask(NAVIGATION)).body).toBe('here');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    const asking = [ask(NAVIGATION), ask({}), ask({})];
    await delay(500);
    server = http.createServer((_request, response) => response.end('here again'));
    server.listen(inside, '127.0.0.1');
    await once(server, 'listening');
    expect((await Promise.all(asking)).map(({ body }) => body)).toEqual(['here again', 'here again', 'here again']);
    server.closeAllConnections();
    server.close();
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
