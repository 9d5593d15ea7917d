/** Answers and requests that are unusual and right: they pass, over both versions. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, rawUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

let stand: ProxyStand;
const open: TestUpstream[] = [];

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  await stand?.close();
  await Promise.all(open.map((upstream) => upstream.close()));
  expect(stand.bugs).toEqual([]);
});

async function answering(host: string, head: string): Promise<void> {
  const upstream = await rawUpstream((text, socket) => {
    if (text.includes('\r\n\r\n')) socket.end(`${head}\r\nContent-Length: 2\r\n\r\nok`, 'latin1');
  });
  open.push(upstream);
  stand.routes.set(host, upstream.port);
}

async function both(host: string): Promise<[number, number]> {
  const session = session2(stand.port, host, stand.caPem);
  const over2 = await ask2(session, { ':path': '/' });
  session.destroy();
  const over1 = await ask1({ port: stand.port, host });
  expect([over1.body, over2.body]).toEqual(['ok', 'ok']);
  return [over1.status, over2.status];
}

describe('an app’s answer', () => {
  it('may repeat a field that has one value', async () => {
    await answering(
      'dup.localhost',
      'HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nX-Content-Type-Options: nosniff',
    );
    expect(await both('dup.localhost')).toEqual([200, 200]);
  });

  it('may have a reason phrase in any bytes', async () => {
    const phrase = Buffer.from('Alles gut ✓').toString('latin1');
    await answering('phrase.localhost', `HTTP/1.1 200 ${phrase}`);
    expect(await both('phrase.localhost')).toEqual([200, 200]);
  });

  it('may have a status that nobody knows; HTTP/2 gets the class that clients take it for', async () => {
    await answering('status.localhost', 'HTTP/1.1 999 Odd');
    expect(await both('status.localhost')).toEqual([999, 500]);
  });
});

describe('an answer that cannot be passed on', () => {
  it.each([
    ['a status of 0', 'HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n'],
    [
      'a switch of protocols that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    ],
    ['nothing at all', ''],
  ])('(%s) is a 502, on every way', async (_what, answer) => {
    const upstream = await rawUpstream((text, socket) => {
      if (text.includes('\r\n\r\n')) socket.end(answer);
    });
    open.push(upstream);
    stand.routes.set('invalid.localhost', upstream.port);
    const chunked = { 'transfer-encoding': 'chunked' };
    const post = { port: stand.port, host: 'invalid.localhost', method: 'POST', headers: chunked, body: 'x' };
    expect((await ask1({ port: stand.port, host: 'invalid.localhost' })).status).toBe(502);
    expect((await ask1(post)).status).toBe(502);
    const session = session2(stand.port, 'invalid.localhost', stand.caPem);
    expect((await ask2(session, { ':path': '/' })).status).toBe(502);
    expect((await ask2(session, { ':path': '/', ':method': 'POST', trailer: 'x' }, 'x')).status).toBe(502);
    session.destroy();
  });
});

describe('a request', () => {
  it.each(['GET', 'POST', 'DELETE'])('(%s) over HTTP/2 may have a body of no bytes', async (method) => {
    const upstream = await httpUpstream((request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    open.push(upstream);
    stand.routes.set('nobytes.localhost', upstream.port);
    const session = session2(stand.port, 'nobytes.localhost', stand.caPem);
    expect((await ask2(session, { ':path': '/', ':method': method }, '')).body).toBe('ok');
    session.destroy();
  });

  it('may carry more cookies than there are days in a year', async () => {
    const upstream = await httpUpstream((request, response) =>
      response.end(String(request.headers.cookie?.split('; ').length)),
    );
    open.push(upstream);
    stand.routes.set('cookies.localhost', upstream.port);
    const session = session2(stand.port, 'cookies.localhost', stand.caPem);
    const cookie = Array.from({ length: 400 }, (_, i) => `c${i}=1`);
    expect((await ask2(session, { ':path': '/', cookie })).body).toBe('400');
    session.destroy();
  });

  it('with ?prompt= or ?force over HTTP/2 passes with its answer’s trailers', async () => {
    const upstream = await httpUpstream((request, response) => response.end(request.url));
    open.push(upstream);
    stand.routes.set('prompt.localhost', upstream.port);
    const session = session2(stand.port, 'prompt.localhost', stand.caPem);
    for (const path of ['/?prompt=consent', '/a?force&b']) {
      expect((await ask2(session, { ':path': path })).body).toBe(path);
    }
    session.destroy();
  });

  it('with trailers over HTTP/2 arrives with them', async () => {
    const upstream = await httpUpstream(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      response.end(JSON.stringify([text, request.rawTrailers]));
    });
    open.push(upstream);
    stand.routes.set('trailers.localhost', upstream.port);
    const session = session2(stand.port, 'trailers.localhost', stand.caPem);
    const stream = session.request({ ':path': '/', ':method': 'POST', trailer: 'x-sum' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }));
    stream.end('hello');
    let text = '';
    for await (const chunk of stream) text += chunk;
    session.destroy();
    expect(JSON.parse(text)).toEqual(['hello', ['x-sum', '5']]);
  });

  it('that upgrades by another method keeps it', async () => {
    const upstream = await httpUpstream(() => {});
    upstream.server.on('upgrade', (request, socket) => {
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n${request.method} ${request.url}`,
      );
    });
    open.push(upstream);
    stand.routes.set('attach.localhost', upstream.port);
    const socket = net.connect(stand.port, '127.0.0.1');
    socket.write('POST /attach HTTP/1.1\r\nHost: attach.localhost\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 101 [\s\S]*POST \/attach$/);
  });

  it('of a client that left while it waited for a free connection does not hold one', async () => {
    let streams = 0;
    const upstream = await httpUpstream((_request, response) => {
      streams++;
      response.on('close', () => streams--);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    open.push(upstream);
    stand.routes.set('busy.localhost', upstream.port);
    const agent = new http.Agent({ maxSockets: 400 });
    const asks = Array.from({ length: 270 }, () => {
      const ask = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'busy.localhost' }, agent });
      ask.on('error', () => {});
      ask.on('response', (response) => response.on('error', () => {}).resume());
      return ask;
    });
    await waitFor('the connections to fill up', async () => (streams >= 256 ? true : undefined));
    for (const ask of asks) ask.destroy();
    await waitFor('all streams to end', async () => (streams === 0 ? true : undefined));
    agent.destroy();
    const answer = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'busy.localhost' } });
    const [response] = (await once(answer, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(200);
    answer.on('error', () => {});
    answer.destroy();
  });
});
