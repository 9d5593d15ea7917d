/** What people wrote about a hostname is followed before any guess. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

let home: string;
let shop: SampleProject;
let app: StartedProcess;
let hostwise: RunningHostwise;

beforeAll(async () => {
  home = await makeTempDir('hw-home');
  shop = await makeProject(home, 'shop', (name) => ({
    'package.json': JSON.stringify({ name, private: true, type: 'module', hostwise: `store.${name}` }),
    'server.js': [
      "import { createServer } from 'node:http';",
      "const server = createServer((_, response) => response.end('the shop'));",
      "server.listen(0, '127.0.0.1', () => console.log('listening on', server.address().port));",
    ].join('\n'),
  }));
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  await app.printed(/listening on/);
  hostwise = await startHostwise({ args: ['--resolve', 'names'], env: { HOME: home } });
});
afterAll(async () => {
  await hostwise?.stop();
  await app?.stop();
  await removeDir(home);
});

describe('"hostwise" in package.json', () => {
  it('gives the app a name of the user’s choice', async () => {
    const host = `store.${shop.name}.localhost`;
    const answer = await ask1({ port: hostwise.httpPort, host });
    expect([answer.status, answer.body]).toEqual([200, 'the shop']);
    expect(await askControl(hostwise.controlSocket, '/_api/mappings/')).toMatchObject({ [host]: { source: 'hint' } });
    expect(await askControl(hostwise.controlSocket, `/_api/resolve?host=${host}`)).toMatchObject({
      decision: 'hint',
      steps: [{ step: 'hint', outcome: 'decided', detail: expect.stringContaining('package.json') }],
    });
  });

  it('is what is shown for it: by services, and to pages', async () => {
    const host = `store.${shop.name}.localhost`;
    const running = await cli(['services'], { dataDir: hostwise.dataDir });
    const alone = await cli(['services'], { env: { HOME: home } });
    for (const { stdout } of [running, alone]) {
      const lines = stdout
        .split('\n')
        .filter((line) => line.includes(` p${app.pid} `) || line.endsWith(` p${app.pid}`));
      expect(lines).toEqual([expect.stringContaining(host)]);
    }
    expect(await askControl(hostwise.controlSocket, '/_api/services')).toMatchObject({
      processes: expect.arrayContaining([expect.objectContaining({ pid: app.pid, hostname: host })]),
    });
    // Its other name still leads there.
    const canonical = await ask1({ port: hostwise.httpPort, host: `${shop.name}.localhost` });
    expect([canonical.status, canonical.body]).toEqual([200, 'the shop']);
  });
});
