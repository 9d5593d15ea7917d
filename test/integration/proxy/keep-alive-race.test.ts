/**
 * An app closes a kept connection just when the next request comes: whoever asks without changing anything is asked
 * again, what could change something reaches the app once at most, and nobody gets another one's answer.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { type RawUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';
import { wireRequests } from '../../fixtures/strict-http.ts';

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

/** Answers the first request of each connection, and closes at the second in this manner, without a word. */
async function closingApp(how: 'end' | 'reset' | 'half an answer'): Promise<App> {
  const app = await rawUpstream((text, socket) => {
    const { requests, rest } = wireRequests(text);
    const last = requests.at(-1);
    if (rest !== '' || last === undefined) return;
    if (requests.length === 1) socket.write(answer(`${last.method} ${last.target}`));
    else if (how === 'end') socket.end();
    else if (how === 'reset') socket.resetAndDestroy();
    else socket.end(answer('x'.repeat(50)).slice(0, 60));
  });
  return named(app);
}

type App = RawUpstream & { host: string };

function named(app: RawUpstream): App {
  leftovers.push(() => app.close());
  const host = `race-${hosts++}.localhost`;
  stand.routes.set(host, app.port);
  return Object.assign(app, { host });
}

const answer = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Everything that came, on all connections. */
const targets = (app: RawUpstream): string[] =>
  app.received.flatMap((text) => wireRequests(text).requests.map(({ target }) => target));

type Send = (
  host: string,
  path: string,
  method: string,
  body?: 'length' | 'chunks',
) => Promise<{ status: number; body: string }>;
const over1: Send = (host, path, method, body) =>
  ask1({
    port: stand.port,
    host,
    path,
    method,
    ...(body === 'length' ? { headers: { 'content-length': '2' }, body: 'hi' } : {}),
    ...(body === 'chunks' ? { headers: { 'transfer-encoding': 'chunked' }, body: 'hi' } : {}),
  });
const over2: Send = async (host, path, method, body) => {
  const session = session2(stand.port, host, stand.caPem);
  leftovers.push(() => session.destroy());
  const length = body === 'length' ? { 'content-length': '2' } : {};
  return ask2(session, { ':path': path, ':method': method, ...length }, body ? 'hi' : undefined);
};

describe.concurrent.each([
  ['HTTP/1.1', over1],
  ['HTTP/2', over2],
] as [string, Send][])('over %s', (_version, send) => {
  it.each(['end', 'reset'] as const)('a GET, HEAD or OPTIONS is asked again (%s)', async (how) => {
    const { host } = await closingApp(how);
    for (let i = 0; i < 4; i++) {
      expect(await send(host, `/${i}`, 'GET')).toMatchObject({ status: 200, body: `GET /${i}` });
      expect((await send(host, `/${i}`, 'OPTIONS')).body).toBe(`OPTIONS /${i}`);
    }
  });

  it.each([
    ['POST', 'length'],
    ['POST', 'chunks'],
    ['POST', undefined],
    ['PUT', 'length'],
    ['DELETE', undefined],
    ['PATCH', 'chunks'],
  ] as const)('a %s (%s) reaches the app once at most, whatever comes of it', async (method, body) => {
    for (const how of ['end', 'reset'] as const) {
      const app = await closingApp(how);
      const statuses: number[] = [];
      for (let i = 0; i < 6; i++) {
        const told = await send(app.host, `/${how}-${i}`, method, body);
        statuses.push(told.status);
        if (told.status === 200) expect(told.body).toBe(`${method} /${how}-${i}`);
      }
      // Each that failed came second on its connection.
      expect(new Set(statuses)).toEqual(new Set([200, 502]));
      expect(targets(app)).toEqual([...new Set(targets(app))]);
    }
  });

  it('half an answer is broken, and is not asked for again', async () => {
    const app = await closingApp('half an answer');
    expect((await send(app.host, '/0', 'GET')).status).toBe(200);
    await expect(send(app.host, '/1', 'GET')).rejects.toThrow();
    expect(targets(app)).toEqual(['/0', '/1']);
  });
});

it('an app that closes after each answer, a little later, is never met closing', async () => {
  const app = await rawUpstream((text, socket) => {
    const { requests } = wireRequests(text);
    socket.write(answer(requests.at(-1)?.target ?? ''));
    setTimeout(() => socket.end(), 3);
  });
  const { host } = named(app);
  const statuses = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 10 }, async (_, lane) => {
      for (let i = 0; i < 40; i++) {
        const told = await over1(host, `/${lane}-${i}`, 'GET');
        statuses.set(told.status, (statuses.get(told.status) ?? 0) + 1);
        if (told.status === 200) expect(told.body).toBe(`/${lane}-${i}`);
        await delay((lane + i) % 6);
      }
    }),
  );
  expect([...statuses.keys()]).toEqual([200]);
});
