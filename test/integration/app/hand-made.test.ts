/** A route that a person made by PUT says who is meant: it follows restarts, and shows nobody else. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Answer, ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

let parent: string;
let hostwise: RunningHostwise;

beforeAll(async () => {
  parent = await makeTempDir('hw-hand-made');
  hostwise = await startHostwise({ args: ['--resolve', 'names'] });
});

afterAll(async () => {
  await hostwise?.stop();
  await removeDir(parent);
});

interface Running {
  app: StartedProcess;
  port: number;
}

/** @param port 0: any */
async function start({ folder }: SampleProject, port = 0): Promise<Running> {
  const app = startProcess(process.execPath, ['server.js'], { cwd: folder, env: { PORT: String(port) } });
  onTestFinished(() => app.stop());
  return { app, port: Number((await app.printed(/listening on (\d+)/))[1]) };
}

function call(host: string, path: string, method = 'GET', json?: unknown): Promise<Answer> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) };
  const headers = { accept: 'application/json', ...type };
  return ask1({ port: hostwise.httpPort, host, path, method, headers, ...(body === undefined ? {} : { body }) });
}

const put = (host: string, json: unknown) => call(host, `/_api/mappings/${host}`, 'PUT', json);
const mappingOf = async (host: string) => JSON.parse((await call(host, `/_api/mappings/${host}`)).body);
async function seen(host: string): Promise<unknown> {
  const { status, body } = await call(host, '/');
  return status === 200 ? JSON.parse(body).api : status;
}

it.each([
  ['a port', (_project: SampleProject, port: number) => ({ type: 'process', target: 'localhost', port })],
  ['a directory', ({ folder }: SampleProject, port: number) => ({ type: 'process', target: folder, port })],
])('to %s follows a restart on another port, while a stranger has the old one', async (what, target) => {
  const [mine, stranger] = await Promise.all(['mine', 'stranger'].map((word) => makeApiProject(parent, word)));
  if (!mine || !stranger) throw new Error('no projects');
  const host = `by-${what.replace(/\W/g, '-')}.localhost`;
  const first = await start(mine);
  expect((await put(host, target(mine, first.port))).body).toBe('Updated');
  expect(await seen(host)).toBe(mine.name);
  await first.app.stop();
  const other = await start(stranger, first.port);
  expect(other.port).toBe(first.port);
  expect(await seen(host)).toBe(503);
  await start(mine);
  expect(await seen(host)).toBe(mine.name);
  expect(await mappingOf(host)).toMatchObject({ source: 'user' });
});

it('that is read, changed and written back still says who is meant', async () => {
  const mine = await makeApiProject(parent, 'kept');
  const host = 'written-back.localhost';
  const first = await start(mine);
  await put(host, { type: 'process', target: 'localhost', port: first.port });
  const before = await mappingOf(host);
  await first.app.stop();
  // Nobody runs there now: who is meant can only be kept, not derived.
  expect((await put(host, { ...before, host: 'target' })).body).toBe('Updated');
  const after = await mappingOf(host);
  expect(after).toMatchObject({ identity: before.identity, host: 'target', source: 'user' });
  await start(mine);
  expect(await seen(host)).toBe(mine.name);
});
