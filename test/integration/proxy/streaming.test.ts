/**
 * Bodies while they are under way: nothing waits for what has not come, nobody is asked for more than the other side
 * takes, and a side that leaves is noticed by the other, over every pair of versions.
 */
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { rawClient } from '../../fixtures/raw-client.ts';
import { FRAME, frame, rawSession, requestFrame } from '../../fixtures/raw-h2.ts';
import { httpUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const HOST = 'flow.localhost';
let stand: ProxyStand;

beforeAll(async () => {
  stand = await startProxyStand();
});

afterAll(async () => {
  await stand?.close();
  expect(stand.bugs).toEqual([]);
});

async function serve(handler: http.RequestListener): Promise<http.Server> {
  const upstream = await httpUpstream((request, response) => {
    request.on('error', () => {});
    response.on('error', () => {});
    handler(request, response);
  });
  onTestFinished(() => upstream.close());
  stand.routes.set(HOST, upstream.port);
  return upstream.server;
}

/** A request whose body is written by hand, over either version. */
interface OpenRequest {
  /** Writable: the request's body. */
  body: Duplex | http.ClientRequest;
  /** The response's status and its body to read. */
  response: Promise<{ status: number; body: http.IncomingMessage | http2.ClientHttp2Stream }>;
  /** Leave without a word. */
  leave(): void;
}

type Open = (method: string, headers?: Record<string, string>) => OpenRequest;

const open1 =
  (tls: boolean): Open =>
  (method, headers = {}) => {
    const place = { port: stand.port, host: '127.0.0.1', method, agent: false };
    const all = { ...place, headers: { Host: HOST, ...headers } };
    const request = tls ? https.request({ ...all, servername: HOST, ca: stand.caPem }) : http.request(all);
    request.on('error', () => {});
    request.flushHeaders();
    const response = once(request, 'response').then(([answer]) => {
      answer.on('error', () => {});
      return { status: answer.statusCode as number, body: answer as http.IncomingMessage };
    });
    return { body: request, response, leave: () => request.destroy() };
  };

const open2: Open = (method, headers = {}) => {
  const session = session2(stand.port, HOST, stand.caPem);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const endStream = method === 'GET';
  const stream = session.request({ ':path': '/', ':method': method, ...headers }, { endStream });
  stream.on('error', () => {});
  const response = once(stream, 'response').then(([answer]) => ({
    status: Number(answer[':status']),
    body: stream,
  }));
  return {
    body: stream,
    response,
    leave: () => (endStream ? stream.close(http2.constants.NGHTTP2_CANCEL) : session.destroy()),
  };
};

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of body) text += chunk.toString('latin1');
  return text;
}

const versions: [string, Open][] = [
  ['HTTP/1.1', open1(false)],
  ['HTTP/1.1 with TLS', open1(true)],
  ['HTTP/2', open2],
];
/** With a length a body goes by undici where it is small, else by node:http. */
const framings: [string, Record<string, string>][] = [
  ['with a length', { 'content-length': '12' }],
  ['without a length', {}],
];

describe.each(versions)('over %s', (_version, open) => {
  describe.each(framings)('a request %s', (_framing, headers) => {
    it('reaches the app before its body has come, and may be answered then', async () => {
      await serve((request, response) => {
        response.write('head seen;');
        request.on('data', (chunk: Buffer) => response.write(`${chunk};`));
        request.on('end', () => response.end('end'));
      });
      const ask = open('POST', headers);
      const { body } = await ask.response;
      const [first] = (await once(body, 'data')) as [Buffer];
      expect(first.toString()).toBe('head seen;');
      for (const part of ['12345', '67890']) {
        ask.body.write(part);
        const [echo] = (await once(body, 'data')) as [Buffer];
        expect(echo.toString()).toBe(`${part};`);
      }
      ask.body.end('!!');
      expect(await textOf(body)).toBe('!!;end');
    });

    it.each([
      ['goes on reading', '200000'],
      ['goes on reading', '4000000'],
      ['hangs up', '200000'],
      ['hangs up', '4000000'],
    ])('is answered before its body ends by an app that %s (%s bytes)', async (then, length) => {
      const large = { ...headers, ...(headers['content-length'] ? { 'content-length': length } : {}) };
      await serve((request, response) => {
        request.once('data', () => {
          response.writeHead(413, { 'content-length': '9', ...(then === 'hangs up' ? { connection: 'close' } : {}) });
          response.end('too large');
          if (then === 'goes on reading') request.resume();
          else response.on('finish', () => setTimeout(() => request.socket.destroy(), 50));
        });
      });
      const ask = open('POST', large);
      ask.body.write(Buffer.alloc(100_000));
      const { status, body } = await ask.response;
      expect([status, await textOf(body)]).toEqual([413, 'too large']);
      ask.leave();
    });

    it('breaks for the app when the client leaves in the middle, and is never a short one', async () => {
      let seen = '';
      await serve((request) => {
        request.on('data', () => {
          seen = 'begun';
        });
        request.on('end', () => {
          seen = 'ended';
        });
        request.on('aborted', () => {
          seen = 'aborted';
        });
      });
      const ask = open('POST', headers);
      ask.response.catch(() => {});
      ask.body.write('12345');
      await waitFor('the beginning', () => seen === 'begun');
      ask.leave();
      await waitFor('the end', () => seen !== 'begun');
      expect(seen).toBe('aborted');
    });

    it('is not taken faster than the app reads it', async () => {
      const size = 32 * 1024 * 1024;
      const large = headers['content-length'] ? { 'content-length': String(size) } : {};
      let resume: (() => void) | undefined;
      let bytes = 0;
      await serve((request, response) => {
        resume = () => {
          request.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
          });
          request.on('end', () => response.end('all'));
        };
      });
      const ask = open('POST', large);
      let sent = 0;
      const piece = Buffer.alloc(256 * 1024);
      let isStuck = false;
      const send = async (): Promise<void> => {
        while (sent < size) {
          sent += piece.length;
          if (!ask.body.write(piece)) {
            isStuck = true;
            await once(ask.body, 'drain');
            isStuck = false;
          }
        }
        ask.body.end();
      };
      const sending = send();
      await waitFor('the sender to wait', async () => {
        const before = sent;
        await delay(100);
        return resume !== undefined && isStuck && sent === before;
      });
      // Buffers of two sockets' ends in the kernel (up to 6 MB each on loopback), and HTTP/2 windows.
      expect(sent).toBeLessThan(28 * 1024 * 1024);
      resume?.();
      await sending;
      const { body } = await ask.response;
      expect([await textOf(body), bytes]).toEqual(['all', size]);
    });
  });

  it('an answer is not taken faster than the client reads it', async () => {
    const size = 32 * 1024 * 1024;
    let written = 0;
    await serve((_request, response) => {
      response.writeHead(200, { 'content-length': String(size) });
      const piece = Buffer.alloc(256 * 1024);
      const more = (): void => {
        while (written < size) {
          written += piece.length;
          if (!response.write(piece)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const ask = open('GET');
    ask.body.end();
    const { body } = await ask.response;
    body.pause();
    await waitFor('the app to wait', async () => {
      const before = written;
      await delay(100);
      return before === written;
    });
    expect(written).toBeLessThan(28 * 1024 * 1024);
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(size);
  });

  it('each event of a stream comes when it is sent, however long the pauses', async () => {
    let send = (_text: string): void => {};
    let isClosed = false;
    await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send = (text) => void response.write(text);
      response.on('close', () => {
        isClosed = true;
      });
      send(': hello\n\n');
    });
    const ask = open('GET');
    ask.body.end();
    const { body } = await ask.response;
    for (const text of [': hello\n\n', 'data: 1\n\n', 'data: 2\n\n']) {
      if (!text.startsWith(':')) send(text);
      const [chunk] = (await once(body, 'data')) as [Buffer];
      expect(chunk.toString()).toBe(text);
      await delay(60);
    }
    ask.leave();
    await waitFor('the app to be told', () => isClosed);
  });

  it('an answer that is long in coming is waited for, and the app told when the client will not', async () => {
    let state = 'nothing';
    await serve((_request, response) => {
      state = 'asked';
      response.on('close', () => {
        state = 'left';
      });
    });
    const ask = open('GET');
    ask.body.end();
    ask.response.catch(() => {});
    await waitFor('the request', () => state === 'asked');
    await delay(100);
    expect(state).toBe('asked');
    ask.leave();
    await waitFor('the app to be told', () => state === 'left');
  });

  it.each(['with a length', 'in chunks', 'in chunks, by reset'])(
    'an answer (%s) that breaks off is broken',
    async (how) => {
      await serve((_request, response) => {
        if (how === 'with a length') response.setHeader('content-length', '100');
        response.write('half', () =>
          how.endsWith('reset') ? response.socket?.resetAndDestroy() : response.socket?.destroy(),
        );
      });
      const ask = open('GET');
      ask.body.end();
      const { body } = await ask.response;
      let text = '';
      body.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      let isWhole = false;
      body.on('end', () => {
        isWhole = body instanceof http.IncomingMessage ? body.complete : body.rstCode === 0;
      });
      await once(body, 'close').catch(() => {});
      expect([text, isWhole]).toEqual(['half', false]);
    },
  );
});

describe('the connection', () => {
  it('to the client stays when the app closes its own, and to the app when the client closes its own', async () => {
    let connections = 0;
    const server = await serve((request, response) => {
      if (request.url === '/close') response.setHeader('Connection', 'close');
      response.end('ok');
    });
    server.on('connection', () => connections++);
    const client = await rawClient({ port: stand.port, host: HOST });
    for (const path of ['/close', '/close', '/']) {
      const before = client.text().length;
      client.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      await client.until('the answer', () => client.text().slice(before).endsWith('ok'));
      expect(client.text().slice(before)).not.toMatch(/connection: close/i);
    }
    client.socket.destroy();
    expect(connections).toBe(3);
    for (const framing of ['', 'Transfer-Encoding: chunked\r\n', '']) {
      const closing = await rawClient({ port: stand.port, host: HOST });
      const body = framing === '' ? '' : '0\r\n\r\n';
      closing.socket.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${framing}\r\n${body}`);
      await closing.until('the end', closing.ended);
      expect(closing.text()).toMatch(/\r\nConnection: close\r\n/i);
      closing.socket.destroy();
    }
    // One more for node:http, which has connections of its own.
    expect(connections).toBe(4);
  });

  it('carries requests that a client sends one behind the other without waiting, in order', async () => {
    await serve((request, response) => {
      const wait = request.url === '/0' ? 60 : 0;
      setTimeout(() => response.end(`<${request.url}${'x'.repeat(100_000)}>`), wait);
    });
    const client = await rawClient({ port: stand.port, host: HOST });
    const asks = [0, 1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).join('');
    client.socket.write(asks);
    await client.until('four answers', () => client.text().split('x>').length === 5);
    expect([...client.text().matchAll(/<\/(\d)/g)].map(([, i]) => i)).toEqual(['0', '1', '2', '3']);
    client.socket.destroy();
  });

  it('may be silent under way for longer than an idle one is kept', async () => {
    let answer = (): void => {};
    let asked = 0;
    await serve((request, response) => {
      request.resume().on('end', () => {
        if (++asked === 1) response.end('first');
        else answer = () => void response.end('late');
      });
    });
    const ask = (): OpenRequest => {
      const made = open1(false)('POST', { 'transfer-encoding': 'chunked' });
      made.body.end();
      return made;
    };
    expect(await textOf((await ask().response).body)).toBe('first');
    const late = ask();
    await waitFor('the second request', () => asked === 2);
    await delay(4_500);
    answer();
    expect(await textOf((await late.response).body)).toBe('late');
  });
});

it.each(framings)(
  'an HTTP/2 request %s that the client resets in the middle is never a short one',
  async (_how, headers) => {
    let seen = '';
    await serve((request) => {
      request.on('data', () => {
        seen = 'begun';
      });
      request.on('end', () => {
        seen = 'ended';
      });
      request.on('aborted', () => {
        seen = 'aborted';
      });
    });
    const session = await rawSession(stand.port, HOST, stand.caPem);
    const head = { ':method': 'POST', ':scheme': 'https', ':authority': HOST, ':path': '/', ...headers };
    session.send(requestFrame(1, 0, Object.entries(head)), frame(FRAME.data, 0, 1, Buffer.from('12345')));
    await waitFor('the beginning', () => seen === 'begun');
    session.send(frame(FRAME.reset, 0, 1, Buffer.from([0, 0, 0, 8])));
    await waitFor('the end', () => seen !== 'begun');
    expect(seen).toBe('aborted');
    session.destroy();
  },
);

it('an app that answers in an instant and hangs up is heard to its last byte', async () => {
  const body = 'x'.repeat(2_000_000);
  const upstream = await rawUpstream((text, socket) => {
    if (text.endsWith('\r\n\r\n')) socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  onTestFinished(() => upstream.close());
  stand.routes.set(HOST, upstream.port);
  for (const [, open] of versions) {
    const ask = open('GET');
    ask.body.end();
    expect(await textOf((await ask.response).body)).toBe(body);
  }
});
