/** Ports that speak something else than HTTP: whoever opens one in a browser is told so, and the port is left alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Ask, ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { needs } from '../../fixtures/needs.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** Far shorter than the real one, so that silence is soon noticed. */
const PATIENCE = { askAfterMs: 300, answerWithinMs: 700 };
const PAGE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

let stand: ProxyStand;
let names = 0;
const closers: (() => void)[] = [];

beforeAll(async () => {
  stand = await startProxyStand({ patience: PATIENCE });
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

interface Port {
  host: string;
  /** What came on each connection. */
  received: string[];
}

/** A port that does this with each connection. @param greet when it opens @param answer to what comes */
async function port(greet?: (socket: net.Socket) => void, answer?: (socket: net.Socket) => void): Promise<Port> {
  const received: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    const index = received.push('') - 1;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      answer?.(socket);
    });
    greet?.(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const host = `port${names++}.localhost`;
  stand.routes.set(host, (server.address() as AddressInfo).port);
  return { host, received };
}

/** As they answer a web request. */
const PORTS = {
  // Servers that are not as careful as Redis, which hangs up at "Host:".
  resp: () => port(undefined, (socket) => socket.end("-ERR wrong number of arguments for 'get' command\r\n")),
  memcached: () => port(undefined, (socket) => socket.write('ERROR\r\nERROR\r\nERROR\r\n')),
  // Takes "GET " for the length of a startup packet.
  postgres: () => port(undefined, (socket) => socket.end()),
  // A handshake packet: length, sequence, protocol 10, version.
  mysql: () => port((socket) => socket.write(Buffer.from('\x4a\x00\x00\x00\x0a8.0.36\x00', 'latin1'))),
  ssh: () => port((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
  smtp: () => port((socket) => socket.write('220 mail ESMTP\r\n')),
  // AMQP: the protocol that it would have liked, and the end.
  rabbitmq: () => port(undefined, (socket) => socket.end(Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]))),
};

function ways(host: string): Ask[] {
  const body = 'x'.repeat(10);
  return [
    { port: stand.port, host, headers: PAGE },
    { port: stand.port, host, method: 'HEAD' },
    { port: stand.port, host, method: 'POST', headers: { 'content-length': '10' }, body },
    { port: stand.port, host, method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body },
  ];
}

describe.each(Object.keys(PORTS) as (keyof typeof PORTS)[])('a port of %s', (kind) => {
  it.each([0, 1, 2, 3])('is told of, whatever is asked (%i), and asked no more than twice', async (way) => {
    const { host, received } = await PORTS[kind]();
    const ask = ways(host)[way] as Ask;
    const answer = await ask1(ask);
    expect(answer.status).toBe(502);
    if (kind !== 'postgres' && way === 0) expect(answer.body).toMatch(/not HTTP/);
    if (kind === 'postgres' && way === 0) expect(answer.body).toMatch(/may be no web server/);
    const asked = received.filter((text) => /^[A-Z]+ .* HTTP/.test(text)).length;
    const questions = received.filter((text) => text.startsWith('\x16')).length;
    expect(questions).toBeLessThanOrEqual(1);
    // One that hangs up may have been restarted: a safe request is sent again.
    expect(asked).toBeLessThanOrEqual(kind === 'postgres' && way < 2 ? 3 : 1);
  });

  it('is told of over HTTP/2, and to a WebSocket', async () => {
    const { host } = await PORTS[kind]();
    const session = session2(stand.port, host, stand.caPem);
    expect((await ask2(session, { ':path': '/' })).status).toBe(502);
    session.destroy();
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: host } });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/502/);
  });
});

describe('a port that was seen to speak no HTTP', () => {
  it('is not written to again at once', async () => {
    const { host, received } = await PORTS.memcached();
    for (let i = 0; i < 5; i++) expect((await ask1({ port: stand.port, host })).status).toBe(502);
    const headers = { 'content-length': '11' };
    const flush = { port: stand.port, host, method: 'POST', headers, body: 'flush_all\r\n' };
    expect((await ask1(flush)).status).toBe(502);
    expect(received.join('')).not.toContain('flush_all');
    expect(received.filter((text) => text !== '').length).toBe(1);
  });
});

describe('an app whose first answer cannot be read', () => {
  it.each([
    ['a bad field', 'HTTP/1.1 200 OK\r\nbad field: x\r\n\r\n'],
    ['a bad status', 'HTTP/1.1 2xx OK\r\n\r\n'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ])('gets the next request all the same (%s)', async (_what, bad) => {
    const good = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood';
    for (const way of [0, 1, 2, 3]) {
      let answers = 0;
      const { host } = await port(undefined, (socket) => socket.end(answers++ === 0 ? bad : good));
      await ask1(ways(host)[way] as Ask).catch(() => undefined);
      const next = await ask1({ port: stand.port, host });
      expect([next.status, next.body]).toEqual([200, 'good']);
    }
  });
});

describe('a port that says nothing', () => {
  it('is told of after one harmless question', async () => {
    const { host, received } = await port();
    const answer = await ask1({ port: stand.port, host, headers: PAGE });
    expect(answer.status).toBe(504);
    expect(answer.body).toMatch(/says nothing/);
    expect(answer.body).toMatch(/no web server/);
    expect(received.map((text) => text.split('\r\n')[0])).toEqual(['GET / HTTP/1.1', 'OPTIONS * HTTP/1.1']);
  });

  it('gets all the time it needs when it answers the question', async () => {
    let questions = 0;
    const app = await httpUpstream((request, response) => {
      if (request.method === 'OPTIONS') {
        questions++;
        response.end();
      } else setTimeout(() => response.end('at last'), 2_000);
    });
    stand.routes.set('slow.localhost', app.port);
    const asks = [1, 2, 3].map(() => ask1({ port: stand.port, host: 'slow.localhost' }));
    expect((await Promise.all(asks)).map(({ body }) => body)).toEqual(['at last', 'at last', 'at last']);
    expect(questions).toBe(1);
    await app.close();
  });
});

describe.skipIf(!needs('redis-server'))('a real Redis [needs redis-server]', () => {
  let redis: ChildProcess;
  let host: string;

  beforeAll(async () => {
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port: number } = free.address() as AddressInfo;
    free.close();
    redis = spawn('redis-server', ['--port', String(number), '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp'], {
      stdio: 'ignore',
    });
    await waitFor('Redis', async () => (await command(number, 'PING')).startsWith('+PONG'));
    host = 'redis.localhost';
    stand.routes.set(host, number);
  });

  afterAll(async () => {
    redis.kill();
    if (redis.exitCode === null) await once(redis, 'exit');
  });

  async function command(number: number, text: string): Promise<string> {
    const socket = net.connect(number, '127.0.0.1');
    socket.write(`${text}\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return chunk.toString();
  }

  it('is told of to a browser, and takes no harm', async () => {
    const number = stand.routes.get(host) as number;
    expect(await command(number, 'SET kept 1')).toBe('+OK\r\n');
    const page = await ask1({ port: stand.port, host, headers: PAGE });
    expect(page.status).toBe(502);
    expect(page.body).toMatch(/may be no web server/);
    for (const ask of ways(host))
      expect((await ask1({ ...ask, body: ask.body ? 'FLUSHALL\r\n' : '' })).status).toBe(502);
    expect(await command(number, 'GET kept')).toBe('$1\r\n1\r\n');
  });
});
