/** Nobody gets a bare connection to an app by asking for a tunnel that the app did not open. */
import { once } from 'node:events';
import type net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { session2 } from '../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../fixtures/proxy-stand.ts';
import { rawClient } from '../fixtures/raw-client.ts';
import { type RawUpstream, rawUpstream } from '../fixtures/raw-upstream.ts';
import { wireRequests } from '../fixtures/strict-http.ts';

const HOST = 'tunnel.localhost';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
let stand: ProxyStand;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

/** Says this to each request, whatever it asks for, and reads on. */
async function appThatSays(text: string): Promise<RawUpstream> {
  const told = new Map<net.Socket, number>();
  const app = await rawUpstream((heard, socket) => {
    const heads = heard.split('\r\n\r\n').length - 1;
    if (heads > (told.get(socket) ?? 0)) socket.write(text);
    told.set(socket, heads);
  });
  onTestFinished(() => app.close());
  stand.routes.set(HOST, app.port);
  return app;
}

const targets = (app: RawUpstream): string[] =>
  app.received.flatMap((text) => wireRequests(text).requests.map(({ target }) => target));

async function send(bytes: string): Promise<string> {
  const client = await rawClient({ port: stand.port, host: HOST });
  client.socket.write(bytes, 'latin1');
  await client.until('an answer', () => client.ended() || client.text().includes('\r\n\r\n'));
  // A client that believes in its tunnel goes on.
  client.socket.write(SMUGGLED);
  await delay(200);
  client.socket.destroy();
  return client.text();
}

const upgrade = (fields: string): string => `GET /ws HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`;
const WEBSOCKET = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`;

it.each([
  ['Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
  ['Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n'],
  ['Connection: Upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
  ['Upgrade: websocket\r\n'],
])('an offer of another protocol (%j) reaches no app, which could take it up', async (fields) => {
  const app = await appThatSays('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  await send(upgrade(fields));
  expect(app.received.join('')).not.toMatch(/^(?:upgrade|http2-settings):/im);
  // Its next request is one of its own: nothing went around the proxy.
  expect(targets(app)).not.toContain('/smuggled');
});

describe('an upgrade that the app', () => {
  it.each([
    ['refuses', 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'],
    ['answers with a page', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    [
      'answers with a wrong key',
      'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
    ],
    ['takes for no protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['takes for another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ])('%s is no tunnel, over either version', async (_how, answer) => {
    const app = await appThatSays(answer);
    expect(await send(upgrade(WEBSOCKET))).not.toMatch(/^HTTP\/1\.1 101 /);
    const session = session2(stand.port, HOST, stand.caPem);
    onTestFinished(() => session.destroy());
    await once(session, 'remoteSettings');
    const stream = session.request(
      { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/ws', 'sec-websocket-version': '13' },
      { endStream: false },
    );
    stream.on('error', () => {});
    stream.write(SMUGGLED);
    const [headers] = await once(stream, 'response');
    await delay(100);
    if (!answer.startsWith('HTTP/1.1 200')) expect(headers[':status']).not.toBe(200);
    expect(app.received.join('')).not.toContain('smuggled');
  });
});
