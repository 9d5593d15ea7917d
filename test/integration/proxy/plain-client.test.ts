/** The way of a GET without a body: answers of every framing, and upstreams that say more, or less, than was asked. */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PlainClient } from '../../../src/proxy/plain-client.ts';
import { PlainRequest } from '../../../src/proxy/plain-request.ts';
import { HAS_RESPONSE_PARSER } from '../../../src/proxy/response-parser.ts';
import { type RawUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Told {
  heads: { status: number; headers: string[] }[];
  body: string;
  trailers: string[];
  error: (Error & { code?: string }) | undefined;
}

function clientOf({ port }: { port: number }, maxConnections = 8): PlainClient {
  const limits = { maxConnections, keepAliveMs: 4_000, maxHeadBytes: 16 * 1024 };
  const client = new PlainClient(limits, async (onread) => {
    const socket = net.connect({ port, host: '127.0.0.1', onread });
    await once(socket, 'connect');
    return socket;
  });
  cleanups.push(() => client.destroy());
  return client;
}

/** Each request on a connection gets `answer(path)`, whole. */
async function answers(answer: (path: string, socket: net.Socket) => string): Promise<RawUpstream> {
  const seen = new WeakMap<net.Socket, number>();
  const upstream = await rawUpstream((text, socket) => {
    const asked = text.split('\r\n\r\n').slice(0, -1);
    for (const head of asked.slice(seen.get(socket) ?? 0)) {
      seen.set(socket, (seen.get(socket) ?? 0) + 1);
      socket.write(answer(head.split(' ')[1] ?? '', socket), 'latin1');
    }
  });
  cleanups.push(() => upstream.close());
  return upstream;
}

function get(client: PlainClient, path = '/', meanwhile: { data?: (request: PlainRequest) => void } = {}) {
  const told: Told = { heads: [], body: '', trailers: [], error: undefined };
  const head = PlainClient.headOf(path, ['Host', 'shop.localhost']) ?? '';
  let request: PlainRequest | undefined;
  const over = new Promise<Told>((resolve) => {
    request = new PlainRequest(head, {
      onResponseStart: (controller, status) => {
        told.heads.push({ status, headers: controller.rawHeaders as string[] });
      },
      onResponseData: (controller, chunk) => {
        told.body += chunk.toString('latin1');
        meanwhile.data?.(controller as PlainRequest);
      },
      onResponseEnd: (controller) => {
        told.trailers = controller.rawTrailers as string[];
        resolve(told);
      },
      onResponseError: (_controller, error) => {
        told.error = error;
        resolve(told);
      },
    });
    client.send(request);
  });
  return Object.assign(over, { request: request as unknown as PlainRequest, told });
}

it('there is such a parser in this Node', () => {
  expect(HAS_RESPONSE_PARSER).toBe(true);
});

describe('an answer', () => {
  it('with a length leaves its connection to the next request', async () => {
    const upstream = await answers((path) => `HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 2\r\n\r\n${path.slice(1)}`);
    const client = clientOf(upstream);
    for (const body of ['aa', 'bb', 'cc']) expect(await get(client, `/${body}`)).toMatchObject({ body });
    expect(upstream.connections).toBe(1);
    expect(upstream.received[0]).toContain(
      'GET /bb HTTP/1.1\r\nHost: shop.localhost\r\nConnection: keep-alive\r\n\r\n',
    );
  });

  it('in chunks, with trailers and many fields, byte by byte', async () => {
    const fields = Array.from({ length: 70 }, (_, i) => `F${i}: ${i}\r\n`).join('');
    const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${fields}\r\n3\r\nabc\r\n0\r\nT: 1\r\nU: 2\r\n\r\n`;
    const upstream = await answers((_path, socket) => {
      socket.setNoDelay(true);
      void (async () => {
        for (const byte of text) {
          socket.write(byte);
          await new Promise(setImmediate);
        }
      })();
      return '';
    });
    const told = await get(clientOf(upstream));
    expect(told).toMatchObject({ body: 'abc', trailers: ['T', '1', 'U', '2'], error: undefined });
    expect(told.heads[0]?.headers).toHaveLength(142);
  });

  it('comes behind its early hints', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const upstream = await answers(() => `${hints}${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
    const client = clientOf(upstream);
    for (let i = 0; i < 2; i++) {
      const { heads, body } = await get(client);
      expect([heads.map(({ status }) => status), body]).toEqual([[103, 103, 200], 'ok']);
    }
    expect(upstream.connections).toBe(1);
  });

  it('without a length ends with its connection', async () => {
    const upstream = await answers((_path, socket) => {
      setTimeout(() => socket.end('more'), 20);
      return 'HTTP/1.1 200 OK\r\n\r\nsome';
    });
    expect(await get(clientOf(upstream))).toMatchObject({ body: 'somemore', error: undefined });
  });

  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab'],
    ['a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['nothing', ''],
  ])('that breaks off (%s) is an error', async (_what, text) => {
    const upstream = await answers((_path, socket) => {
      setTimeout(() => socket.end(), 20);
      return text;
    });
    expect((await get(clientOf(upstream))).error).toBeInstanceOf(Error);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['two framings', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['a head over the limit', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ])('of %s is an error', async (_what, text) => {
    const told = await get(clientOf(await answers(() => text)));
    expect(told.error?.code).toMatch(/^HPE_|^UPSTREAM_BROKE$/);
    expect(told.heads).toEqual([]);
  });
});

describe('a connection is not used again', () => {
  const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  it.each([
    ['when more came with the answer', `${ok('mine')}${ok('not yours')}`],
    ['when garbage came with the answer', `${ok('mine')}HT`],
    ['when the upstream says so', ok('mine').replace('\r\n', '\r\nConnection: close\r\n')],
    ['when it will be closed at once', ok('mine').replace('\r\n', '\r\nKeep-Alive: timeout=1\r\n')],
    ['when more came with the end of a large answer', `${ok('x'.repeat(3_000_000))}${ok('not yours')}`],
    ['in HTTP/1.0', ok('mine').replace('HTTP/1.1', 'HTTP/1.0')],
  ])('%s', async (_when, text) => {
    const upstream = await answers(() => text);
    const client = clientOf(upstream);
    const own = text.includes('mine') ? 'mine' : 'x'.repeat(3_000_000);
    for (let i = 0; i < 3; i++) expect((await get(client)).body === own).toBe(true);
    expect(upstream.connections).toBe(3);
  });

  it.each([204, 304])('when a %i may have a body', async (status) => {
    const text = `HTTP/1.1 ${status} X\r\nContent-Length: 38\r\n\r\n${ok('')}`;
    const upstream = await answers(() => text);
    const client = clientOf(upstream);
    for (let i = 0; i < 2; i++) {
      expect(await get(client)).toMatchObject({ heads: [{ status }], body: '', error: undefined });
    }
    expect(upstream.connections).toBe(2);
  });

  it('when something comes unasked later', async () => {
    const upstream = await answers((_path, socket) => {
      setTimeout(() => socket.write(ok('not yours')), 20);
      return ok('mine');
    });
    const client = clientOf(upstream);
    for (let i = 0; i < 3; i++) {
      expect((await get(client)).body).toBe('mine');
      await delay(60);
    }
    expect(upstream.connections).toBe(3);
  });

  it('when the upstream speaks before it is asked', async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}).write('220 mail.localhost ESMTP\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { error } = await get(clientOf(server.address() as net.AddressInfo));
    expect(error?.code).toMatch(/^HPE_/);
  });
});

describe('many requests', () => {
  it('wait for a connection when all are in use, and those that gave up take none', async () => {
    let most = 0;
    let open = 0;
    const upstream = await answers((_path, socket) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      }, 10);
      return '';
    });
    const client = clientOf(upstream, 2);
    const all = Array.from({ length: 12 }, () => get(client));
    for (const { request } of all.slice(4, 8)) request.abort(new Error('The client left'));
    const told = await Promise.all(all);
    expect(told.map(({ body }) => body)).toEqual([4, 4, 4].flatMap((n, i) => Array(n).fill(i === 1 ? '' : 'ok')));
    expect(most).toBe(2);
    expect(upstream.connections).toBe(2);
  });

  it('of which one is aborted: its connection closes, the others are not touched', async () => {
    let closed = 0;
    const upstream = await answers((path, socket) => {
      socket.once('close', () => closed++);
      if (path === '/slow') return 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab';
      return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    });
    const client = clientOf(upstream);
    const slow = get(client, '/slow', { data: (request) => request.abort(new Error('The client left')) });
    expect((await get(client)).body).toBe('ok');
    expect((await slow).error?.message).toBe('The client left');
    await waitFor('the connection to close', () => closed === 1);
    // Late words of a request that is over change nothing.
    slow.request.abort(new Error('Again'));
    slow.request.pause();
    expect((await get(client)).body).toBe('ok');
  });
});

it('an upstream that is faster than the client is held back', async () => {
  const upstream = await answers((_path, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n');
    socket.write(Buffer.alloc(33_554_432));
    return '';
  });
  const asked = get(clientOf(upstream), '/', { data: (request) => request.pause() });
  await waitFor('the first bytes', () => asked.told.body.length > 0);
  await delay(100);
  const held = asked.told.body.length;
  expect(held).toBeLessThan(1_000_000);
  const going = setInterval(() => asked.request.resume(), 0);
  cleanups.push(() => clearInterval(going));
  await waitFor('more bytes', () => asked.told.body.length > held);
  asked.request.abort(new Error('Enough'));
});

it('a closed client finishes what is under way, and keeps no connection', async () => {
  let closed = 0;
  const upstream = await answers((_path, socket) => {
    socket.once('close', () => closed++);
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 50);
    return '';
  });
  const client = clientOf(upstream);
  const asked = get(client);
  await waitFor('the request', () => upstream.received.length === 1 && upstream.received[0] !== '');
  client.close();
  expect((await asked).body).toBe('ok');
  await waitFor('the connection to close', () => closed === 1);
});

it.each([
  ['/a b', 'x'],
  ['/a\r\nX: y', 'x'],
  ['/a', 'x\r\nX: y'],
  ['/a', 'x\u0000'],
  ['/a', 'x\u0159'],
  ['', 'x'],
])('a head that would be another one is not sent (%j, %j)', (path, value) => {
  expect(PlainClient.headOf(path, ['Host', value])).toBeUndefined();
});
