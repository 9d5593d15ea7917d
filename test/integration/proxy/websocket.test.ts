import { once } from 'node:events';
import http from 'node:http';
import type http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, rawUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

let stand: ProxyStand;
const open: TestUpstream[] = [];

beforeAll(async () => {
  stand = await startProxyStand();
  const upstream = await httpUpstream((_request, response) => response.end());
  open.push(upstream);
  const server = new WebSocketServer({
    server: upstream.server,
    handleProtocols: (offered) => (offered.has('vite-hmr') ? 'vite-hmr' : false),
  });
  server.on('connection', (socket, request) => {
    socket.send(`hello ${request.headers.host} ${request.url}`);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  stand.routes.set('ws.localhost', upstream.port);
  const refusing = await httpUpstream((_request, response) => response.end());
  refusing.server.on('upgrade', (_request, socket) => {
    socket.end(
      'HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\nWWW-Authenticate: Basic\r\n\r\n4\r\nnope\r\n0\r\n\r\n',
    );
  });
  open.push(refusing);
  stand.routes.set('refuses.localhost', refusing.port);
});

afterAll(async () => {
  await stand?.close();
  await Promise.all(open.map((upstream) => upstream.close()));
  expect(stand.bugs).toEqual([]);
});

const dial = (host: string, tls: boolean, protocols: string[] = []): WebSocket =>
  new WebSocket(`${tls ? 'wss' : 'ws'}://127.0.0.1:${stand.port}/hmr?token=1`, protocols, {
    headers: { Host: `${host}:${stand.port}` },
    ...(tls ? { ca: stand.caPem, servername: host } : {}),
  });

describe.each([
  ['plain', false],
  ['over TLS', true],
])('a WebSocket over HTTP/1.1, %s', (_what, tls) => {
  it('reaches the app with Host, path and subprotocol, and echoes both ways', async () => {
    const socket = dial('ws.localhost', tls, ['vite-hmr']);
    const [first] = (await once(socket, 'message')) as [Buffer];
    expect(first.toString()).toBe(`hello ws.localhost:${stand.port} /hmr?token=1`);
    expect(socket.protocol).toBe('vite-hmr');
    const big = Buffer.alloc(500_000, 7);
    socket.send(big);
    const [echo] = (await once(socket, 'message')) as [Buffer];
    expect(echo.equals(big)).toBe(true);
    socket.close(1000);
    await once(socket, 'close');
  });

  it('gets the rejection of the app, framed right', async () => {
    const socket = dial('refuses.localhost', tls);
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    expect([response.statusCode, response.headers['www-authenticate'], text]).toEqual([401, 'Basic', 'nope']);
    socket.terminate();
  });

  it('gets 404 for a name that nobody answers to', async () => {
    const socket = dial('zzz.localhost', tls);
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
    expect(response.statusCode).toBe(404);
    socket.terminate();
  });
});

describe('a WebSocket over HTTP/2 (RFC 8441)', () => {
  let session: http2.ClientHttp2Session;
  beforeAll(async () => {
    session = session2(stand.port, 'ws.localhost', stand.caPem);
    await once(session, 'remoteSettings');
  });
  afterAll(() => session?.destroy());

  const connect = (extra: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream =>
    session.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/hmr', 'sec-websocket-version': '13', ...extra },
      { endStream: false },
    );

  it('is announced, opened with 200 and no accept key, and carries frames both ways', async () => {
    expect(session.remoteSettings.enableConnectProtocol).toBe(true);
    const stream = connect({ 'sec-websocket-protocol': 'vite-hmr' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(200);
    expect(headers['sec-websocket-accept']).toBeUndefined();
    expect(headers['sec-websocket-protocol']).toBe('vite-hmr');
    const client = new FrameReader(stream);
    expect(await client.next()).toBe(`hello ws.localhost:${stand.port} /hmr`);
    // FIN + text, masked with zeros, "ping".
    stream.write(Buffer.from([0x81, 0x84, 0, 0, 0, 0, 0x70, 0x69, 0x6e, 0x67]));
    expect(await client.next()).toBe('ping');
    stream.close();
  });

  it('gets the rejection of the app', async () => {
    const other = session2(stand.port, 'refuses.localhost', stand.caPem);
    await once(other, 'remoteSettings');
    const stream = other.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/' },
      { endStream: false },
    );
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(401);
    other.destroy();
  });

  it('refuses a CONNECT that asks for a TCP tunnel', async () => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': `ws.localhost:${stand.port}` });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(501);
  });
});

describe('an upgrade that goes wrong at the app', () => {
  it('gets 502 when the handshake is answered with a wrong key', async () => {
    const upstream = await rawUpstream((text, socket) => {
      if (text.includes('\r\n\r\n')) {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
        );
      }
    });
    open.push(upstream);
    stand.routes.set('wrong.localhost', upstream.port);
    const socket = dial('wrong.localhost', true);
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
    expect(response.statusCode).toBe(502);
    socket.terminate();
  });

  it('gets 502 when the app answers without HTTP, or is dead', async () => {
    const upstream = await rawUpstream((_text, socket) => socket.end('Unauthorized'));
    open.push(upstream);
    stand.routes.set('bare.localhost', upstream.port);
    const socket = dial('bare.localhost', false);
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
    expect(response.statusCode).toBe(502);
    socket.terminate();
  });
});

describe('many WebSockets', () => {
  it('leave nothing behind when 200 are opened and closed', async () => {
    for (let round = 0; round < 4; round++) {
      const sockets = Array.from({ length: 50 }, () => dial('ws.localhost', false));
      await Promise.all(sockets.map((socket) => once(socket, 'message')));
      for (const socket of sockets) socket.close();
      await Promise.all(sockets.map((socket) => once(socket, 'close')));
    }
    const answer = await new Promise<number | undefined>((resolve) => {
      http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'ws.localhost' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    expect(answer).toBe(200);
  });
});

/** Reads unmasked text frames of a server. */
class FrameReader {
  readonly #stream: Duplex;
  #buffer: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
    });
  }

  async next(): Promise<string> {
    for (;;) {
      const length = (this.#buffer[1] ?? 0) & 0x7f;
      if (this.#buffer.length >= 2 && this.#buffer.length >= 2 + length) {
        const text = this.#buffer.subarray(2, 2 + length).toString();
        this.#buffer = this.#buffer.subarray(2 + length);
        return text;
      }
      await once(this.#stream, 'data');
    }
  }
}
