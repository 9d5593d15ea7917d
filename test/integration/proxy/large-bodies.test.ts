/**
 * Large bodies go through memory that is used again and again: each arrives as it was sent, however many are under way,
 * and whoever of them is slow or leaves.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { giveBack, takeSpare } from '../../../src/proxy/spare-buffers.ts';
import { session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const HOST = 'large.localhost';
const SIZE = 3 * 1024 * 1024 + 17;
/** More than there are buffers for. */
const MANY = 40;
/** Each has one to itself. */
const FEW = 8;
/** More than the systems' own buffers take. */
const ENDLESS = 1024 * 1024 * 1024;
let stand: ProxyStand;
let app: TestUpstream;

beforeAll(async () => {
  stand = await startProxyStand();
  app = await httpUpstream(async (request, response) => {
    for (const side of [request, response]) side.on('error', () => {});
    const [, how = '', name = ''] = (request.url ?? '').split('/');
    if (request.method === 'POST') {
      // Some leave in the middle.
      await digestOf(request, how === 'slow').then(
        (hash) => response.end(hash),
        () => {},
      );
      return;
    }
    if (how === 'endless') {
      response.setHeader('content-length', ENDLESS);
      const piece = bodyOf(name);
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', more);
      more();
      return;
    }
    const body = bodyOf(name);
    if (how !== 'chunks') response.setHeader('content-length', SIZE);
    if (how === 'late') {
      // The head in a packet of its own.
      response.flushHeaders();
      await delay(20);
    }
    if (how === 'broken')
      response.write(body.subarray(0, SIZE / 2), () => setTimeout(() => request.socket.destroy(), 20));
    else if (how === 'chunks') {
      for (let at = 0; at < SIZE; at += 100_000) response.write(body.subarray(at, at + 100_000));
      response.end();
    } else response.end(body);
  });
  stand.routes.set(HOST, app.port);
});

afterAll(async () => {
  await stand?.close();
  await app?.close();
  expect(stand.bugs).toEqual([]);
});

/** No two of its pieces are alike, and no two bodies. */
function bodyOf(name: string): Buffer {
  const words = new Uint32Array(Math.ceil(SIZE / 4));
  const seed = Number(name) * 0x10_00_00;
  for (let i = 0; i < words.length; i++) words[i] = seed + i;
  return Buffer.from(words.buffer, 0, SIZE);
}

const digest = (name: string): string => createHash('sha1').update(bodyOf(name)).digest('hex');

async function digestOf(body: Readable, isSlow: boolean): Promise<string> {
  const hash = createHash('sha1');
  for await (const chunk of body) {
    hash.update(chunk as Buffer);
    if (isSlow) await delay(1);
  }
  return hash.digest('hex');
}

/** Buffers that nobody has. */
function spares(): Buffer[] {
  const all: Buffer[] = [];
  for (let spare = takeSpare(); spare; spare = takeSpare()) all.push(spare);
  all.forEach(giveBack);
  return all;
}

/** Held, so that one that is lost does not come back as garbage. */
const ALL = spares();

interface Transfer {
  up: Writable;
  down: Promise<Readable>;
  leave(): void;
}
type Begin = (method: string, path: string) => Transfer;

const over1 =
  (tls: boolean): Begin =>
  (method, path) => {
    const headers = { Host: HOST, ...(method === 'POST' ? { 'content-length': SIZE } : {}) };
    const all = { port: stand.port, host: '127.0.0.1', method, path, headers, agent: false };
    const request = tls ? https.request({ ...all, servername: HOST, ca: stand.caPem }) : http.request(all);
    request.on('error', () => {});
    if (method === 'GET') request.end();
    const down = once(request, 'response').then(([answer]) => answer as Readable);
    return { up: request, down, leave: () => request.destroy() };
  };

/** All streams of a test on one session. */
function over2(): Begin {
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  return (method, path) => {
    const length = method === 'POST' ? { 'content-length': SIZE } : {};
    const stream = session.request({ ':path': path, ':method': method, ...length }, { endStream: method === 'GET' });
    stream.on('error', () => {});
    return { up: stream, down: once(stream, 'response').then(() => stream), leave: () => stream.close() };
  };
}

const versions: [string, () => Begin][] = [
  ['HTTP/1.1', () => over1(false)],
  ['HTTP/1.1 with TLS', () => over1(true)],
  ['HTTP/2', over2],
];

describe.each(versions)('over %s', (_version, prepare) => {
  it('many downloads at once, some slow, some left in the middle', async () => {
    const begin = prepare();
    const get = async (i: number): Promise<void> => {
      const { down, leave } = begin('GET', `/${i % 5 === 4 ? 'chunks' : 'length'}/${i}`);
      if (i % 4 === 3) {
        await once(await down, 'data');
        leave();
        return;
      }
      expect(await digestOf(await down, i % 8 === 2)).toBe(digest(String(i)));
    };
    await Promise.all(Array.from({ length: MANY }, (_, i) => get(i)));
  }, 30_000);

  it('many uploads at once, to an app that is slow to read some, some left in the middle', async () => {
    const begin = prepare();
    const post = async (i: number): Promise<void> => {
      const { up, down, leave } = begin('POST', `/${i % 8 === 2 ? 'slow' : 'fast'}/${i}`);
      const body = bodyOf(String(i));
      if (i % 4 === 3) {
        down.catch(() => {});
        await new Promise((resolve) => up.write(body.subarray(0, SIZE / 2), resolve));
        leave();
        return;
      }
      up.end(body);
      let text = '';
      for await (const chunk of await down) text += chunk;
      expect(text).toBe(digest(String(i)));
    };
    await Promise.all(Array.from({ length: MANY / 2 }, (_, i) => post(i)));
  }, 30_000);

  it('whole downloads give back all their memory, also where the head comes before the body', async () => {
    const begin = prepare();
    const get = async (i: number): Promise<void> => {
      expect(await digestOf(await begin('GET', `/late/${i}`).down, false)).toBe(digest(String(i)));
    };
    await Promise.all(Array.from({ length: FEW }, (_, i) => get(i)));
    await waitFor('all to be back', () => spares().length === ALL.length);
  }, 30_000);

  it('downloads that are left give back all their memory, also what waits to be sent', async () => {
    const begin = prepare();
    // Nobody reads them.
    const downloads = Array.from({ length: FEW }, () => begin('GET', '/endless/1'));
    await Promise.all(downloads.map(({ down }) => down));
    await waitFor('some to be in use', () => spares().length < ALL.length);
    for (const { leave } of downloads) leave();
    await waitFor('all to be back', () => spares().length === ALL.length);
    const next = await prepare()('GET', '/length/2').down;
    expect(await digestOf(next, false)).toBe(digest('2'));
  }, 30_000);

  it('a download whose app ends in the middle is broken, and the next is whole', async () => {
    const begin = prepare();
    const broken = digestOf(await begin('GET', '/broken/1').down, false);
    await expect(broken).rejects.toThrow();
    const whole = await prepare()('GET', '/length/2').down;
    expect(await digestOf(whole, false)).toBe(digest('2'));
  });
});
