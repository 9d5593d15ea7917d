/** Whatever hostname `services` shows leads to its service, today and when others have stopped. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { snapshotSchema } from '../../../src/core/service.ts';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

let parent: string;
let hostwise: RunningHostwise;
beforeAll(async () => {
  parent = await makeTempDir('hw-printed');
  hostwise = await startHostwise({ args: ['--resolve', 'names'], env: { HOME: parent } });
});
afterAll(async () => {
  await hostwise?.stop();
  await removeDir(parent);
});

/** Says where it was started. */
const SERVER = [
  "import { createServer } from 'node:http';",
  'const server = createServer((_, response) => response.end(process.cwd()));',
  "server.listen(0, '127.0.0.1', () => console.log('listening on', server.address().port));",
].join('\n');

async function projectIn(folder: string, name: string): Promise<string> {
  await mkdir(join(parent, folder), { recursive: true });
  const manifest = JSON.stringify({ name, private: true, type: 'module' });
  const made = await makeProject(
    join(parent, folder),
    '',
    () => ({ 'package.json': manifest, 'server.js': SERVER }),
    name,
  );
  return made.folder;
}

async function start(cwd: string, script = 'server.js'): Promise<StartedProcess> {
  const app = startProcess(process.execPath, [script], { cwd });
  onTestFinished(() => app.stop());
  await app.printed(/listening on/);
  return app;
}

/** As `services` of the running proxy shows it. */
async function shownFor({ pid }: StartedProcess): Promise<string> {
  const { stdout } = await cli(['services', '--json'], { dataDir: hostwise.dataDir });
  const { processes } = snapshotSchema.parse(JSON.parse(stdout));
  return String(processes.find((one) => one.pid === pid)?.hostname);
}

async function answerAt(host: string): Promise<string | number> {
  const { status, body } = await ask1({ port: hostwise.httpPort, host });
  return status === 200 ? body : status;
}

describe('a hostname that services shows', () => {
  it('stays when the other project of that name stops', async () => {
    const name = `twin-${process.pid}`;
    const [one, two] = [await projectIn('uno', name), await projectIn('dos', name)];
    const [app, other] = [await start(one), await start(two)];
    const shown = await shownFor(app);
    expect(shown).toBe(`uno.${name}.localhost`);
    await other.stop();
    expect(await shownFor(app)).toBe(`${name}.localhost`);
    expect([await answerAt(shown), await answerAt(`${name}.localhost`)]).toEqual([one, one]);
  });

  it('stays when the other program of the project stops', async () => {
    const folder = await projectIn('.', `pair-${process.pid}`);
    const [app, other] = [await start(folder), await start(folder)];
    const shown = await shownFor(app);
    expect(shown).toMatch(new RegExp(`^node-\\d+\\.pair-${process.pid}\\.localhost$`));
    await other.stop();
    expect(await shownFor(app)).toBe(`pair-${process.pid}.localhost`);
    expect(await answerAt(shown)).toBe(folder);
  });
});

describe('a folder that is no project', () => {
  it('gives no name, and whoever asks for it is told why, and what its server is called', async () => {
    const name = `plain-${process.pid}`;
    const folder = join(parent, name);
    await mkdir(folder);
    await writeFile(join(folder, 'server.mjs'), SERVER);
    const app = await start(folder, 'server.mjs');
    const shown = await shownFor(app);
    expect(shown).toMatch(/^node-\d+/);
    expect(await answerAt(shown)).toBe(folder);
    const { status, body } = await ask1({ port: hostwise.httpPort, host: `${name}.localhost` });
    expect(status).toBe(404);
    expect(body).toContain(`"${name}" is a folder here, and no project`);
    expect(body).toContain(`"${shown.slice(0, -'.localhost'.length)}"`);
    expect(body).not.toContain('No service here is called');
  });
});
