import { once } from 'node:events';
import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream } from '../../fixtures/raw-upstream.ts';

let stand: ProxyStand;
let upstream: Awaited<ReturnType<typeof httpUpstream>>;

beforeEach(async () => {
  stand = await startProxyStand();
  upstream = await httpUpstream((request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
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
    await new Promise((resolve) => setTimeout(resolve, 150));
    await stand.stop(5_000);
    expect(await slow).toBe('first last');
    expect((await over2).body).toBe('first last');
    session.destroy();
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
    const before = performance.now();
    await stand.stop(5_000);
    expect(performance.now() - before).toBeLessThan(2_000);
    await closed;
  });
});
