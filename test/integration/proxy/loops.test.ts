/** A dev server that proxies back to its own hostname: the loop ends at once, with words that name the cause. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

const PAGE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

let stand: ProxyStand;
/** As a dev server's proxy without changeOrigin does: the Host stays what it was. */
let shop: TestUpstream & { server: http.Server };
let api: TestUpstream;
let hops = 0;

beforeAll(async () => {
  stand = await startProxyStand();
  shop = await httpUpstream((request, response) => {
    hops++;
    const { method, url, headers } = request;
    // Only `/api` of the shop is the API's: the front's own proxy names it by its hostname, as it should.
    const host = url?.startsWith('/chain') ? 'api.localhost' : headers.host;
    const back = http.request(
      { host: '127.0.0.1', port: stand.port, method, path: url, headers: { ...headers, host } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(back);
  });
  shop.server.on('upgrade', (request: http.IncomingMessage, socket: net.Socket) => {
    hops++;
    const back = net.connect(stand.port, '127.0.0.1');
    let head = `GET ${request.url} HTTP/1.1\r\n`;
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      head += `${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}\r\n`;
    }
    back.write(`${head}\r\n`);
    back.pipe(socket).pipe(back);
    for (const side of [socket, back]) side.on('error', () => {});
  });
  api = await httpUpstream((_request, response) => response.end('the api'));
  stand.routes.set('shop.localhost', shop.port);
  stand.routes.set('api.localhost', api.port);
});

afterAll(async () => {
  await stand?.close();
  await shop?.close();
  await api?.close();
  expect(stand.bugs).toEqual([]);
});

describe('a loop', () => {
  it.each(['GET', 'POST'])('of a %s ends with 508 and names changeOrigin, over HTTP/1.1 and HTTP/2', async (method) => {
    hops = 0;
    const body = method === 'POST' ? 'hello' : '';
    const headers = method === 'POST' ? { ...PAGE, 'content-length': '5' } : PAGE;
    const page = await ask1({ port: stand.port, host: 'shop.localhost', path: '/api/x', method, headers, body });
    expect(page.status).toBe(508);
    expect(page.body).toContain('changeOrigin: true');
    expect(page.body).toContain('shop.localhost');
    expect(hops).toBe(5);
    const session = session2(stand.port, 'shop.localhost', stand.caPem);
    const over2 = await ask2(session, { ':path': '/api/x', ':method': method }, body || undefined);
    session.destroy();
    expect(over2.status).toBe(508);
    expect(over2.body).toContain('changeOrigin: true');
  });

  it('of a WebSocket ends with 508, too', async () => {
    hops = 0;
    const socket = new WebSocket(`ws://127.0.0.1:${stand.port}/ws`, { headers: { Host: 'shop.localhost' } });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('508');
    expect(hops).toBe(5);
  });

  it('is none where a front asks its API by name', async () => {
    expect((await ask1({ port: stand.port, host: 'shop.localhost', path: '/chain' })).body).toBe('the api');
  });
});
