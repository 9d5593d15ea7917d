/** The server that starts first does not keep a name that a later one has the better right to. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { startLlmServer } from '../../fixtures/llm-server.ts';
import { makeProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { setRoute } from '../../fixtures/set-route.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { uniqueWord } from '../../fixtures/unique-word.ts';

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
/** Longer than the pause between two looks at one hostname. */
const PAUSE_MS = 2_100;

let parent: string;
beforeAll(async () => {
  parent = await makeTempDir('hw-boot');
});
afterAll(() => removeDir(parent));

/**
 * A project of one root that starts two programs, as `concurrently` does.
 * @param site name of the second one's script, without `.js`
 */
function makePair(site = 'web'): Promise<SampleProject> {
  const server = (says: string) =>
    [
      "import { createServer } from 'node:http';",
      `const server = createServer((_, response) => response.end(${JSON.stringify(says)}));`,
      "server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log('listening on', server.address().port));",
    ].join('\n');
  return makeProject(parent, 'pair', (name) => ({
    'package.json': JSON.stringify({ name, private: true, type: 'module' }),
    'api.js': server('api'),
    [`${site}.js`]: server('web'),
  }));
}

async function start(project: SampleProject, script: string): Promise<StartedProcess> {
  const app = startProcess(process.execPath, [script], { cwd: project.folder });
  onTestFinished(() => app.stop());
  await app.printed(/listening on/);
  return app;
}

async function visit(hostwise: RunningHostwise, host: string, headers: Record<string, string> = NAVIGATION) {
  const { status, body } = await ask1({ port: hostwise.httpPort, host, headers });
  return status === 200 ? body : status;
}

/** The first visit: on a busy machine the waiting page comes before it. */
async function expectFirst(hostwise: RunningHostwise, host: string, says: string): Promise<void> {
  await expect.poll(() => visit(hostwise, host), { timeout: 10_000 }).toBe(says);
}

describe('without an LLM', () => {
  let hostwise: RunningHostwise;
  beforeAll(async () => {
    hostwise = await startHostwise({ args: ['--resolve', 'names'] });
  });
  afterAll(() => hostwise?.stop());

  const mappingOf = async (host: string) => {
    const all = JSON.parse(await readFile(join(hostwise.dataDir, 'mappings.json'), 'utf8'));
    return all[host] as { port: number; source: string; rivals?: string[] };
  };

  it('shows the site at the second navigation when the API was started first', async () => {
    const pair = await makePair();
    const host = `${pair.name}.localhost`;
    await start(pair, 'api.js');
    await expectFirst(hostwise, host, 'api');
    await delay(PAUSE_MS);
    await start(pair, 'web.js');
    // On a machine that is too busy to look around in half a second it is a later one.
    await expect.poll(() => visit(hostwise, host), { timeout: 10_000 }).toBe('web');
    const rivals = [expect.any(String), expect.any(String)];
    await expect.poll(() => mappingOf(host), { timeout: 10_000 }).toMatchObject({ source: 'name', rivals });
  });

  it('stays with the site when the API is started later, and does not ask why at every navigation', async () => {
    const pair = await makePair();
    const host = `${pair.name}.localhost`;
    await start(pair, 'web.js');
    await expectFirst(hostwise, host, 'web');
    await start(pair, 'api.js');
    await delay(PAUSE_MS);
    expect(await visit(hostwise, host)).toBe('web');
    await expect.poll(async () => (await mappingOf(host)).rivals?.length, { timeout: 10_000 }).toBe(2);
    await delay(PAUSE_MS);
    expect(await visit(hostwise, host)).toBe('web');
  });

  it('shows the site when the API that had its name is gone, and never the other way round', async () => {
    const pair = await makePair();
    const host = `${pair.name}.localhost`;
    const api = await start(pair, 'api.js');
    await expectFirst(hostwise, host, 'api');
    await api.stop();
    expect(await visit(hostwise, host)).toBe(503);
    const web = await start(pair, 'web.js');
    await expectFirst(hostwise, host, 'web');
    await web.stop();
    await start(pair, 'api.js');
    expect(await visit(hostwise, host)).toBe(503);
  });

  it('follows a restart on another port while a better one is looked for', async () => {
    const pair = await makePair();
    const host = `${pair.name}.localhost`;
    const first = await start(pair, 'web.js');
    await expectFirst(hostwise, host, 'web');
    const second = await start(pair, 'web.js');
    await first.stop();
    await start(pair, 'api.js');
    await expect.poll(() => visit(hostwise, host), { timeout: 10_000 }).toBe('web');
    await expect
      .poll(async () => (await mappingOf(host)).port)
      .toBe(Number(/listening on (\d+)/.exec(second.output())?.[1]));
  });

  it('is no matter of a page’s assets: they get what the page got', async () => {
    const pair = await makePair();
    const host = `${pair.name}.localhost`;
    await start(pair, 'api.js');
    await expectFirst(hostwise, host, 'api');
    await delay(PAUSE_MS);
    await start(pair, 'web.js');
    expect(await visit(hostwise, host, { accept: '*/*' })).toBe('api');
  });

  it('never moves what the user set', async () => {
    const pair = await makePair();
    const host = `${pair.name}.localhost`;
    const api = await start(pair, 'api.js');
    const port = Number(/listening on (\d+)/.exec(api.output())?.[1]);
    await setRoute(hostwise, host, port);
    await expectFirst(hostwise, host, 'api');
    await start(pair, 'web.js');
    await delay(PAUSE_MS);
    expect(await visit(hostwise, host)).toBe('api');
    await delay(PAUSE_MS);
    expect(await visit(hostwise, host)).toBe('api');
  });
});

describe('with an LLM', () => {
  it('asks it again when somebody new could be meant, and not otherwise', async () => {
    const llm = await startLlmServer();
    const hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
    onTestFinished(async () => {
      await hostwise.stop();
      await llm.close();
    });
    // Nobody else on the machine has that word in a name.
    const site = uniqueWord('site');
    const pair = await makePair(site);
    // No exact name: one word of it fits the project, the other one the script.
    const host = `${pair.name}-${site}.localhost`;
    await start(pair, 'api.js');
    await expectFirst(hostwise, host, 'api');
    expect(llm.requests).toHaveLength(1);
    await delay(PAUSE_MS);
    expect(await visit(hostwise, host)).toBe('api');
    expect(llm.requests).toHaveLength(1);
    await delay(PAUSE_MS);
    await start(pair, `${site}.js`);
    // No navigation waits for an LLM that is asked aside: the first one that comes after its answer shows the site.
    await expect.poll(() => visit(hostwise, host), { timeout: 10_000 }).toBe('web');
    expect(llm.requests).toHaveLength(2);
    const mappings = await askControl(hostwise.controlSocket, '/_api/mappings/');
    expect(mappings).toMatchObject({ [host]: { source: 'llm' } });
  });
});
