/** `?force` and `?prompt=`: ours for whoever typed them and for the user's programs, the app's in every other case. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { type LlmServer, startLlmServer } from '../../fixtures/llm-server.ts';
import { makeProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

const TYPED = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
  'sec-fetch-dest': 'document',
};

let parent: string;
let auth: SampleProject;
let app: StartedProcess;
let llm: LlmServer;
let hostwise: RunningHostwise;

beforeAll(async () => {
  parent = await makeTempDir('hw-instructed');
  // Answers with what it was asked, as it came.
  auth = await makeProject(parent, 'auth', (name) => ({
    'package.json': JSON.stringify({ name, private: true, type: 'module' }),
    'server.js': [
      "import { createServer } from 'node:http';",
      "const server = createServer((request, response) => response.end([request.method, request.url].join(' ')));",
      "server.listen(0, '127.0.0.1', () => console.log('listening on', server.address().port));",
    ].join('\n'),
  }));
  app = startProcess(process.execPath, ['server.js'], { cwd: auth.folder });
  await app.printed(/listening on/);
  llm = await startLlmServer();
  hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
});

afterAll(async () => {
  await hostwise?.stop();
  await llm?.close();
  await app?.stop();
  await removeDir(parent);
});

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', host = `${auth.name}.localhost`) =>
  ask1({ port: hostwise.httpPort, host, path, method, headers });

describe('a typed address', () => {
  it.each([
    ['/a?force', '/a'],
    ['/a?x=1&force&y=%2F', '/a?x=1&y=%2F'],
    ['/a?prompt=the+one', '/a'],
    ['/?prompt=a&force&', '/?'],
    ['//evil.example/?force', '//evil.example/'],
  ])('%s goes on at %s', async (typed, onward) => {
    const { status, headers } = await ask(typed, TYPED);
    expect([status, headers.location]).toEqual([303, `http://${auth.name}.localhost:${hostwise.httpPort}${onward}`]);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('goes on by HEAD as by GET', async () => {
    expect((await ask('/a?force', TYPED, 'HEAD')).status).toBe(303);
  });

  it.each(['/a?force=1', '/a?force=', '/a?forced', '/a?x=force', '/a?reprompt=1', '/a?prompt'])(
    '%s is the app’s, byte for byte',
    async (path) => {
      expect(await ask(path, TYPED)).toMatchObject({ status: 200, body: `GET ${path}` });
    },
  );
});

describe('a request that was not typed', () => {
  const cases: [string, Record<string, string>][] = [
    ['a link of the app itself', { ...TYPED, 'sec-fetch-site': 'same-origin' }],
    ['a link of a sibling', { ...TYPED, 'sec-fetch-site': 'same-site' }],
    ['a link of another site', { ...TYPED, 'sec-fetch-site': 'cross-site' }],
    ['a fetch of a page', { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' }],
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }],
    ['a frame', { ...TYPED, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' }],
    ['a page of a browser without Sec-Fetch', { origin: 'http://other.localhost' }],
    ['a relayed one', { 'x-forwarded-for': '192.168.1.9' }],
  ];
  const paths = [
    '/authorize?prompt=consent',
    '/authorize?client_id=1&prompt=consent&state=a%2Bb+c',
    '/reload?force',
    '/?x&force&prompt=none&&',
  ];
  it.each(cases)('%s reaches the app byte for byte, and decides nothing', async (_name, headers) => {
    const before = llm.requests.length;
    for (const path of paths) expect(await ask(path, headers)).toMatchObject({ status: 200, body: `GET ${path}` });
    expect(llm.requests).toHaveLength(before);
  });
});

describe('a program of the user’s', () => {
  it('gets the app’s answer to the address without them', async () => {
    expect(await ask('/a?x=1&force')).toMatchObject({ status: 200, body: 'GET /a?x=1' });
    expect(await ask('/a?prompt=the%20one&y')).toMatchObject({ status: 200, body: 'GET /a?y' });
  });

  it('forces nothing by POST: the query is the app’s', async () => {
    expect(await ask('/a?force', {}, 'POST')).toMatchObject({ status: 200, body: 'POST /a?force' });
  });

  it('asks the LLM with its own words when nothing is decided yet, and not when something is', async () => {
    const host = `login-${auth.name}-please.localhost`;
    const before = llm.requests.length;
    expect(await ask('/?prompt=the+login+server', {}, 'GET', host)).toMatchObject({ status: 200, body: 'GET /' });
    expect(llm.requests).toHaveLength(before + 1);
    expect(JSON.parse(llm.requests.at(-1)?.body.messages[1]?.content ?? '')).toMatchObject({
      hint: 'the login server',
    });
    await ask('/?prompt=another', {}, 'GET', host);
    expect(llm.requests).toHaveLength(before + 1);
    await ask('/?prompt=another&force', {}, 'GET', host);
    expect(llm.requests).toHaveLength(before + 2);
  });
});

describe('what the user set', () => {
  it('is never decided again', async () => {
    const host = `mine-${auth.name}.localhost`;
    const port = Number(/listening on (\d+)/.exec(app.output())?.[1]);
    const body = JSON.stringify({ type: 'process', target: 'localhost', port });
    const json = { 'content-type': 'application/json' };
    const put = await ask1({
      port: hostwise.httpPort,
      host,
      method: 'PUT',
      path: `/_api/mappings/${host}`,
      headers: json,
      body,
    });
    expect(put.status).toBe(200);
    const before = llm.requests.length;
    expect((await ask('/a?force', TYPED, 'GET', host)).status).toBe(303);
    expect((await ask('/a?force&prompt=other', {}, 'GET', host)).body).toBe('GET /a');
    expect(llm.requests).toHaveLength(before);
    const kept = await ask('/_api/mappings/' + host, {}, 'GET', host);
    expect(JSON.parse(kept.body)).toMatchObject({ source: 'user', port });
  });
});
