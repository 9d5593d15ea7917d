/** An app that dies in the middle of its answer: the client sees a broken answer in every framing, never a short one. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';

let stand: ProxyStand;
let app: net.Server;
const host = 'dies.localhost';

/** Heads and beginnings of bodies, none of which is complete. */
const FRAMINGS: Record<string, string> = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this',
  'length, nothing of it': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n',
  chunks: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n',
  'a chunk, half of it': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nonly this',
  'chunks, no last one': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n0\r\n',
  'until the end': 'HTTP/1.1 200 OK\r\n\r\nonly this',
  'until the end, HTTP/1.0': 'HTTP/1.0 200 OK\r\n\r\nonly this',
};

beforeAll(async () => {
  stand = await startProxyStand();
  // The path says the framing and how it dies.
  app = net.createServer((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', async (chunk) => {
      text += chunk;
      const [, framing, how] = /^\w+ \/([^/]+)\/(\w+) /.exec(text) ?? [];
      if (!framing || !text.includes('\r\n\r\n') || (text.startsWith('POST') && !text.includes('hello'))) return;
      text = '';
      if (framing === 'whole') {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        return;
      }
      socket.write(FRAMINGS[decodeURIComponent(framing)] ?? '');
      await delay(30);
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    });
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  stand.routes.set(host, (app.address() as AddressInfo).port);
});

afterAll(async () => {
  await stand?.close();
  app?.close();
  expect(stand.bugs).toEqual([]);
});

interface Seen {
  text: string;
  /** The connection was reset, or closed where that cannot be an end. */
  isBroken: boolean;
}

/** What a client of HTTP/1.x sees; the connection is read to its end. */
async function ask(secure: boolean, version: string, method: string, path: string): Promise<Seen> {
  const at = { port: stand.port, host: '127.0.0.1' };
  const socket = secure ? tls.connect({ ...at, servername: host, ca: stand.caPem }) : net.connect(at);
  const body = method === 'POST' ? 'Content-Length: 5\r\n\r\nhello' : '\r\n';
  socket.write(`${method} ${path} HTTP/${version}\r\nHost: ${host}\r\n${body}`);
  let text = '';
  let isReset = false;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {
    isReset = true;
  });
  await once(socket, 'close').catch(() => {});
  return { text, isBroken: isReset || !isComplete(text) };
}

function isComplete(text: string): boolean {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (/^transfer-encoding: chunked/im.test(head)) return body.endsWith('0\r\n\r\n') || text.endsWith('\r\n0\r\n\r\n');
  return length === undefined || body.length === Number(length);
}

async function ask2(method: string, path: string): Promise<{ status: number; isBroken: boolean }> {
  const session = session2(stand.port, host, stand.caPem);
  const stream = session.request({ ':path': path, ':method': method }, { endStream: method === 'GET' });
  let status = 0;
  let hasEnded = false;
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.on('error', () => {});
  stream.on('end', () => {
    hasEnded = stream.rstCode === 0 && !stream.aborted;
  });
  stream.resume();
  if (method === 'POST') stream.end('hello');
  await once(stream, 'close').catch(() => {});
  session.destroy();
  return { status, isBroken: !hasEnded || stream.rstCode !== 0 };
}

describe.each(Object.keys(FRAMINGS))('an answer with %s', (framing) => {
  const isUntilEnd = framing.startsWith('until');
  // The end of the connection is the end of such an answer: only a reset breaks it.
  const deaths = isUntilEnd ? ['reset'] : ['reset', 'end'];

  // The first body that an app gets goes another way than the others.
  it.each(['GET', 'POST', 'POST'])('is broken for a %s', async (method) => {
    for (const how of deaths) {
      const path = `/${encodeURIComponent(framing)}/${how}`;
      const plain = await ask(false, '1.1', method, path);
      expect(plain.text).toMatch(/^HTTP\/1\.1 200 /);
      expect(plain.isBroken, `h1 ${how}: ${plain.text}`).toBe(true);
      expect((await ask(true, '1.1', method, path)).isBroken, `h1 over TLS ${how}`).toBe(true);
      const over2 = await ask2(method, path);
      expect(over2, `h2 ${how}`).toEqual({ status: 200, isBroken: true });
      expect((await ask(false, '1.0', method, path)).isBroken, `HTTP/1.0 ${how}`).toBe(true);
    }
  });

  it.runIf(isUntilEnd)('is whole when its connection is closed as it should', async () => {
    const path = `/${encodeURIComponent(framing)}/end`;
    expect((await ask2('GET', path)).isBroken).toBe(false);
    expect((await ask(false, '1.0', 'GET', path)).isBroken).toBe(false);
  });
});
