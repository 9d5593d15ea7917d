/** What a hostname leads to once the folder of its app is somewhere else, or nowhere. */
import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { git } from '../../fixtures/git-repo.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { startLlmServer } from '../../fixtures/llm-server.ts';
import { makeProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { setRoute } from '../../fixtures/set-route.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

let parent: string;
let hostwise: RunningHostwise;
let project: SampleProject;
let host: string;
let elsewhere: string;

beforeAll(async () => {
  parent = await makeTempDir('hw-moved');
  hostwise = await startHostwise({ args: ['--resolve', 'names'] });
});
afterAll(async () => {
  await hostwise?.stop();
  await removeDir(parent);
});

/** Says where it was started. */
const SERVER = [
  "import { createServer } from 'node:http';",
  "const says = 'app in ' + process.cwd();",
  'const server = createServer((_, response) => response.end(says));',
  "server.listen(0, '127.0.0.1', () => console.log('listening on', server.address().port));",
].join('\n');

beforeEach(async () => {
  project = await makeProject(parent, 'mover', (name) => ({
    'package.json': JSON.stringify({ name, private: true, type: 'module' }),
    'server.js': SERVER,
    'api.js': SERVER,
    'dist/server.js': SERVER,
  }));
  host = `${project.name}.localhost`;
  elsewhere = join(await makeTempDir('hw-moved-to'), project.name);
  onTestFinished(() => removeDir(join(elsewhere, '..')));
});

async function start(cwd: string, ...args: string[]): Promise<StartedProcess> {
  const app = startProcess(process.execPath, args.length > 0 ? args : ['server.js'], { cwd });
  onTestFinished(() => app.stop());
  await app.printed(/listening on/);
  return app;
}

/** What answers, or the status: as curl asks, and no browser. */
async function visit(at = hostwise, name = host): Promise<string | number> {
  const { status, body } = await ask1({ port: at.httpPort, host: name });
  return status === 200 ? body : status;
}

async function mapping(): Promise<Record<string, unknown> | undefined> {
  const all = (await askControl(hostwise.controlSocket, '/_api/mappings/')) as Record<string, Record<string, unknown>>;
  return all[host];
}

describe('a project that is moved', () => {
  it('is found where it is now', async () => {
    const app = await start(project.folder);
    expect(await visit()).toBe(`app in ${project.folder}`);
    await app.stop();
    await rename(project.folder, elsewhere);
    expect(await visit()).toBe(404);
    await start(elsewhere);
    expect(await visit()).toBe(`app in ${elsewhere}`);
    expect(await mapping()).toMatchObject({ source: 'name', identity: { workdir: elsewhere } });
  });

  it('is waited for as long as its folder is there, whoever else is called so', async () => {
    const app = await start(project.folder);
    expect(await visit()).toBe(`app in ${project.folder}`);
    await app.stop();
    await cp(project.folder, elsewhere, { recursive: true });
    await start(elsewhere);
    expect(await visit()).toBe(503);
    await start(project.folder);
    expect(await visit()).toBe(`app in ${project.folder}`);
  });

  it('is not followed by what the user set', async () => {
    const app = await start(project.folder);
    const port = Number(/listening on (\d+)/.exec(app.output())?.[1]);
    await setRoute(hostwise, host, port);
    const before = await mapping();
    await app.stop();
    await rename(project.folder, elsewhere);
    await start(elsewhere);
    expect(await visit()).toBe(503);
    expect(await mapping()).toEqual(before);
  });

  it('is asked of the LLM where no name settles it', async () => {
    const llm = await startLlmServer();
    const asking = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
    onTestFinished(async () => {
      await asking.stop();
      await llm.close();
    });
    const guessed = `the-${project.name}-thing.localhost`;
    const app = await start(project.folder);
    await expect.poll(() => visit(asking, guessed), { timeout: 10_000 }).toBe(`app in ${project.folder}`);
    await app.stop();
    await rename(project.folder, elsewhere);
    await start(elsewhere);
    await expect.poll(() => visit(asking, guessed), { timeout: 10_000 }).toBe(`app in ${elsewhere}`);
    expect(llm.requests).toHaveLength(2);
  });
});

describe('never a neighbour', () => {
  it('a worktree that was removed leaves its name to nobody', async () => {
    await git(project.folder, 'worktree', 'add', '-q', '-b', 'fix-ui', elsewhere);
    await start(project.folder);
    const app = await start(elsewhere);
    const branch = `fix-ui.${host}`;
    expect(await visit(hostwise, branch)).toBe(`app in ${elsewhere}`);
    await app.stop();
    expect(await visit(hostwise, branch)).toBe(503);
    await git(project.folder, 'worktree', 'remove', '--force', elsewhere);
    await expect.poll(() => visit(hostwise, branch), { timeout: 10_000 }).toBe(404);
    expect(await visit()).toBe(`app in ${project.folder}`);
  });

  it('an API does not take the name while a build makes the site’s folder anew', async () => {
    const dist = join(project.folder, 'dist');
    const site = await start(dist);
    expect(await visit()).toBe(`app in ${dist}`);
    await site.stop();
    await removeDir(dist);
    await start(project.folder, 'api.js');
    expect(await visit()).toBe(503);
    await delay(1_100);
    expect(await visit()).toBe(503);
    await mkdir(dist);
    await cp(join(project.folder, 'server.js'), join(dist, 'server.js'));
    await start(dist);
    expect(await visit()).toBe(`app in ${dist}`);
  });

  it('the same server in a folder of another name is the same', async () => {
    const dist = join(project.folder, 'dist');
    const site = await start(dist);
    expect(await visit()).toBe(`app in ${dist}`);
    await site.stop();
    const build = join(project.folder, 'build');
    await rename(dist, build);
    await start(build);
    expect(await visit()).toBe(`app in ${build}`);
    expect(await mapping()).toMatchObject({ source: 'name', identity: { workdir: build } });
  });
});
