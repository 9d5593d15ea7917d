import { once } from 'node:events';
import type http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import type { TrafficRecord } from '../../../src/core/traffic.ts';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, rawUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

let stand: ProxyStand;
let session: http2.ClientHttp2Session;
const open: TestUpstream[] = [];

beforeAll(async () => {
  stand = await startProxyStand();
  const app = await httpUpstream((request, response) => {
    request.resume();
    request.on('end', () => response.setHeader('x-app', 'yes').end('hello'));
  });
  new WebSocketServer({ server: app.server }).on('connection', (socket) => {
    socket.on('message', (data) => socket.send(data));
  });
  const broken = await rawUpstream((_text, socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
  });
  open.push(app, broken);
  stand.routes.set('app.localhost', app.port);
  stand.routes.set('broken.localhost', broken.port);
  stand.routes.set('refused.localhost', 1);
  session = session2(stand.port, 'app.localhost', stand.caPem);
});

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  await Promise.all(open.map((upstream) => upstream.close()));
  expect(stand.bugs).toEqual([]);
});

/** The newest finished record of a hostname. */
const finished = (hostname: string, kind = 'request'): Promise<TrafficRecord> =>
  waitFor(`the ${kind} to ${hostname} is over`, () =>
    [...stand.traffic.ring.newest()].find(
      (one) => one.hostname === hostname && one.kind === kind && one.totalMs !== undefined,
    ),
  );

describe('what is kept of a request', () => {
  it('has its head, its answer, bytes both ways and ascending times, over HTTP/1.1', async () => {
    await ask1({ port: stand.port, host: 'app.localhost', path: '/a%2Fb?c=1', method: 'POST', body: 'abcdef' });
    const record = await finished('app.localhost');
    expect(record).toMatchObject({
      kind: 'request',
      version: '1.1',
      method: 'POST',
      target: '/a%2Fb?c=1',
      status: 200,
      bytesIn: 6,
      bytesOut: 5,
      attempts: 1,
      error: undefined,
      upstream: { label: 'app.localhost' },
    });
    expect(record.responseHeaders.map((text) => text.toLowerCase())).toContain('x-app');
    const times = [record.routedMs, record.connectedMs, record.firstByteMs, record.totalMs].map(Number);
    expect(times.every((time) => time >= 0)).toBe(true);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('is the same over HTTP/2', async () => {
    await ask2(session, { ':path': '/two', ':authority': 'app.localhost' });
    const record = await waitFor('it is recorded', () =>
      [...stand.traffic.ring.newest()].find(({ target }) => target === '/two'),
    );
    expect(record).toMatchObject({ version: '2', method: 'GET', status: 200, bytesOut: 5 });
  });

  it('says why nobody answered, and that an answer broke off', async () => {
    await ask1({ port: stand.port, host: 'refused.localhost', path: '/' });
    expect(await finished('refused.localhost')).toMatchObject({ status: 502, error: 'It refused the connection' });
    await ask1({ port: stand.port, host: 'broken.localhost', path: '/' }).catch(() => undefined);
    const record = await finished('broken.localhost');
    expect(record).toMatchObject({ status: 200, error: 'The answer broke off in the middle' });
    expect(stand.traffic.figures('broken.localhost')?.totals).toMatchObject({ requests: 1, errors: 1, open: 0 });
  });

  it('follows a WebSocket from its handshake to its end', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/hmr`, { headers: { Host: 'app.localhost' } });
    await once(socket, 'open');
    const { open: openNow } = stand.traffic.figures('app.localhost')?.totals ?? {};
    expect(openNow).toBe(1);
    socket.send('x'.repeat(1_000));
    await once(socket, 'message');
    socket.close();
    const record = await finished('app.localhost', 'upgrade');
    expect(record).toMatchObject({ status: 101, method: 'GET', target: '/hmr', error: undefined });
    expect(record.bytesIn).toBeGreaterThan(1_000);
    expect(record.bytesOut).toBeGreaterThan(1_000);
    expect(stand.traffic.figures('app.localhost')?.totals.open).toBe(0);
  });
});
