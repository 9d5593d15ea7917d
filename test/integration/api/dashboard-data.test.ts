import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openapiDocument } from '../../../src/api/openapi.ts';
import * as schemas from '../../../src/api/schemas.ts';
import type { RequestDetail, RequestsAnswer, RoutesAnswer } from '../../../src/api/wire.ts';
import type { Mapping } from '../../../src/core/mapping.ts';
import type { TrafficRecord } from '../../../src/core/traffic.ts';
import { LogRing } from '../../../src/platform/log-ring.ts';
import { Decisions } from '../../../src/resolve/decisions.ts';
import { Traffic } from '../../../src/traffic/traffic.ts';
import { trafficRecord } from '../../../src/traffic/traffic-record.test-data.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { type ControlServer, fromDashboard, PAGE_TOKEN, SNAPSHOT, serveControl } from './serve-control.ts';

const traffic = new Traffic();
const logs = new LogRing();
const replayed: TrafficRecord[] = [];
const mappingListeners = new Set<() => void>();
let server: ControlServer;

beforeAll(async () => {
  server = await serveControl({
    traffic,
    logs,
    replay: async (record) => {
      replayed.push(record);
      return { status: 204, totalMs: 12 };
    },
    onMappings: (listener) => {
      mappingListeners.add(listener);
      return () => mappingListeners.delete(listener);
    },
  });
  server.mappings.set('shop.localhost', {
    type: 'process',
    target: 'localhost',
    port: 5173,
    createdAt: '2026-01-01T00:00:00.000Z',
    llmReason: 'token=abcdef12345 said so',
    source: 'llm',
    confidence: 0.9,
    identity: {
      kind: 'process',
      root: '/home/kim/shop',
      workdir: '/home/kim/shop',
      shape: 'node server.js',
      argsDigest: '',
    },
  });
  const records = [
    trafficRecord({
      target: '/ok?page=2&access_token=s3cret',
      requestHeaders: ['Cookie', 'session=1', 'Accept', '*/*'],
    }),
    trafficRecord({ status: 404, target: '/missing' }),
    trafficRecord({ status: 502, target: '/down', error: 'It refused the connection', method: 'POST', bytesIn: 3 }),
    trafficRecord({ status: 0, target: '/slow', totalMs: undefined, hostname: 'api.localhost' }),
  ];
  for (const record of records) {
    traffic.began(record);
    if (record.totalMs !== undefined) traffic.ended(record);
  }
});

afterAll(() => server?.close());

const get = (path: string) =>
  server.request({ host: 'proxy.localhost', path, headers: fromDashboard(server) }).then((answer) => {
    expect(answer.headers['cache-control']).toBe('no-store');
    return answer;
  });

describe('what the dashboard asks for', () => {
  it('has every route with what it reaches and how that goes', async () => {
    const answer = (await get('/_api/routes')).json() as RoutesAnswer;
    expect(schemas.routesSchema.parse(answer)).toEqual(answer);
    expect(answer.routes).toHaveLength(1);
    expect(answer.routes[0]).toMatchObject({
      key: 'shop.localhost',
      label: 'shop',
      source: 'llm',
      reason: 'token=*** said so',
      traffic: { requests: 3, errors: 1, open: 0, lastError: { text: 'It refused the connection' } },
    });
    expect((await get('/_api/traffic?route=nobody.localhost')).json()).toMatchObject({ hosts: {} });
    const chart = (await get('/_api/traffic?route=shop.localhost&route=nobody.localhost')).json();
    expect(chart).toEqual((await get('/_api/traffic')).json());
    expect(schemas.trafficSchema.parse(chart).hosts['shop.localhost']?.at(-1)).toMatchObject({
      requests: 3,
      errors: 1,
    });
  });

  it('has the last requests, newest first, by status, route and text, in pages', async () => {
    const list = async (query: string): Promise<string[]> => {
      const answer = (await get(`/_api/requests${query}`)).json() as RequestsAnswer;
      expect(schemas.requestsSchema.parse(answer)).toEqual(answer);
      return answer.requests.map(({ target }) => target);
    };
    expect(await list('')).toEqual(['/slow', '/down', '/missing', '/ok?page=2&access_token=***']);
    expect(await list('?status=4xx')).toEqual(['/missing']);
    expect(await list('?status=error')).toEqual(['/down']);
    expect(await list('?status=open')).toEqual(['/slow']);
    expect(await list('?route=api.localhost')).toEqual(['/slow']);
    expect(await list('?text=REFUSED')).toEqual(['/down']);
    const page = (await get('/_api/requests?limit=2')).json() as RequestsAnswer;
    expect(page.requests.map(({ target }) => target)).toEqual(['/slow', '/down']);
    expect(await list(`?before=${page.next}`)).toEqual(['/missing', '/ok?page=2&access_token=***']);
    expect((await get('/_api/requests?status=nonsense')).status).toBe(400);
    expect((await get('/_api/requests?before=-1')).status).toBe(400);
  });

  it('shows one request in full, with secrets masked everywhere', async () => {
    const answer = await get('/_api/requests/1');
    const detail = answer.json() as RequestDetail;
    expect(schemas.requestDetailSchema.parse(detail)).toEqual(detail);
    expect(detail).toMatchObject({
      requestHeaders: [
        ['Cookie', '***'],
        ['Accept', '*/*'],
      ],
      timings: { queueMs: 0.1, connectMs: 0.1, firstByteMs: 3.8, totalMs: 5 },
      curl: "curl --header 'Cookie: ***' --header 'Accept: */*' 'https://shop.localhost/ok?page=2&access_token=***'",
      replayable: true,
    });
    expect(answer.body).not.toContain('s3cret');
    expect((await get('/_api/requests/99')).status).toBe(404);
    expect((await get('/_api/requests/1e1')).status).toBe(404);
  });

  it('sends a GET once more, and nothing that could change something', async () => {
    const post = (id: number, headers: Record<string, string> = { 'x-hostwise-token': PAGE_TOKEN }) =>
      server.request({
        host: 'proxy.localhost',
        path: `/_api/requests/${id}/replay`,
        method: 'POST',
        headers: fromDashboard(server, headers),
      });
    expect((await post(1)).json()).toEqual({ status: 204, totalMs: 12 });
    expect(replayed.map(({ id }) => id)).toEqual([1]);
    expect((await post(3)).status).toBe(400);
    expect((await post(1, {})).status).toBe(403);
    expect(replayed).toHaveLength(1);
  });

  it('has the log by level and text', async () => {
    logs.write('{"level":"info","time":"2026-01-01T00:00:00.000Z","msg":"started","url":"http://u:pw@h/"}');
    logs.write('{"level":"error","time":"2026-01-01T00:00:01.000Z","msg":"went wrong"}');
    const all = (await get('/_api/logs')).json();
    expect(schemas.logsSchema.parse(all).lines.map(({ message }) => message)).toEqual(['went wrong', 'started']);
    expect(JSON.stringify(all)).not.toContain('pw@');
    expect((await get('/_api/logs?level=warn')).body).not.toContain('started');
    expect((await get('/_api/logs?text=STARTED')).body).not.toContain('went wrong');
    expect((await get('/_api/logs?level=loud')).status).toBe(400);
  });

  it('refuses in the words of RFC 9457', async () => {
    const answer = await get('/_api/mappings/nobody.localhost');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(schemas.problemSchema.parse(answer.json())).toMatchObject({
      type: 'urn:hostwise:error:route_not_found',
      status: 404,
      code: 'ROUTE_NOT_FOUND',
      // The same for every 404 (section 3.1.3); what is missing stands in the detail.
      title: 'Not Found',
      detail: expect.stringContaining('nobody.localhost'),
    });
  });
});

describe('two editors', () => {
  const put = (headers: Record<string, string>) =>
    server.request({
      host: 'proxy.localhost',
      path: '/_api/mappings/two.localhost',
      method: 'PUT',
      headers: fromDashboard(server, {
        'x-hostwise-token': PAGE_TOKEN,
        'content-type': 'application/json',
        ...headers,
      }),
      body: JSON.stringify({ type: 'process', target: 'localhost', port: 4000 + Math.floor(Math.random() * 1000) }),
    });

  it('do not overwrite each other', async () => {
    expect((await put({ 'if-none-match': '*' })).status).toBe(200);
    expect((await put({ 'if-none-match': '*' })).status).toBe(412);
    const { etag } = (await get('/_api/mappings/two.localhost')).headers;
    expect((await put({ 'if-match': '"somebody-elses"' })).status).toBe(412);
    expect((await put({ 'if-match': String(etag) })).status).toBe(200);
    expect((await put({ 'if-match': String(etag) })).status).toBe(412);
    const remove = (match: string) =>
      server.request({
        host: 'proxy.localhost',
        path: '/_api/mappings/two.localhost',
        method: 'DELETE',
        headers: fromDashboard(server, { 'x-hostwise-token': PAGE_TOKEN, 'if-match': match }),
      });
    expect((await remove(String(etag))).status).toBe(412);
    expect((await remove('*')).status).toBe(200);
  });
});

describe('the live view', () => {
  it('tells of requests, log lines and changes, and stops listening when the page is closed', async () => {
    const text: string[] = [];
    const request = http.get({
      port: server.port,
      path: '/_api/events',
      headers: { host: `proxy.localhost:${server.port}`, ...fromDashboard(server) },
    });
    request.on('response', (response) => response.setEncoding('utf8').on('data', (piece: string) => text.push(piece)));
    request.on('error', () => {});
    await waitFor('the stream is open', () => mappingListeners.size === 1);
    traffic.began(trafficRecord({ target: '/live?token=abc123def' }));
    traffic.began(trafficRecord({ hostname: 'made-up.localhost' }));
    logs.write('{"level":"warn","time":"2026-01-01T00:00:02.000Z","msg":"look here"}');
    for (const listener of mappingListeners) listener();
    const all = (): string => text.join('');
    await waitFor('all of it came', () =>
      ['/live?token=***', 'look here', '["routes"]'].every((one) => all().includes(one)),
    );
    // Of the routes that were asked for, and of no hostname that somebody made up.
    expect(JSON.parse(/event: figures\ndata: (.*)/.exec(all())?.[1] ?? '')).toEqual({
      'shop.localhost': traffic.figures('shop.localhost')?.totals,
    });
    expect(all()).toMatch(/^: hello\n\n/);
    request.destroy();
    await waitFor('nobody listens any more', () => mappingListeners.size === 0);
  });

  it('is refused to other pages, like any other answer', async () => {
    const answer = await server.request({
      host: 'proxy.localhost',
      path: '/_api/events',
      headers: fromDashboard(server, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }),
    });
    expect(answer.status).toBe(403);
  });
});

describe('the OpenAPI document', () => {
  it('names every endpoint, and each of them answers', async () => {
    const document = (await get('/_api/openapi.json')).json();
    expect(document).toEqual(JSON.parse(JSON.stringify(openapiDocument('1.2.3'))));
    const { paths } = document as { paths: Record<string, Record<string, unknown>> };
    const readable = Object.keys(paths).filter(
      (path) => paths[path]?.get && !path.includes('{') && path !== '/_api/events',
    );
    expect(readable.length).toBeGreaterThan(8);
    for (const path of readable) {
      const { status } = await get(path === '/_api/resolve' ? `${path}?host=shop.localhost` : path);
      expect([path, status]).toEqual([path, 200]);
    }
  });
});

describe('decisions', () => {
  it('are listed with their trace, and a route that nobody set by hand is decided anew', async () => {
    const decisions = new Decisions();
    const asked: unknown[] = [];
    const own = await serveControl({
      decisions,
      decideAgain: async (ask, prompt) => {
        asked.push([ask, prompt]);
        const step = { step: 'llm', outcome: 'decided', detail: 'token=abcdef123456', durationMs: 4 } as const;
        const facts = {
          decision: 'llm',
          target: { id: 'p1', port: 5173 },
          confidence: 0.9,
          reason: 'It fits',
        } as const;
        const choice = { resolved: null, candidates: SNAPSHOT.processes };
        decisions.add({ host: 'shop.localhost', ...facts, steps: [step], ...choice }, 'request', 12);
      },
    });
    const post = (key: string) =>
      own.request({
        host: 'proxy.localhost',
        path: '/_api/decisions',
        method: 'POST',
        headers: fromDashboard(own, { 'x-hostwise-token': PAGE_TOKEN, 'content-type': 'application/json' }),
        body: JSON.stringify({ key, prompt: 'the web one' }),
      });
    const decided = schemas.decisionSchema.parse((await post('shop.localhost')).json());
    expect(asked).toEqual([[{ hostname: 'shop.localhost' }, 'the web one']]);
    expect(decided).toMatchObject({ decision: 'llm', occasion: 'request', steps: [{ detail: 'token=***' }] });
    const list = await own.request({ host: 'proxy.localhost', path: '/_api/decisions', headers: fromDashboard(own) });
    expect(schemas.decisionsSchema.parse(list.json()).decisions).toHaveLength(1);
    own.mappings.set('mine.localhost', { ...(server.mappings.get('shop.localhost') as Mapping), source: 'user' });
    expect((await post('mine.localhost')).status).toBe(400);
    expect(asked).toHaveLength(1);
    await own.close();
  });
});
