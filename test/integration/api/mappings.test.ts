import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loopMs } from '../../fixtures/loop-time.ts';
import { type ControlServer, serveControl } from './serve-control.ts';

let server: ControlServer;
beforeAll(async () => {
  server = await serveControl();
});
afterAll(() => server.close());
beforeEach(() => server.mappings.clear());

const INPUT = JSON.stringify({ type: 'process', target: 'localhost', port: 5173 });

for (const version of ['1.1', '2'] as const) {
  describe(`/_api/mappings over HTTP/${version}`, () => {
    const ask = (method: string, path: string, body?: string, headers?: Record<string, string>) =>
      server.request({
        method,
        path,
        version,
        ...(body === undefined ? {} : { body }),
        ...(headers ? { headers } : {}),
      });

    it('stores, lists, shows and deletes a mapping with the seed’s answers', async () => {
      const put = await ask('PUT', '/_api/mappings/shop.localhost', INPUT);
      expect([put.status, put.body]).toEqual([200, 'Updated']);
      const one = await ask('GET', '/_api/mappings/shop.localhost');
      expect(one.json()).toMatchObject({ type: 'process', target: 'localhost', port: 5173, source: 'user' });
      const all = await ask('GET', '/_api/mappings/');
      expect(Object.keys(all.json() as object)).toEqual(['shop.localhost']);
      const gone = await ask('DELETE', '/_api/mappings/shop.localhost');
      expect([gone.status, gone.body]).toEqual([200, 'Deleted']);
      expect((await ask('GET', '/_api/mappings/shop.localhost')).status).toBe(404);
    });

    it('says “Deleted” also when there was nothing', async () => {
      const gone = await ask('DELETE', '/_api/mappings/other.localhost');
      expect([gone.status, gone.body]).toEqual([200, 'Deleted']);
    });

    it('takes a related service as key, plain or percent-encoded, and folds case', async () => {
      await ask('PUT', '/_api/mappings/Shop.localhost%3AAPI', INPUT);
      expect([...server.mappings.keys()]).toEqual(['shop.localhost:api']);
      expect((await ask('GET', '/_api/mappings/SHOP.localhost:api')).status).toBe(200);
    });

    it('answers with and without the trailing slash', async () => {
      expect((await ask('GET', '/_api/mappings')).json()).toEqual({});
      expect((await ask('GET', '/_api/mappings/')).json()).toEqual({});
      expect((await ask('PUT', '/_api/mappings/shop.localhost/', INPUT)).status).toBe(200);
    });

    it.each([
      ['no JSON', '{', 'not JSON'],
      ['an empty body', '', 'not JSON'],
      ['no object', '[]', 'no mapping'],
      ['a missing port', '{"type":"process","target":"localhost"}', 'port'],
      ['a port as text', '{"type":"process","target":"localhost","port":"80"}', 'port'],
      ['a port out of range', '{"type":"process","target":"localhost","port":70000}', 'port'],
      ['an unknown type', '{"type":"vm","target":"localhost","port":80}', 'type'],
      ['an empty target', '{"type":"docker","target":"","port":80}', 'target'],
      ['a target that is not there', '{"type":"docker","target":"nowhere","port":80}', 'nowhere'],
    ])('refuses %s with 400, says why and stores nothing', async (_name, body, why) => {
      const answer = await ask('PUT', '/_api/mappings/shop.localhost', body);
      expect(answer.status).toBe(400);
      expect((answer.json() as { detail: string }).detail).toContain(why);
      expect(server.mappings.size).toBe(0);
    });

    it('refuses bytes that are no UTF-8', async () => {
      const body = Buffer.from([0x7b, 0xff, 0x7d]);
      expect((await server.request({ method: 'PUT', path: '/_api/mappings/a.localhost', body, version })).status).toBe(
        400,
      );
    });

    it.each([
      ['evil.example'],
      ['proxy.localhost'],
      ['x.proxy.localhost'],
      ['localhost'],
      ['a..localhost'],
      ['%00.localhost'],
      ['%zz.localhost'],
      ['__proto__'],
      ['shop.localhost:'],
      ['shop.localhost:..'],
      ['shop.localhost:a:b'],
    ])('refuses the key %s', async (key) => {
      expect((await ask('PUT', `/_api/mappings/${key}`, INPUT)).status).toBe(400);
      expect(server.mappings.size).toBe(0);
    });

    it('answers other methods with 405 and what is possible', async () => {
      const one = await ask('POST', '/_api/mappings/shop.localhost', INPUT);
      expect([one.status, one.headers.allow]).toEqual([405, 'GET, HEAD, PUT, DELETE']);
      const all = await ask('DELETE', '/_api/mappings/');
      expect([all.status, all.headers.allow]).toEqual([405, 'GET, HEAD']);
    });

    it('answers HEAD without a body', async () => {
      const head = await ask('HEAD', '/_api/mappings/');
      expect([head.status, head.body]).toEqual([200, '']);
    });

    it('masks secrets in views', async () => {
      server.mappings.set('shop.localhost', {
        type: 'process',
        target: 'localhost',
        port: 1,
        createdAt: '',
        llmReason: 'started with --token abcdefgh',
        processIdentifier: { workdir: '/w', commandPattern: 'DB_PASSWORD=hunter2 node' },
        apiKey: 'xyz',
      });
      for (const path of ['/_api/mappings/', '/_api/mappings/shop.localhost', '/_debug']) {
        const { body } = await ask('GET', path);
        expect(body).toContain('/w');
        expect(body).not.toMatch(/abcdefgh|hunter2|xyz/);
      }
    });
  });
}

describe('bodies', () => {
  it.each(['1.1', '2'] as const)('refuses 10 MB quickly over HTTP/%s', async (version) => {
    const body = Buffer.alloc(10 * 1024 * 1024, 'a');
    const asking = server.request({ method: 'PUT', path: '/_api/mappings/shop.localhost', body, version });
    expect(await loopMs(asking)).toBeLessThan(3_000);
    expect((await asking).status).toBe(413);
    expect(server.mappings.size).toBe(0);
  });

  it('counts a body whose length is not announced', async () => {
    const answer = await server.request({
      method: 'PUT',
      path: '/_api/mappings/shop.localhost',
      body: Buffer.alloc(300_000, 'a'),
      version: '2',
    });
    expect(answer.status).toBe(413);
  });

  it('says “go on” to a client that waits for it', async () => {
    const answer = await server.request({
      method: 'PUT',
      path: '/_api/mappings/shop.localhost',
      body: INPUT,
      headers: { expect: '100-continue' },
    });
    expect(answer.body).toBe('Updated');
  });

  it('survives a client that leaves in the middle of a body', async () => {
    const { calls } = server.peer;
    const socket = connect(server.port, '127.0.0.1');
    socket.write('PUT /_api/mappings/a.localhost HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 5000\r\n\r\n{');
    await once(socket, 'connect');
    while (server.peer.calls === calls) await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect((await server.request({ path: '/_tls_check' })).status).toBe(200);
  });
});

it('tells a store that cannot write', async () => {
  const broken = await serveControl({
    store: {
      get: () => undefined,
      all: () => ({}),
      set: async () => {
        throw new Error('disk full: /secret/path');
      },
      delete: async () => false,
    },
  });
  const answer = await broken.request({ method: 'PUT', path: '/_api/mappings/shop.localhost', body: INPUT });
  await broken.close();
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('/secret/path');
  expect(broken.logged.join()).toContain('disk full');
});
