/** The program from its sources, as `npm start` has it; all other tests start what is published, the bundle. */
import { expect, it, onTestFinished } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { startProcess } from '../../fixtures/dev-server.ts';
import { startHostwise } from '../../fixtures/hostwise-process.ts';
import { SOURCES_MAIN } from '../../fixtures/program.ts';
import { makeApiProject } from '../../fixtures/sample-projects.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

it('finds an app, and has its dashboard', async () => {
  const shop = await makeApiProject(await tempDir('hw-sources'), 'shop');
  const app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  onTestFinished(() => app.stop());
  await app.printed(/listening on/);
  const hostwise = await startHostwise({ main: SOURCES_MAIN });
  onTestFinished(() => hostwise.stop());
  const visit = (host: string, accept: string) => ask1({ port: hostwise.httpPort, host, headers: { accept } });
  expect((await visit(`${shop.name}.localhost`, 'application/json')).status).toBe(200);
  expect((await visit('proxy.localhost', 'text/html')).body).toMatch(/\/assets\/dashboard-[^"]+\.js"/);
});
