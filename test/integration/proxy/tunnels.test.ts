/**
 * Tunnels byte by byte, at raw peers: HTTP/1.1 upgrades, plain and over TLS, and WebSockets over HTTP/2 (RFC 8441).
 * What a real WebSocket library sees is in websocket.test.ts.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type http2 from 'node:http2';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { rawClient } from '../../fixtures/raw-client.ts';
import { type RawUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';
import { wireRequests } from '../../fixtures/strict-http.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const HOST = 'tunnel.localhost';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
let stand: ProxyStand;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

/** The answer to a handshake (RFC 6455 section 4.2.2). */
function acceptance(head: string, fields = ''): string {
  const key = /\r\nsec-websocket-key: (.*)\r\n/i.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${fields}\r\n`;
}

/** An app that takes every tunnel. @param then called once, with the socket and its first bytes behind the head */
async function tunnelApp(then: (socket: net.Socket) => void, fields = '', delayMs = 0): Promise<RawUpstream> {
  const begun = new Set<net.Socket>();
  const upstream = await rawUpstream((text, socket) => {
    if (begun.has(socket) || !text.includes('\r\n\r\n')) return;
    begun.add(socket);
    setTimeout(() => {
      socket.write(acceptance(text, fields), 'latin1');
      then(socket);
    }, delayMs);
  });
  onTestFinished(() => upstream.close());
  stand.routes.set(HOST, upstream.port);
  return upstream;
}

/** What the client sees of an attempt. */
interface Seen {
  status: number;
  headers: Record<string, string>;
  /** Bytes behind the answer's head, until now. */
  body(): string;
  /** The app's side has ended. */
  ended(): boolean;
  pipe: Duplex;
}

/** Ask for a tunnel. @param early bytes sent together with the request */
type Dial = (fields?: Record<string, string>, early?: string) => Promise<Seen>;

const dial1 =
  (tls: boolean): Dial =>
  async (fields = {}, early = '') => {
    const client = await rawClient({ port: stand.port, host: HOST, ...(tls ? { caPem: stand.caPem } : {}) });
    onTestFinished(() => void client.socket.destroy());
    const own = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    client.socket.write(
      `GET /hmr?token=a%2Fb HTTP/1.1\r\nHost: ${HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${own.join('')}\r\n${early}`,
      'latin1',
    );
    await client.until('the head', () => client.ended() || client.text().includes('\r\n\r\n'));
    const end = client.text().indexOf('\r\n\r\n');
    const [line = '', ...lines] = client.text().slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((field) => field.split(': ').map((part, i) => (i === 0 ? part.toLowerCase() : part))),
    );
    return {
      status: Number(line.split(' ')[1]),
      headers,
      body: () => client.text().slice(end + 4),
      ended: client.ended,
      pipe: client.socket,
    };
  };

const dial2: Dial = async (fields = {}, early = '') => {
  const session = session2(stand.port, HOST, stand.caPem);
  onTestFinished(() => session.destroy());
  await once(session, 'remoteSettings');
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/hmr?token=a%2Fb',
      'sec-websocket-version': '13',
      ...fields,
    },
    { endStream: false },
  );
  stream.on('error', () => {});
  if (early !== '') stream.write(Buffer.from(early, 'latin1'));
  let text = '';
  let isEnded = false;
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  for (const event of ['end', 'close']) {
    stream.on(event, () => {
      isEnded = true;
    });
  }
  const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  const headers = Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, String(value)]));
  return { status: Number(answer[':status']), headers, body: () => text, ended: () => isEnded, pipe: stream };
};

const versions: [string, Dial][] = [
  ['an HTTP/1.1 upgrade', dial1(false)],
  ['an HTTP/1.1 upgrade over TLS', dial1(true)],
  ['an extended CONNECT', dial2],
];

describe.each(versions)('%s', (version, dial) => {
  const opened = version === 'an extended CONNECT' ? 200 : 101;

  it('has subprotocols and extensions of both sides as they were said', async () => {
    const offer = {
      'Sec-WebSocket-Protocol': 'vite-hmr, graphql-ws',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits, x-other',
      Origin: 'https://elsewhere.example',
      Cookie: 'a=1; b=2',
    };
    const upstream = await tunnelApp(
      () => {},
      'Sec-WebSocket-Protocol: graphql-ws\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSet-Cookie: c=3\r\nX-Own: 1\r\n',
    );
    const { status, headers } = await dial(offer);
    expect(status).toBe(opened);
    expect(headers).toMatchObject({
      'sec-websocket-protocol': 'graphql-ws',
      'sec-websocket-extensions': 'permessage-deflate',
      'set-cookie': 'c=3',
      'x-own': '1',
    });
    const [request] = wireRequests(upstream.received.join('')).requests;
    expect([request?.method, request?.target, request?.framing]).toEqual(['GET', '/hmr?token=a%2Fb', 'none']);
    const fields = Object.fromEntries((request?.fields ?? []).map(([name, value]) => [name.toLowerCase(), value]));
    for (const [name, value] of Object.entries(offer)) expect(fields[name.toLowerCase()]).toBe(value);
    expect(fields.host?.replace(/:\d+$/, '')).toBe(HOST);
    expect(fields).toMatchObject({ upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' });
    if (opened === 101) expect(fields['sec-websocket-key']).toBe(KEY);
  });

  it('loses no byte that the client sends before the app has answered, nor one that comes with its answer', async () => {
    const early = '\x81\x05early\0\r\n\xff';
    const upstream = await tunnelApp((socket) => socket.write('\x81\x05first', 'latin1'), '', 80);
    const seen = await dial({}, early);
    await waitFor('the first frame', () => seen.body() === '\x81\x05first');
    await waitFor('the early frame', () => upstream.received.join('').endsWith(`\r\n\r\n${early}`));
  });

  it('carries any bytes, both ways at once, in order', async () => {
    const size = 4_000_000;
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) % 256));
    const upstream = await tunnelApp((socket) => socket.write(bytes));
    const seen = await dial();
    seen.pipe.write(bytes);
    const text = bytes.toString('latin1');
    await waitFor('all bytes', () => seen.body().length === size && (upstream.received[0]?.length ?? 0) > size);
    expect(seen.body() === text).toBe(true);
    expect(upstream.received[0]?.endsWith(text)).toBe(true);
  });

  it('brings everything that the app said before it hung up, to a client that reads late', async () => {
    const size = 8_000_000;
    await tunnelApp((socket) => socket.end(Buffer.alloc(size, 'x')));
    const seen = await dial();
    seen.pipe.pause();
    await new Promise((resolve) => setTimeout(resolve, 150));
    seen.pipe.resume();
    await waitFor('the end', seen.ended);
    expect(seen.body().length).toBe(size);
  });

  it('goes on towards the client when the client has said its last word', async () => {
    let toApp = '';
    await tunnelApp((socket) => {
      socket.allowHalfOpen = true;
      socket.on('data', (chunk: Buffer) => {
        toApp += chunk.toString('latin1');
      });
      socket.on('end', () => setTimeout(() => socket.end('answer to all of it'), 50));
    });
    const seen = await dial();
    seen.pipe.end('last word');
    await waitFor('the end', seen.ended);
    expect([toApp, seen.body()]).toEqual(['last word', 'answer to all of it']);
  });

  it('goes on towards the app when the app has said its last word', async () => {
    let toApp = '';
    let isOver = false;
    await tunnelApp((socket) => {
      socket.allowHalfOpen = true;
      socket.on('data', (chunk: Buffer) => {
        toApp += chunk.toString('latin1');
      });
      socket.on('end', () => {
        isOver = true;
      });
      socket.end('bye');
    });
    const seen = await dial();
    await waitFor('the app’s end', seen.ended);
    seen.pipe.end('thanks');
    await waitFor('the client’s end', () => isOver);
    expect([seen.body(), toApp]).toEqual(['bye', 'thanks']);
  });

  it.each(['client', 'app'])('ends for the other side when the %s breaks it', async (who) => {
    let app: net.Socket | undefined;
    await tunnelApp((socket) => {
      app = socket;
    });
    const seen = await dial();
    await waitFor('the app', () => app);
    let isClosed = false;
    app?.on('close', () => {
      isClosed = true;
    });
    if (who === 'app') app?.resetAndDestroy();
    else seen.pipe.destroy();
    await waitFor('both to be closed', () => isClosed && (who === 'client' || seen.ended()));
  });

  it.each([
    [302, 'Location: /login\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n', ''],
    [401, 'WWW-Authenticate: Basic realm="x"\r\nContent-Length: 4\r\n\r\nnope', 'nope'],
    [403, 'Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n4\r\n way\r\n0\r\n\r\n', 'no way'],
    [426, 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n', ''],
    [200, 'Content-Type: text/html\r\n\r\na page', 'a page'],
    [400, 'Connection: close\r\n\r\nto the end', 'to the end'],
  ])('is rejected by the app with its %i, framed right', async (status, rest, body) => {
    const upstream = await rawUpstream((text, socket) => {
      if (text.includes('\r\n\r\n')) socket.end(`HTTP/1.1 ${status} X\r\n${rest}`);
    });
    onTestFinished(() => upstream.close());
    stand.routes.set(HOST, upstream.port);
    const seen = await dial();
    await waitFor('the end', seen.ended);
    expect(seen.status).toBe(status);
    const text = seen.headers['transfer-encoding'] === 'chunked' ? unchunked(seen.body()) : seen.body();
    expect(text).toBe(body);
    for (const name of ['Location', 'WWW-Authenticate', 'Set-Cookie', 'Sec-WebSocket-Version']) {
      const value = new RegExp(`^${name}: (.*)\r$`, 'm').exec(rest)?.[1];
      expect(seen.headers[name.toLowerCase()]).toBe(value);
    }
  });

  it('does not begin for a name that nobody answers to, a foreign one, or in a loop', async () => {
    stand.routes.delete(HOST);
    expect((await dial()).status).toBe(404);
    expect((await dial({ 'X-Hostwise-Hop': '5' })).status).toBe(508);
  });

  it('does not begin when the app hangs up, and the client is told', async () => {
    const upstream = await rawUpstream((_text, socket) => socket.destroy());
    onTestFinished(() => upstream.close());
    stand.routes.set(HOST, upstream.port);
    expect((await dial()).status).toBe(502);
  });
});

/** The body of an answer in chunks; '(broken)' when it does not end as it should. */
function unchunked(text: string): string {
  if (!text.endsWith('0\r\n\r\n')) return '(broken)';
  return text.slice(0, -5).replace(/[0-9a-f]+\r\n(.*?)\r\n/gs, '$1');
}

/** `npm run test:tunnels` opens 10,000. */
const COUNT = Number(process.env.TUNNELS ?? 1_500);

it('many tunnels, opened and closed by either side, leave nothing', async () => {
  const AT_ONCE = 100;
  const upstream = await tunnelApp((socket) => {
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  });
  const before = process.getActiveResourcesInfo().length;
  let opened = 0;
  const one = async (i: number): Promise<void> => {
    const client = await rawClient({ port: stand.port, host: HOST });
    client.socket.write(
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    await client.until('the answer', () => client.text().endsWith('\r\n\r\n'));
    if (client.text().startsWith('HTTP/1.1 101 ')) opened++;
    if (i % 3 === 0) client.socket.resetAndDestroy();
    else client.socket.end();
    await client.until('the end', () => client.socket.closed);
  };
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < COUNT) await one(next++);
    }),
  );
  expect(opened).toBe(COUNT);
  await waitFor('all sockets to be gone', () => process.getActiveResourcesInfo().length <= before + 5);
  expect(upstream.connections).toBe(COUNT);
}, 120_000);
