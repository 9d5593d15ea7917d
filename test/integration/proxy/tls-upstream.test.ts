/** Dev servers with HTTPS of their own: found at their first request, whatever it is, and nothing of it is lost. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, rawUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { type SelfSigned, selfSigned } from '../../fixtures/self-signed.ts';

let stand: ProxyStand;
let own: SelfSigned;
let names = 0;
const open: { close(): unknown }[] = [];
const alive = new Set<net.Socket>();

beforeAll(async () => {
  stand = await startProxyStand();
  own = await selfSigned();
});

afterEach(() => {
  for (const server of open.splice(0)) server.close();
  for (const socket of alive) socket.destroy();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

/** How servers behave that get plain text where they expect TLS. */
type Kind = 'node' | 'vite' | 'go' | 'alert';

interface TlsApp {
  host: string;
  port: number;
  /** What the app itself got. */
  requests: string[];
  serverNames: Set<string>;
  connections(): number;
}

/** An app that answers its method, body length and forwarding fields. */
async function tlsApp(kind: Kind, protocols?: string[]): Promise<TlsApp> {
  const requests: string[] = [];
  const serverNames = new Set<string>();
  const onRequest = (request: http.IncomingMessage | http2.Http2ServerRequest, response: http.ServerResponse): void => {
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${length}`);
      response.end(`${request.headers['x-forwarded-proto']} ${request.headers.host} ${length}`);
    });
  };
  const server =
    kind === 'vite'
      ? http2.createSecureServer({ ...own, allowHTTP1: true }, onRequest as never)
      : https.createServer({ ...own, ...(protocols ? { ALPNProtocols: protocols } : {}) }, onRequest);
  server.on('secureConnection', (socket: tls.TLSSocket) => {
    if (typeof socket.servername === 'string') serverNames.add(socket.servername);
  });
  server.on('tlsClientError', (_error: Error, socket: tls.TLSSocket) => socket.destroy());
  new WebSocketServer({ server: server as https.Server }).on('connection', (socket) => socket.send('secure hello'));
  let connections = 0;
  // In front of it, for those whose answer to plain text Node's server does not give.
  const front = net.createServer((socket) => {
    connections++;
    alive.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => alive.delete(socket));
    if (kind === 'node' || kind === 'vite') {
      server.emit('connection', socket);
      return;
    }
    socket.once('data', (first: Buffer) => {
      if (first[0] === 0x16) {
        socket.pause();
        socket.unshift(first);
        server.emit('connection', socket);
      } else if (kind === 'go') {
        socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
      } else socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 10]));
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  open.push(front);
  const { port } = front.address() as net.AddressInfo;
  const host = `tls${names++}.localhost`;
  stand.routes.set(host, port);
  return { host, port, requests, serverNames, connections: () => connections };
}

const KINDS: Kind[] = ['node', 'vite', 'go', 'alert'];

describe.each(KINDS)('an app that speaks TLS itself (%s)', (kind) => {
  it('answers its first request and all others, over HTTP/1.1 and HTTP/2', async () => {
    const { host, requests, serverNames, connections } = await tlsApp(kind);
    const first = await ask1({ port: stand.port, host, path: '/a?b' });
    expect(first).toMatchObject({ status: 200, body: `http ${host}:${stand.port} 0` });
    // In plain text, the question, and the one that is kept.
    expect(connections()).toBeLessThanOrEqual(3);
    const asked = connections();
    const session = session2(stand.port, host, stand.caPem);
    const second = await ask2(session, { ':path': '/c' });
    expect(second).toMatchObject({ status: 200, body: `https ${host}:${stand.port} 0` });
    session.destroy();
    expect(connections()).toBeLessThanOrEqual(asked + 1);
    expect(requests).toEqual(['GET /a?b 0', 'GET /c 0']);
    expect([...serverNames]).toEqual([host]);
  });

  it.each(['a length', 'chunks', 'HTTP/2'])(
    'gets its first request whole when that has a body (%s)',
    async (framing) => {
      const { host, requests } = await tlsApp(kind);
      const body = randomBytes(20_000);
      const session = session2(stand.port, host, stand.caPem);
      const headers: Record<string, string> =
        framing === 'chunks' ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
      for (const path of ['/first', '/second']) {
        const answer =
          framing === 'HTTP/2'
            ? await ask2(session, { ':path': path, ':method': 'POST' }, body)
            : await ask1({ port: stand.port, host, method: 'POST', path, headers, body });
        expect(answer.body).toMatch(/ 20000$/);
      }
      session.destroy();
      expect(requests).toEqual(['POST /first 20000', 'POST /second 20000']);
    },
  );

  it.each(['a length', 'chunks', 'HTTP/2'])('gets a first request of any size whole (%s)', async (framing) => {
    const { host, requests } = await tlsApp(kind);
    const body = randomBytes(3_000_000);
    const session = session2(stand.port, host, stand.caPem);
    const headers: Record<string, string> =
      framing === 'chunks' ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
    const answer =
      framing === 'HTTP/2'
        ? await ask2(session, { ':path': '/big', ':method': 'POST' }, body)
        : await ask1({ port: stand.port, host, method: 'POST', path: '/big', headers, body });
    expect(answer.body).toMatch(/ 3000000$/);
    session.destroy();
    expect(requests).toEqual(['POST /big 3000000']);
  });

  it('gets a WebSocket, as its first request too', async () => {
    const { host } = await tlsApp(kind);
    for (let round = 0; round < 2; round++) {
      const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { headers: { Host: host } });
      expect(String((await once(socket, 'message'))[0])).toBe('secure hello');
      socket.terminate();
    }
  });

  it('gets many first requests at once, each once', async () => {
    const { host, requests } = await tlsApp(kind);
    const session = session2(stand.port, host, stand.caPem);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => ask2(session, { ':path': `/${i}` }).then(({ status }) => status)),
    );
    session.destroy();
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(requests.toSorted()).toEqual(Array.from({ length: 30 }, (_, i) => `GET /${i} 0`).toSorted());
  });
});

describe('an address that the user named', () => {
  it('is followed when its app turns to TLS, and back', async () => {
    let server: http.Server | https.Server = http.createServer((_request, response) => response.end('plain'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    stand.routes.set('turns.localhost', port);
    const ask = async (): Promise<string> => (await ask1({ port: stand.port, host: 'turns.localhost' })).body;
    expect(await ask()).toBe('plain');
    for (const [what, make] of [
      ['secure', () => https.createServer(own, (_request, response) => response.end('secure'))],
      ['plain again', () => http.createServer((_request, response) => response.end('plain again'))],
    ] as const) {
      const before = server;
      before.close();
      before.closeAllConnections();
      await once(before, 'close');
      server = make();
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      expect(await ask()).toBe(what);
    }
    server.closeAllConnections();
    server.close();
  });
});

describe('an app that speaks TLS and answers what cannot be passed on', () => {
  it.each(['GET', 'DELETE', 'OPTIONS'])('is asked once (%s)', async (method) => {
    let asked = 0;
    const app = tls.createServer(own, (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        asked++;
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\nuryyb');
      });
    });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    open.push(app);
    stand.routes.set('unknown-coding.localhost', (app.address() as net.AddressInfo).port);
    const ask = { port: stand.port, host: 'unknown-coding.localhost', method, headers: { 'content-length': '0' } };
    expect((await ask1(ask)).status).toBe(502);
    expect(asked).toBe(1);
  });
});

describe('an app in plain text', () => {
  let app: TestUpstream | undefined;
  afterEach(() => app?.close());

  it('that takes an upload before it says a word is asked once whether it speaks TLS, and gets it whole', async () => {
    let connections = 0;
    app = await httpUpstream((request, response) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => response.end(String(length)));
    });
    (app as unknown as { server: http.Server }).server.on('connection', () => connections++);
    stand.routes.set('upload.localhost', app.port);
    const body = randomBytes(1_000_000);
    for (const headers of [{ 'content-length': '1000000' }, { 'transfer-encoding': 'chunked' }]) {
      const ask = { port: stand.port, host: 'upload.localhost', method: 'POST', headers, body };
      expect(await ask1(ask)).toMatchObject({ status: 200, body: '1000000' });
    }
    expect(connections).toBeLessThanOrEqual(3);
  });

  it('that hangs up before it has said a word, and reads on to the end of a head, costs no long wait', async () => {
    const raw = await rawUpstream((text, socket) => {
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    app = raw;
    stand.routes.set('hangs-up.localhost', raw.port);
    const ask = { port: stand.port, host: 'hangs-up.localhost', method: 'POST', headers: { 'content-length': '2' } };
    const asking = ask1({ ...ask, body: 'hi' });
    expect(await loopMs(asking)).toBeLessThan(700);
    expect((await asking).status).toBe(502);
    // The request, once, and the question.
    expect(raw.received.filter((text) => text.startsWith('POST')).length).toBe(1);
    expect(raw.connections).toBe(2);
  });

  it('may answer 400 with words that sound like it', async () => {
    const words = 'Client sent an HTTP request to an HTTPS server.\n';
    let asked = 0;
    app = await httpUpstream((_request, response) => {
      asked++;
      response.writeHead(400, { 'content-type': 'text/plain' }).end(words);
    });
    stand.routes.set('words.localhost', app.port);
    for (const method of ['GET', 'DELETE']) {
      const answer = await ask1({ port: stand.port, host: 'words.localhost', method });
      expect(answer).toMatchObject({ status: 400, body: words });
    }
    // Once more for the question, which its own server refuses.
    expect(asked).toBe(3);
  });

  it('that answers 400 otherwise is asked once', async () => {
    let asked = 0;
    app = await httpUpstream((request, response) => {
      request.resume().on('end', () => {
        asked++;
        response.writeHead(400, { 'content-type': 'text/plain' }).end('bad '.repeat(10_000));
      });
    });
    stand.routes.set('bad.localhost', app.port);
    const body = 'x'.repeat(1000);
    const headers = { 'content-length': '1000' };
    expect((await ask1({ port: stand.port, host: 'bad.localhost' })).body).toHaveLength(40_000);
    const post = await ask1({ port: stand.port, host: 'bad.localhost', method: 'POST', headers, body });
    expect(post).toMatchObject({ status: 400, body: 'bad '.repeat(10_000) });
    expect(asked).toBe(2);
  });
});
