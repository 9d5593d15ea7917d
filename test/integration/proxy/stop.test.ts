import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream } from '../../fixtures/raw-upstream.ts';

/** A close frame of a server: 1001. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
/** In a GOAWAY: what is on its way is still taken. */
const NONE_REFUSED = 2 ** 31 - 1;
/** No longer just made. */
const OLD_MS = 400;

let stand: ProxyStand;
let upstream: Awaited<ReturnType<typeof httpUpstream>>;
/** Requests that the upstream has begun to answer. */
let asked: number;

beforeEach(async () => {
  stand = await startProxyStand();
  asked = 0;
  upstream = await httpUpstream((request, response) => {
    asked += 1;
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    } else if (request.url === '/quick') {
      response.end('quick');
    } else {
      response.write('first ');
      setTimeout(() => response.end('last'), 400);
    }
  });
  new WebSocketServer({ server: upstream.server }).on('connection', (socket) => socket.send('hello'));
  stand.routes.set('app.localhost', upstream.port);
});

afterEach(async () => {
  await stand.close();
  await upstream.close();
});

describe('a proxy that stops', () => {
  it('lets a response under way finish, over both versions', async () => {
    const slow = new Promise<string>((resolve) => {
      http.get(
        { port: stand.port, host: '127.0.0.1', path: '/', headers: { Host: 'app.localhost' } },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve(text);
        },
      );
    });
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    const over2 = ask2(session, { ':path': '/' });
    await expect.poll(() => asked).toBe(2);
    await stand.stop(5_000);
    expect(await slow).toBe('first last');
    expect((await over2).body).toBe('first last');
    session.destroy();
  });

  describe('while a connection was just made', () => {
    // Making the certificate would take its time.
    beforeEach(() => ask1({ port: stand.port, host: 'app.localhost', path: '/quick', caPem: stand.caPem }));
    // Between two of them is one look for connections.
    const accepted = async (): Promise<void> => {
      await immediate();
      await immediate();
    };

    it.each(['plain', 'TLS'])('answers its first request, and says that it is the last: HTTP/1.1, %s', async (over) => {
      const { port, caPem } = stand;
      const socket =
        over === 'TLS'
          ? tls.connect({ port, host: '127.0.0.1', servername: 'app.localhost', ca: caPem })
          : net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, over === 'TLS' ? 'secureConnect' : 'connect');
      await accepted();
      const stopped = stand.stop(5_000);
      setTimeout(() => socket.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n'), 50);
      let text = '';
      for await (const chunk of socket) text += chunk;
      await stopped;
      expect(text).toContain('last');
      expect(text).toMatch(/^connection: close\r$/im);
    });

    it('answers its first requests, and says that they are the last: HTTP/2', async () => {
      const session = session2(stand.port, 'app.localhost', stand.caPem);
      const goodbyes = goodbyesOf(session);
      await once(session, 'remoteSettings');
      const stopped = stand.stop(5_000);
      await delay(50);
      expect(goodbyes).toEqual([]);
      // A page asks for several things at once.
      const answers = await Promise.all([ask2(session, { ':path': '/' }), ask2(session, { ':path': '/' })]);
      expect(answers.map(({ body }) => body)).toEqual(['first last', 'first last']);
      await stopped;
      await expect.poll(() => session.destroyed).toBe(true);
      expect(goodbyes.slice(0, 2)).toEqual([NONE_REFUSED, 3]);
    });

    it('does so when its handshake ends after the stop began', async () => {
      const socket = net.connect(stand.port, '127.0.0.1');
      await once(socket, 'connect');
      await accepted();
      const stopped = stand.stop(5_000);
      const secure = tls.connect({ socket, servername: 'app.localhost', ca: stand.caPem, ALPNProtocols: ['h2'] });
      const session = http2.connect('https://app.localhost', { createConnection: () => secure });
      const goodbyes = goodbyesOf(session);
      expect((await ask2(session, { ':path': '/' })).body).toBe('first last');
      await stopped;
      await expect.poll(() => session.destroyed).toBe(true);
      expect(goodbyes.slice(0, 2)).toEqual([NONE_REFUSED, 1]);
    });

    it('waits no longer than a moment for one that asks nothing, and tells it', async () => {
      const session = session2(stand.port, 'app.localhost', stand.caPem);
      const goodbyes = goodbyesOf(session);
      await once(session, 'remoteSettings');
      expect(await loopMs(stand.stop(5_000))).toBeLessThan(1_000);
      await expect.poll(() => session.destroyed).toBe(true);
      expect(goodbyes[0]).toBe(0);
    });
  });

  it('tells an HTTP/2 session that asks nothing, and does not wait', async () => {
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    const goodbyes = goodbyesOf(session);
    await ask2(session, { ':path': '/quick' });
    await delay(OLD_MS);
    expect(await loopMs(stand.stop(5_000))).toBeLessThan(150);
    await expect.poll(() => session.destroyed).toBe(true);
    expect(goodbyes[0]).toBe(1);
  });

  it('does not wait for a connection that asks nothing', async () => {
    const socket = net.connect(stand.port, '127.0.0.1');
    await once(socket, 'connect');
    const before = performance.now();
    await stand.stop(5_000);
    expect(performance.now() - before).toBeLessThan(2_000);
    await once(socket.resume(), 'close');
  });

  it('does not wait for streams of events and WebSockets', async () => {
    const events = http.get({
      port: stand.port,
      host: '127.0.0.1',
      path: '/events',
      headers: { Host: 'app.localhost' },
    });
    events.on('error', () => {});
    const [response] = (await once(events, 'response')) as [http.IncomingMessage];
    response.on('error', () => {});
    await once(response, 'data');
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: 'app.localhost' } });
    await once(socket, 'message');
    const closed = once(socket, 'close');
    expect(await loopMs(stand.stop(5_000))).toBeLessThan(2_000);
    await closed;
  });

  it('tells the clients of WebSockets that it goes away, and their apps hear their answer', async () => {
    const heard: number[] = [];
    upstream.server.removeAllListeners('upgrade');
    new WebSocketServer({ server: upstream.server }).on('connection', (socket) => {
      socket.on('close', (code) => heard.push(code));
      socket.send('hello');
    });
    const sockets = Array.from(
      { length: 3 },
      () => new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: 'app.localhost' } }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'message')));
    const session = session2(stand.port, 'app.localhost', stand.caPem);
    await once(session, 'remoteSettings');
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/',
      'sec-websocket-version': '13',
    });
    const bytes: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => {
      bytes.push(chunk);
      // As a client of RFC 6455 does: a close frame is answered by one.
      if (Buffer.concat(bytes).includes(GOING_AWAY)) stream.end(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]));
    });
    await once(stream, 'data');
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
    const over2 = once(stream, 'close');
    expect(await loopMs(stand.stop(5_000))).toBeLessThan(900);
    expect((await closed).map(([code]) => code)).toEqual([1001, 1001, 1001]);
    await over2;
    expect(Buffer.concat(bytes).subarray(-4)).toEqual(GOING_AWAY);
    await expect.poll(() => heard).toEqual([1001, 1001, 1001, 1001]);
    session.destroy();
  });

  it('puts the close frame behind a message that is under way, never into it', async () => {
    upstream.server.removeAllListeners('upgrade');
    const payload = Buffer.alloc(1_000, 0x61);
    const accept = (key: string | undefined): string =>
      createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    upstream.server.on('upgrade', (request, socket) => {
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy()).resume();
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: `;
      socket.write(`${head}${accept(request.headers['sec-websocket-key'])}\r\n\r\n`);
      socket.write(Buffer.concat([Buffer.from([0x81, 126, 0x03, 0xe8]), payload.subarray(0, 400)]));
      setTimeout(() => socket.write(payload.subarray(400)), 400);
    });
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: 'app.localhost' } });
    const messages: string[] = [];
    socket.on('message', (message) => messages.push(String(message)));
    await once(socket, 'open');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = once(socket, 'close');
    await stand.stop(5_000);
    expect((await closed)[0]).toBe(1001);
    expect(messages).toEqual([payload.toString()]);
  });
});

/** Last stream that each GOAWAY names. */
function goodbyesOf(session: http2.ClientHttp2Session): number[] {
  const lastStreams: number[] = [];
  session.on('error', () => {});
  session.on('goaway', (_code, lastStream) => lastStreams.push(lastStream));
  return lastStreams;
}
