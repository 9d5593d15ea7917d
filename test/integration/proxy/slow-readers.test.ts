/** Somebody reads or sends slowly, and only they wait: on the same session, at the same app, and elsewhere. */
import { once } from 'node:events';
import type http2 from 'node:http2';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { rawClient } from '../../fixtures/raw-client.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

const HOST = 'slow-reader.localhost';
const SIZE = 24 * 1024 * 1024;
let stand: ProxyStand;
let app: TestUpstream;
let session: http2.ClientHttp2Session;

beforeAll(async () => {
  stand = await startProxyStand();
  app = await httpUpstream((request, response) => {
    for (const side of [request, response]) side.on('error', () => {});
    if (request.url === '/large') response.end(Buffer.alloc(SIZE));
    // Its body is never read.
    else if (request.url !== '/stuck') request.resume().on('end', () => response.end('ok'));
  });
  stand.routes.set(HOST, app.port);
  session = session2(stand.port, HOST, stand.caPem);
});

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  await app?.close();
  expect(stand.bugs).toEqual([]);
});

/** Others get their answers at once. */
async function expectOthersServed(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const asking = Promise.all([
      ask1({ port: stand.port, host: HOST }),
      ask1({ port: stand.port, host: HOST, caPem: stand.caPem }),
      ask2(session, { ':path': '/' }),
      ask2(session, { ':path': '/', ':method': 'POST' }, Buffer.alloc(500_000)),
    ]);
    expect(await loopMs(asking)).toBeLessThan(4_000);
    expect((await asking).map(({ body }) => body)).toEqual(['ok', 'ok', 'ok', 'ok']);
  }
}

it('an HTTP/1.1 client that does not read', async () => {
  for (const tls of [false, true]) {
    const client = await rawClient({ port: stand.port, host: HOST, ...(tls ? { caPem: stand.caPem } : {}) });
    onTestFinished(() => void client.socket.destroy());
    client.socket.pause();
    client.socket.write(`GET /large HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  }
  await expectOthersServed();
});

it('HTTP/2 streams that are not read, on the session of the others', async () => {
  const streams = Array.from({ length: 6 }, () => session.request({ ':path': '/large' }));
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  await expectOthersServed();
  // Whoever reads at last gets it all.
  let bytes = 0;
  for await (const chunk of streams[0] ?? []) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(SIZE);
  for (const stream of streams) stream.destroy();
});

it('an app that does not read what it is sent, over both versions', async () => {
  const stuck = Array.from({ length: 20 }, () => session.request({ ':path': '/stuck', ':method': 'POST' }));
  for (const stream of stuck) {
    stream.on('error', () => {});
    stream.write(Buffer.alloc(2 * 1024 * 1024));
  }
  const client = await rawClient({ port: stand.port, host: HOST });
  onTestFinished(() => void client.socket.destroy());
  client.socket.write(`POST /stuck HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${SIZE}\r\n\r\n`);
  client.socket.write(Buffer.alloc(SIZE));
  await expectOthersServed();
  for (const stream of stuck) stream.destroy();
});
