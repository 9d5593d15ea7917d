/** gRPC calls: HTTP/2 all the way, messages untouched, both ways at once, and their ends as either side said them. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2, { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { httpUpstream, type TestUpstream } from '../../fixtures/raw-upstream.ts';
import { selfSigned } from '../../fixtures/self-signed.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** A message as gRPC frames it: not compressed, its length, its bytes. */
function framed(message: Buffer | string): Buffer {
  const bytes = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const OK = { ':status': 200, 'content-type': 'application/grpc+proto' };

/** A server that does what the method's name says. */
function serve(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, raw: string[]): void {
  stream.on('error', () => {});
  const end = (trailers: http2.OutgoingHttpHeaders): void => {
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end();
  };
  const respond = (): void => stream.respond(OK, { waitForTrailers: true });
  switch (headers[':path']) {
    case '/test.Echo/Unary': {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        stream.respond({ ...OK, 'x-fields': JSON.stringify(raw) }, { waitForTrailers: true });
        stream.write(Buffer.concat(chunks));
        end({ 'grpc-status': '0', 'grpc-message': '', 'x-sum-bin': 'AAEC', 'x-many': ['1', '2'] });
      });
      return;
    }
    case '/test.Echo/Bidi':
      respond();
      stream.on('data', (chunk: Buffer) => stream.write(Buffer.concat([framed('got'), chunk])));
      stream.on('end', () => end({ 'grpc-status': '0' }));
      return;
    case '/test.Echo/Refuse':
      stream.respond({ ...OK, 'grpc-status': '5', 'grpc-message': 'no such thing' }, { endStream: true });
      return;
    case '/test.Echo/Early':
      respond();
      end({ 'grpc-status': '8', 'grpc-message': 'enough' });
      return;
    case '/test.Echo/Reset':
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    case '/test.Echo/Die':
      respond();
      stream.write(framed('half'), () => stream.session?.socket.destroy());
      return;
    case '/test.Echo/Hang':
      respond();
      stream.write(framed('there'));
  }
}

interface Call {
  stream: http2.ClientHttp2Stream;
  headers: http2.IncomingHttpHeaders;
  /** The head was all of the answer. */
  isAlone: boolean;
  trailers: http2.IncomingHttpHeaders;
  body(): Buffer;
  /** How the stream was closed; 0 for a clean end. */
  code: number;
  ended: Promise<void>;
}

function call(session: http2.ClientHttp2Session, path: string, more: http2.OutgoingHttpHeaders = {}): Call {
  const fields = { ':path': path, ':method': 'POST', 'content-type': 'application/grpc+proto', te: 'trailers' };
  const stream = session.request({ ...fields, ...more });
  const chunks: Buffer[] = [];
  const result: Call = {
    stream,
    headers: {},
    isAlone: false,
    trailers: {},
    body: () => Buffer.concat(chunks),
    code: -1,
    ended: new Promise((resolve) => {
      stream.on('close', () => {
        result.code = stream.rstCode ?? -1;
        resolve();
      });
    }),
  };
  stream.on('response', (headers, flags) => {
    result.headers = headers;
    result.isAlone = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  });
  stream.on('trailers', (trailers) => {
    result.trailers = trailers;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  return result;
}

let stand: ProxyStand;
let server: http2.Http2Server;
let secure: http2.Http2SecureServer;
let session: http2.ClientHttp2Session;
/** What ended on the server, and how: a reset shows the client's code. */
const closed: { path: string; code: number | undefined }[] = [];
const connections = { plain: 0, secure: 0 };
const open: TestUpstream[] = [];

beforeAll(async () => {
  stand = await startProxyStand();
  server = http2.createServer();
  secure = http2.createSecureServer(await selfSigned());
  for (const one of [server, secure]) {
    one.on('stream', (stream, headers, _flags, raw) => {
      stream.on('close', () => closed.push({ path: String(headers[':path']), code: stream.rstCode }));
      serve(stream as http2.ServerHttp2Stream, headers, raw as string[]);
    });
    one.on('session', () => {
      connections[one === server ? 'plain' : 'secure']++;
    });
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
  stand.routes.set('rpc.localhost', (server.address() as AddressInfo).port);
  session = session2(stand.port, 'rpc.localhost', stand.caPem);
});

afterAll(async () => {
  session?.destroy();
  await stand?.close();
  server?.close();
  secure?.close();
  await Promise.all(open.map((one) => one.close()));
  expect(stand.bugs).toEqual([]);
});

describe('a gRPC call', () => {
  it('arrives with its metadata and bytes, and is answered with its trailers', async () => {
    const message = framed(randomBytes(2_000));
    const more = { 'x-key-bin': 'AAEC/w', 'x-many': ['a', 'b'], 'grpc-timeout': '5S' };
    const echo = call(session, '/test.Echo/Unary', more);
    echo.stream.end(message);
    await echo.ended;
    expect(echo.headers[':status']).toBe(200);
    expect(echo.headers['content-type']).toBe('application/grpc+proto');
    expect(echo.body().equals(message)).toBe(true);
    expect(echo.trailers).toMatchObject({ 'grpc-status': '0', 'x-sum-bin': 'AAEC', 'x-many': '1, 2' });
    const raw = JSON.parse(String(echo.headers['x-fields'])) as string[];
    const values = (name: string): string[] => raw.filter((_, i) => i % 2 === 1 && raw[i - 1] === name);
    expect(values(':authority')).toEqual([`rpc.localhost:${stand.port}`]);
    expect(values(':scheme')).toEqual(['http']);
    expect(values('host')).toEqual([]);
    expect(values('te')).toEqual(['trailers']);
    expect(values('x-key-bin')).toEqual(['AAEC/w']);
    expect(values('x-many')).toEqual(['a', 'b']);
    expect(values('grpc-timeout')).toEqual(['5S']);
    expect(values('x-forwarded-proto')).toEqual(['https']);
  });

  it('streams both ways: each message is answered before the next is sent', async () => {
    const bidi = call(session, '/test.Echo/Bidi');
    let expected = Buffer.alloc(0);
    for (let i = 0; i < 20; i++) {
      const message = framed(`message ${i}`);
      expected = Buffer.concat([expected, framed('got'), message]);
      bidi.stream.write(message);
      await waitFor('the answer', () => bidi.body().length === expected.length);
    }
    bidi.stream.end();
    await bidi.ended;
    expect(bidi.body().equals(expected)).toBe(true);
    expect(bidi.trailers['grpc-status']).toBe('0');
  });

  it('carries large messages with back-pressure', async () => {
    const message = framed(randomBytes(24 * 1024 * 1024));
    const echo = call(session, '/test.Echo/Unary');
    echo.stream.end(message);
    await echo.ended;
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(echo.body())).toBe(digest(message));
    expect(echo.trailers['grpc-status']).toBe('0');
  });

  it('that fails at once has its status in a head that is all of the answer', async () => {
    const refused = call(session, '/test.Echo/Refuse');
    refused.stream.end(framed('x'));
    await refused.ended;
    expect(refused.headers).toMatchObject({ 'grpc-status': '5', 'grpc-message': 'no such thing' });
    expect(refused.isAlone).toBe(true);
  });

  it('may be answered before all of its messages are sent', async () => {
    const early = call(session, '/test.Echo/Early');
    early.stream.write(framed('first of many'));
    await waitFor('the status', () => early.trailers['grpc-status'] === '8');
    early.stream.end();
    await early.ended;
    expect(early.trailers['grpc-message']).toBe('enough');
  });

  it('that the client cancels is cancelled at the server', async () => {
    const hanging = call(session, '/test.Echo/Hang');
    hanging.stream.write(framed('x'));
    await waitFor('its first message', () => hanging.body().length > 0);
    hanging.stream.close(constants.NGHTTP2_CANCEL);
    const end = await waitFor('its end', () => closed.find(({ path }) => path === '/test.Echo/Hang'));
    expect(end.code).toBe(constants.NGHTTP2_CANCEL);
  });

  it('that the server resets is reset with the same code, and one that breaks off never ends cleanly', async () => {
    const reset = call(session, '/test.Echo/Reset');
    reset.stream.end(framed('x'));
    await reset.ended;
    // Nothing had come: the call ends with a status.
    expect(reset.headers['grpc-status']).toBe('14');
    const dead = call(session, '/test.Echo/Die');
    dead.stream.end(framed('x'));
    await dead.ended;
    expect(dead.code).not.toBe(0);
    expect(dead.trailers).toEqual({});
  });

  it('is made though a browser has asked the same server in HTTP/1.1, which it does not understand', async () => {
    const only = http2.createServer();
    only.on('stream', (stream, headers, _flags, raw) =>
      serve(stream as http2.ServerHttp2Stream, headers, raw as string[]),
    );
    only.listen(0, '127.0.0.1');
    await once(only, 'listening');
    stand.routes.set('only.localhost', (only.address() as AddressInfo).port);
    const own = session2(stand.port, 'only.localhost', stand.caPem);
    expect((await ask2(own, { ':path': '/' })).status).toBe(502);
    const refused = call(own, '/test.Echo/Refuse');
    refused.stream.end(framed('x'));
    await refused.ended;
    expect(refused.headers['grpc-status']).toBe('5');
    own.destroy();
    only.close();
  });

  it('shares a connection with others', async () => {
    const before = connections.plain;
    const calls = Array.from({ length: 100 }, (_, i) => {
      const one = call(session, '/test.Echo/Unary');
      one.stream.end(framed(`call ${i}`));
      return one;
    });
    await Promise.all(calls.map(({ ended }) => ended));
    for (const [i, one] of calls.entries()) expect(one.body().equals(framed(`call ${i}`))).toBe(true);
    expect(connections.plain - before).toBeLessThanOrEqual(1);
  });
});

describe('a gRPC call to a server that speaks TLS', () => {
  it('is made over TLS from the first one on', async () => {
    stand.routes.set('secure-rpc.localhost', (secure.address() as AddressInfo).port);
    const own = session2(stand.port, 'secure-rpc.localhost', stand.caPem);
    for (let i = 0; i < 3; i++) {
      const echo = call(own, '/test.Echo/Unary');
      echo.stream.end(framed(`secret ${i}`));
      await echo.ended;
      expect(echo.body().equals(framed(`secret ${i}`))).toBe(true);
      expect(echo.trailers['grpc-status']).toBe('0');
    }
    own.destroy();
    // The question, and the one that is kept.
    expect(connections.secure).toBeLessThanOrEqual(2);
  });
});

describe('a gRPC call that nobody answers', () => {
  it.each([
    ['is away', { kind: 'away', label: 'rpc', detail: 'It is not listening now' }, '14', /not%20|not running/],
    ['is unknown', undefined, '12', /nobody-rpc/],
    ['refuses', 1, '14', /did not answer/],
  ] as const)('has a status, where the app %s', async (_what, route, status, words) => {
    if (route === undefined) stand.routes.delete('nobody-rpc.localhost');
    else stand.routes.set('nobody-rpc.localhost', route);
    const own = session2(stand.port, 'nobody-rpc.localhost', stand.caPem);
    const lost = call(own, '/test.Echo/Unary');
    lost.stream.end(framed('x'));
    await lost.ended;
    own.destroy();
    expect(lost.headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status });
    expect(lost.headers['grpc-message']).toMatch(words);
    expect(lost.isAlone).toBe(true);
  });
});

describe('an app of HTTP/1.1', () => {
  it('answers gRPC in its own words, with the whole body, and gRPC-Web as ever', async () => {
    let asked: string[] = [];
    const app = await httpUpstream((request, response) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => {
        asked.push(`${request.httpVersion} ${request.method} ${length}`);
        response.writeHead(415).end('not here');
      });
    });
    open.push(app);
    stand.routes.set('h1.localhost', app.port);
    const own = session2(stand.port, 'h1.localhost', stand.caPem);
    for (const type of ['application/grpc', 'application/grpc', 'application/grpc-web+proto']) {
      const one = call(own, '/test.Echo/Unary', { 'content-type': type });
      one.stream.end(framed('hello'));
      await one.ended;
      expect(one.headers[':status']).toBe(415);
      expect(String(one.body())).toBe('not here');
      expect(asked).toEqual(['1.1 POST 10']);
      asked = [];
    }
    own.destroy();
  });
});
