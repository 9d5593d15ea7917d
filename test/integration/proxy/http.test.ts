import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type http2 from 'node:http2';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, rawUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';

let stand: ProxyStand;
let session: http2.ClientHttp2Session;
const open: TestUpstream[] = [];

async function serve(handler: http.RequestListener): Promise<number> {
  const upstream = await httpUpstream(handler);
  open.push(upstream);
  return upstream.port;
}

beforeAll(async () => {
  stand = await startProxyStand();
  stand.routes.set(
    'echo.localhost',
    await serve((request, response) => {
      const hash = createHash('sha256');
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
      });
      request.on('end', () => {
        const { method, url, rawHeaders, rawTrailers } = request;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ method, url, rawHeaders, rawTrailers, bytes, sha: hash.digest('hex') }));
      });
    }),
  );
  session = session2(stand.port, 'echo.localhost', stand.caPem);
});

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  await Promise.all(open.map((upstream) => upstream.close()));
  expect(stand.bugs).toEqual([]);
});

const header = (raw: string[], name: string): string | undefined =>
  raw[raw.findIndex((value, index) => index % 2 === 0 && value.toLowerCase() === name) + 1];

describe('a request on its way to the app', () => {
  it.each(['/?import&raw', '/a%2Fb//c;d=1?x=%00&y', '/_api/other', '/%E2%82%AC?a=b?c'])(
    'keeps the bytes of %s',
    async (path) => {
      const plain = JSON.parse((await ask1({ port: stand.port, host: 'echo.localhost', path })).body);
      expect(plain.url).toBe(path);
      const tls = JSON.parse((await ask1({ port: stand.port, host: 'echo.localhost', path, caPem: stand.caPem })).body);
      expect(tls.url).toBe(path);
      expect(JSON.parse((await ask2(session, { ':path': path })).body).url).toBe(path);
    },
  );

  it('has the Host of the client, and forwarding fields that say what we know and not what the client claims', async () => {
    const claims = { 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Host': 'evil.example', Forwarded: 'for=evil' };
    const { rawHeaders } = JSON.parse(
      (await ask1({ port: stand.port, host: 'echo.localhost', headers: claims, caPem: stand.caPem })).body,
    );
    expect(header(rawHeaders, 'host')).toBe(`echo.localhost:${stand.port}`);
    expect(header(rawHeaders, 'x-forwarded-proto')).toBe('https');
    expect(header(rawHeaders, 'x-forwarded-host')).toBe(`echo.localhost:${stand.port}`);
    expect(header(rawHeaders, 'x-forwarded-for')).toBe('127.0.0.1');
    expect(JSON.stringify(rawHeaders)).not.toContain('evil');
    const over2 = JSON.parse((await ask2(session, { ':path': '/' })).body);
    expect(header(over2.rawHeaders, 'host')).toBe(`echo.localhost:${stand.port}`);
  });

  it('loses its hop-by-hop fields, the named ones too, and nothing else', async () => {
    const headers = {
      Connection: 'x-secret, keep-alive',
      'X-Secret': '1',
      'Proxy-Authorization': 'x',
      'X-Kept': 'Y',
      TE: 'gzip',
    };
    const { rawHeaders } = JSON.parse((await ask1({ port: stand.port, host: 'echo.localhost', headers })).body);
    const names = rawHeaders
      .filter((_: string, index: number) => index % 2 === 0)
      .map((name: string) => name.toLowerCase());
    expect(names).not.toContain('x-secret');
    expect(names).not.toContain('proxy-authorization');
    expect(names).not.toContain('te');
    expect(header(rawHeaders, 'x-kept')).toBe('Y');
  });

  it('joins the cookie crumbs of HTTP/2', async () => {
    const answer = await ask2(session, { ':path': '/', cookie: ['a=1', 'b=2'] });
    expect(header(JSON.parse(answer.body).rawHeaders, 'cookie')).toBe('a=1; b=2');
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('carries the body of a %s over both versions', async (method) => {
    const body = randomBytes(300_000);
    const sha = createHash('sha256').update(body).digest('hex');
    const sized = { 'content-length': String(body.length) };
    const over1 = await ask1({
      port: stand.port,
      host: 'echo.localhost',
      method,
      body,
      headers: sized,
      caPem: stand.caPem,
    });
    expect(JSON.parse(over1.body)).toMatchObject({ method, bytes: body.length, sha });
    const over2 = await ask2(session, { ':path': '/', ':method': method }, body);
    expect(JSON.parse(over2.body)).toMatchObject({ method, bytes: body.length, sha });
  });

  it('carries a chunked body with trailers', async () => {
    const request = http.request({
      port: stand.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { Host: 'echo.localhost', Trailer: 'X-Sum', 'Transfer-Encoding': 'chunked' },
    });
    request.write('part one ');
    request.write('part two');
    request.addTrailers({ 'X-Sum': '17' });
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(JSON.parse(text)).toMatchObject({ bytes: 17, rawTrailers: ['X-Sum', '17'] });
  });

  it('asks the app for 100 Continue and passes it on', async () => {
    const request = http.request({
      port: stand.port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { Host: 'echo.localhost', Expect: '100-continue', 'Content-Length': '5' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('hello');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});

describe('a response on its way back', () => {
  it('keeps order, case and repeats of its fields, its status text and its trailers', async () => {
    const upstream = await rawUpstream((text, socket) => {
      if (!text.includes('\r\n\r\n')) return;
      socket.end(
        'HTTP/1.1 203 Quite Fine\r\nX-B: 1\r\nSet-Cookie: a=1\r\nx-a: 2\r\nSet-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n' +
          'Trailer: X-End\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n',
      );
    });
    open.push(upstream);
    stand.routes.set('raw.localhost', upstream.port);
    const answer = await ask1({ port: stand.port, host: 'raw.localhost' });
    expect(answer).toMatchObject({ status: 203, body: 'hello', rawTrailers: ['X-End', 'yes'] });
    const own = answer.rawHeaders.slice(0, 8);
    expect(own).toEqual(['X-B', '1', 'Set-Cookie', 'a=1', 'x-a', '2', 'Set-Cookie', 'b=2']);
    expect(answer.headers['x-hop']).toBeUndefined();
    const second = session2(stand.port, 'raw.localhost', stand.caPem);
    const over2 = await ask2(second, { ':path': '/' });
    second.destroy();
    expect(over2).toMatchObject({ status: 203, body: 'hello', rawTrailers: ['x-end', 'yes'], cookies: ['a=1', 'b=2'] });
  });

  it('passes 103 Early Hints on over both versions', async () => {
    const port = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('after hints'));
    });
    stand.routes.set('hints.localhost', port);
    expect(await ask1({ port: stand.port, host: 'hints.localhost' })).toMatchObject({
      informational: [103],
      body: 'after hints',
    });
    const second = session2(stand.port, 'hints.localhost', stand.caPem);
    expect(await ask2(second, { ':path': '/' })).toMatchObject({ informational: [103], body: 'after hints' });
    second.destroy();
  });

  it('has its head passed on though no byte of the body has come', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    stand.routes.set('silent.localhost', port);
    const request = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'silent.localhost' } });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.on('error', () => {});
    request.destroy();
  });

  it('streams: the first event arrives while the response is still open', async () => {
    let finish: (() => void) | undefined;
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
      finish = () => response.end();
    });
    stand.routes.set('sse.localhost', port);
    const request = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'sse.localhost' } });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const [chunk] = (await once(response, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('data: one\n\n');
    finish?.();
    await once(response, 'end');
  });

  it('is broken for the client when the app dies in the middle of it, over both versions', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => response.destroy());
    });
    stand.routes.set('dies.localhost', port);
    await expect(ask1({ port: stand.port, host: 'dies.localhost' })).rejects.toThrow();
    const second = session2(stand.port, 'dies.localhost', stand.caPem);
    await expect(ask2(second, { ':path': '/' })).rejects.toThrow();
    second.destroy();
  });

  it.each(['HEAD', '204', '304'])('without a body (%s) does not hang', async (kind) => {
    const port = await serve((_request, response) => {
      response.writeHead(kind === 'HEAD' ? 200 : Number(kind), kind === 'HEAD' ? { 'content-length': '42' } : {});
      response.end();
    });
    stand.routes.set('empty.localhost', port);
    const method = kind === 'HEAD' ? 'HEAD' : 'GET';
    const answer = await ask1({ port: stand.port, host: 'empty.localhost', method });
    expect(answer.body).toBe('');
    if (kind === 'HEAD') expect(answer.headers['content-length']).toBe('42');
    const second = session2(stand.port, 'empty.localhost', stand.caPem);
    expect((await ask2(second, { ':path': '/', ':method': method })).status).toBe(answer.status);
    second.destroy();
  });
});

describe('the connection to the app', () => {
  it('is kept and used again', async () => {
    let connections = 0;
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    open.push(upstream);
    upstream.server.on('connection', () => connections++);
    stand.routes.set('kept.localhost', upstream.port);
    const second = session2(stand.port, 'kept.localhost', stand.caPem);
    for (let i = 0; i < 20; i++) await ask2(second, { ':path': '/' });
    second.destroy();
    expect(connections).toBe(1);
  });

  it('is aborted when the client leaves', async () => {
    let aborted: (() => void) | undefined;
    const left = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    const port = await serve((_request, response) => {
      response.write('x');
      response.on('close', () => aborted?.());
    });
    stand.routes.set('left.localhost', port);
    const request = http.get({ port: stand.port, host: '127.0.0.1', headers: { Host: 'left.localhost' } });
    request.on('error', () => {});
    await once(request, 'response');
    request.destroy();
    await left;
  });

  it('is never used for a request when somebody else listens there now', async () => {
    let requests = 0;
    const upstream = await rawUpstream(() => requests++);
    open.push(upstream);
    stand.routes.set('impostor.localhost', upstream.port);
    stand.impostors.add('impostor.localhost');
    const answer = await ask1({
      port: stand.port,
      host: 'impostor.localhost',
      headers: { accept: 'application/json' },
    });
    expect(answer.status).toBe(502);
    expect(requests).toBe(0);
  });
});

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const dead = net.createServer().listen(0, '127.0.0.1');
  await once(dead, 'listening');
  const { port } = dead.address() as net.AddressInfo;
  dead.close();
  return port;
}

describe('an app that has moved to another port', () => {
  it.each(['plain length', 'chunked'])('is found again, and a POST (%s) arrives whole and once', async (framing) => {
    stand.routes.set('moved.localhost', await deadPort());
    stand.reroutes.set('moved.localhost', stand.routes.get('echo.localhost') ?? 0);
    const body = randomBytes(200_000);
    const sha = createHash('sha256').update(body).digest('hex');
    const headers: Record<string, string> =
      framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
    const answer = await ask1({ port: stand.port, host: 'moved.localhost', method: 'POST', headers, body });
    expect(JSON.parse(answer.body)).toMatchObject({ bytes: body.length, sha });
    const second = session2(stand.port, 'moved.localhost', stand.caPem);
    const over2 = await ask2(second, { ':path': '/', ':method': 'POST' }, body);
    expect(JSON.parse(over2.body)).toMatchObject({ bytes: body.length, sha });
    second.destroy();
  });

  it('that is gone by then gets 503, never a neighbour', async () => {
    stand.routes.set('gone.localhost', await deadPort());
    stand.reroutes.set('gone.localhost', { kind: 'away', label: 'gone', detail: 'It is not running' });
    expect((await ask1({ port: stand.port, host: 'gone.localhost' })).status).toBe(503);
  });
});

describe('an app that hangs up before it answers', () => {
  it('is asked again for a GET, and never for a POST', async () => {
    const upstream = await rawUpstream((text, socket) => {
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    open.push(upstream);
    stand.routes.set('hangs-up.localhost', upstream.port);
    stand.reroutes.set('hangs-up.localhost', stand.routes.get('echo.localhost') ?? 0);
    expect((await ask1({ port: stand.port, host: 'hangs-up.localhost' })).status).toBe(200);
    const before = upstream.connections;
    const headers = { 'content-length': '1' };
    const answer = await ask1({ port: stand.port, host: 'hangs-up.localhost', method: 'POST', headers, body: 'x' });
    expect(answer.status).toBe(502);
    expect(upstream.connections).toBe(before + 1);
  });
});

describe('a request that no app can answer', () => {
  it('gets 502 with words when the app refuses the connection', async () => {
    stand.routes.set('dead.localhost', await deadPort());
    const answer = await ask1({ port: stand.port, host: 'dead.localhost' });
    expect(answer.status).toBe(502);
    expect(answer.body).toContain('refused');
  });

  it('gets 502 when what answers is no HTTP', async () => {
    const upstream = await rawUpstream((_text, socket) => socket.end('-ERR unknown command\r\n'));
    open.push(upstream);
    stand.routes.set('redis.localhost', upstream.port);
    expect((await ask1({ port: stand.port, host: 'redis.localhost' })).status).toBe(502);
  });

  it('gets 404 as text, and a navigation a 303 to the picker that comes back', async () => {
    expect((await ask1({ port: stand.port, host: 'zzz.localhost' })).status).toBe(404);
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };
    const answer = await ask1({ port: stand.port, host: 'zzz.localhost', path: '/a?b', headers });
    expect(answer.status).toBe(303);
    const location = new URL(String(answer.headers.location));
    expect(location.host).toBe(`proxy.localhost:${stand.port}`);
    expect(location.searchParams.get('host')).toBe('zzz.localhost');
    expect(location.searchParams.get('return')).toBe(`http://zzz.localhost:${stand.port}/a?b`);
  });

  it('gets 503 with Retry-After while the app is away', async () => {
    stand.routes.set('away.localhost', { kind: 'away', label: 'shop', detail: 'It is not running' });
    const answer = await ask1({ port: stand.port, host: 'away.localhost' });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a.localhost\r\nHost: b.localhost\r\n\r\n', 400],
    ['a foreign Host', 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 421],
    ['garbage', '\u0000\u0001\u0002\r\n\r\n', 400],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 501],
  ])('with %s is refused and the proxy stays up', async (_what, bytes, status) => {
    const socket = net.connect(stand.port, '127.0.0.1');
    socket.write(bytes, 'latin1');
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('\r\n\r\n')) break;
    }
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await ask1({ port: stand.port, host: 'echo.localhost' })).status).toBe(200);
  });
});
