/** What cannot be seen is said by the status, and never fails a request. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

let parent: string;
let shop: SampleProject;
let app: StartedProcess;
let hostwise: RunningHostwise;

beforeAll(async () => {
  parent = await makeTempDir('hw-warnings');
  shop = await makeApiProject(parent, 'shop');
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  await app.printed(/listening on/);
  hostwise = await startHostwise({ env: { DOCKER_HOST: 'nonsense://nowhere' } });
});

afterAll(async () => {
  await app?.stop();
  await hostwise?.stop();
  await removeDir(parent);
});

it('a DOCKER_HOST that is none is a warning, and processes are found and reached all the same', async () => {
  const answer = await ask1({ port: hostwise.httpPort, host: `${shop.name}.localhost` });
  expect(JSON.parse(answer.body)).toMatchObject({ api: shop.name });
  const { warnings } = (await askControl(hostwise.controlSocket, '/_api/status')) as { warnings: string[] };
  expect(warnings.join('\n')).toContain('nonsense');
});
