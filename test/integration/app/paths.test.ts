/** Paths of one hostname that other apps answer, and routes made by hand that follow restarts: through the whole program. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

interface Started {
  project: SampleProject;
  app: StartedProcess;
  port: number;
}

const HOST = 'one-origin.localhost';
let parent: string;
let hostwise: RunningHostwise;
let web: Started;
let api: Started;
let auth: Started;

async function start(project: SampleProject): Promise<Started> {
  const app = startProcess(process.execPath, ['server.js'], { cwd: project.folder });
  return { project, app, port: Number((await app.printed(/listening on (\d+)/))[1]) };
}

/** Stop it and start it again; its port is another one, since the old one is taken meanwhile. */
async function restart({ project, app }: Started): Promise<Started> {
  const next = await start(project);
  await app.stop();
  return next;
}

beforeAll(async () => {
  parent = await makeTempDir('hw-paths');
  const projects = await Promise.all(['web', 'api', 'auth'].map((name) => makeApiProject(parent, name)));
  [web, api, auth] = (await Promise.all(projects.map(start))) as [Started, Started, Started];
  hostwise = await startHostwise();
});

afterAll(async () => {
  await Promise.all([web, api, auth].map((one) => one?.app.stop()));
  await hostwise?.stop();
  await removeDir(parent);
});

interface Call {
  method?: string;
  json?: unknown;
  on?: string;
}

function call(path: string, { method = 'GET', json, on = HOST }: Call = {}): Promise<Answer> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) };
  const headers = { accept: 'application/json', ...type };
  return ask1({ port: hostwise.httpPort, host: on, path, method, headers, ...(body === undefined ? {} : { body }) });
}

const put = (key: string, json: unknown): Promise<Answer> =>
  call(`/_api/mappings/${encodeURIComponent(key)}`, { method: 'PUT', json });
const at = ({ port }: Started) => ({ type: 'process', target: 'localhost', port });
const seen = async (path: string, on = HOST): Promise<unknown> => JSON.parse((await call(path, { on })).body);
const answers = ({ project }: Started, path: string) => ({ api: project.name, path });

describe('a mapping with paths', () => {
  beforeEach(async () => {
    const paths = { '/api': at(api), '/api/auth': { ...at(auth), strip: true } };
    expect(await put(HOST, { ...at(web), paths })).toMatchObject({ status: 200, body: 'Updated' });
  });

  it('sends the longest prefix that fits, by whole segments and undecoded bytes', async () => {
    for (const path of ['/', '/apifoo', '/API/x', '/%61pi/x', '/x/../api/y', '//api', '/x?/api/']) {
      expect(await seen(path)).toEqual(answers(web, path));
    }
    for (const path of ['/api', '/api/', '/api?x=%00', '/api/a%2Fb//c;d', '/api/../x', '/api/authors']) {
      expect(await seen(path)).toEqual(answers(api, path));
    }
    expect(await seen('/api/auth/login%2Fx?y')).toEqual(answers(auth, '/login%2Fx?y'));
    expect(await seen('/api/auth')).toEqual(answers(auth, '/'));
    expect(await seen('/api/auth?next=/')).toEqual(answers(auth, '/?next=/'));
  });

  it('keeps who is meant, so that every part follows its restart on another port', async () => {
    const stored = JSON.parse((await call(`/_api/mappings/${HOST}`)).body);
    expect(stored.paths['/api']).toMatchObject({ identity: { kind: 'process', workdir: api.project.folder } });
    [web, api, auth] = (await Promise.all([web, api, auth].map(restart))) as [Started, Started, Started];
    expect(await seen('/api/x')).toEqual(answers(api, '/api/x'));
    expect(await seen('/api/auth/x')).toEqual(answers(auth, '/x'));
    expect(await seen('/x')).toEqual(answers(web, '/x'));
  });

  it('says which part is away, and no other part answers for it', async () => {
    await api.app.stop();
    const answer = await call('/api/x');
    expect([answer.status, JSON.parse(answer.body).hostname]).toEqual([503, `${HOST}/api`]);
    expect(await seen('/x')).toEqual(answers(web, '/x'));
    api = await start(api.project);
    expect(await seen('/api/x')).toEqual(answers(api, '/api/x'));
  });

  it('is changed path by path, and keeps its paths when its own target is set anew', async () => {
    expect((await put(`${HOST}/api`, at(auth))).status).toBe(200);
    expect(await seen('/api/x')).toEqual(answers(auth, '/api/x'));
    expect((await put(HOST, at(api))).status).toBe(200);
    expect(await seen('/')).toEqual(answers(api, '/'));
    expect(await seen('/api/x')).toEqual(answers(auth, '/api/x'));
    expect(JSON.parse((await call(`/_api/mappings/${HOST}/api/auth`)).body)).toMatchObject({ strip: true });
    expect((await call(`/_api/mappings/${HOST}/api`, { method: 'DELETE' })).body).toBe('Deleted');
    expect(await seen('/api/x')).toEqual(answers(api, '/api/x'));
    expect((await put(HOST, { ...at(web), paths: {} })).status).toBe(200);
    expect(await seen('/api/auth/x')).toEqual(answers(web, '/api/auth/x'));
  });

  it('may lead to another hostname, decided like any other', async () => {
    expect((await put(`${HOST}/go`, { to: `${auth.project.name}.localhost`, strip: true })).status).toBe(200);
    expect(await seen('/go/on?x')).toEqual(answers(auth, '/on?x'));
  });

  it.each([
    ['a path with a query', { paths: { '/a?b': {} } }],
    ['a path without a target', { paths: { '/a': {} } }],
    ['a path to a foreign name', { paths: { '/a': { to: 'example.com' } } }],
    ['paths that are a list', { paths: [] }],
    ['a Host with a line break', { host: 'x\r\nEvil: 1' }],
  ])('with %s is refused, and nothing changes', async (_what, wrong) => {
    const answer = await put(HOST, { ...at(auth), ...wrong });
    expect(answer.status).toBe(400);
    expect(await seen('/')).toEqual(answers(web, '/'));
  });

  it('is needed before a path can be set', async () => {
    expect((await put('nobody-yet.localhost/api', at(api))).status).toBe(404);
  });
});

describe('hostwise routes with a path', () => {
  it('sets, lists and forgets it', async () => {
    const options = { dataDir: hostwise.dataDir };
    await cli(['routes', 'set', HOST, String(web.port)], options);
    const set = await cli(
      ['routes', 'set', 'one-origin/v2/', String(api.port), '--strip', '--host', 'target'],
      options,
    );
    expect(set).toMatchObject({ code: 0, stdout: `${HOST}/v2 -> ${api.project.folder}:${api.port}, path stripped\n` });
    const other = `${auth.project.name}.localhost`;
    expect((await cli(['routes', 'set', `${HOST}/who`, other], options)).stdout).toBe(`${HOST}/who -> ${other}\n`);
    expect(await seen('/v2/x')).toEqual(answers(api, '/x'));
    expect(await seen('/who/x')).toEqual(answers(auth, '/who/x'));
    const { stdout } = await cli(['routes'], options);
    expect(stdout).toMatch(/^one-origin\.localhost\/v2 .*path stripped +user/m);
    expect((await cli(['routes', 'rm', 'one-origin/v2'], options)).stdout).toBe(`${HOST}/v2 is forgotten\n`);
    expect(await seen('/v2/x')).toEqual(answers(web, '/v2/x'));
    const stored = JSON.parse(await readFile(`${hostwise.dataDir}/mappings.json`, 'utf8'));
    expect(Object.keys(stored[HOST].paths)).not.toContain('/v2');
  }, 90_000);

  it.each([
    ['shop/a?b', '8000'],
    ['shop/..', '8000'],
    ['shop', '8000', '--strip'],
    ['shop', '8000', '--host', 'a b'],
  ])('refuses %s', async (...args) => {
    const answer = await cli(['routes', 'set', ...args]);
    expect(answer.code).toBe(1);
    expect(answer.stderr).not.toBe('');
  });
});

describe('a route made by hand', () => {
  it.each([
    ['the directory', () => ({ type: 'process', target: api.project.folder, port: api.port })],
    ['the port alone', () => ({ type: 'process', target: 'localhost', port: api.port })],
  ])('from %s follows a restart on another port', async (what, input) => {
    const on = `by-hand-${what === 'the directory' ? 1 : 2}.localhost`;
    expect((await put(on, input())).status).toBe(200);
    expect(await seen('/x', on)).toEqual(answers(api, '/x'));
    const before = api.port;
    api = await restart(api);
    expect(api.port).not.toBe(before);
    expect(await seen('/y', on)).toEqual(answers(api, '/y'));
  });
});
