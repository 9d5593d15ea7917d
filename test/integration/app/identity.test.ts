/** Never a neighbour: what a hostname reaches when its app stops, moves, or loses its port to another app. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

let parent: string;
let hostwise: RunningHostwise;
let first: SampleProject;
let second: SampleProject;
const running = new Set<StartedProcess>();

async function start(project: SampleProject, port = 0): Promise<{ port: number; app: StartedProcess }> {
  const app = startProcess(process.execPath, ['server.js'], { cwd: project.folder, env: { PORT: String(port) } });
  running.add(app);
  const printed = await app.printed(/listening on (\d+)/);
  return { app, port: Number(printed[1]) };
}

async function stop(app: StartedProcess): Promise<void> {
  running.delete(app);
  await app.stop();
}

/** Who answers to a project's hostname: the project's name, or the status. */
async function whoAnswers(project: SampleProject): Promise<string | number> {
  const host = `${project.name}.localhost`;
  const answer = await ask1({ port: hostwise.httpPort, host, headers: { accept: 'application/json' } });
  return answer.status === 200 ? (JSON.parse(answer.body) as { api: string }).api : answer.status;
}

beforeAll(async () => {
  parent = await makeTempDir('hw-identity');
  [first, second] = await Promise.all([makeApiProject(parent, 'first'), makeApiProject(parent, 'second')]);
  hostwise = await startHostwise();
});

afterAll(async () => {
  await Promise.all([...running].map((app) => app.stop()));
  await hostwise?.stop();
  await removeDir(parent);
});

describe('an app that stops while another takes its port', () => {
  it('is never answered for by the other, however often they change places', async () => {
    let { app, port } = await start(first);
    expect(await whoAnswers(first)).toBe(first.name);
    for (let round = 0; round < 5; round++) {
      await stop(app);
      ({ app } = await start(second, port));
      expect(await whoAnswers(first)).toBe(503);
      expect(await whoAnswers(second)).toBe(second.name);
      await stop(app);
      ({ app } = await start(first, port));
      expect(await whoAnswers(second)).toBe(503);
      expect(await whoAnswers(first)).toBe(first.name);
    }
    await stop(app);
  });

  it('is not answered for by the other under a storm of requests either', async () => {
    let { app, port } = await start(first);
    expect(await whoAnswers(first)).toBe(first.name);
    let storming = true;
    const seen = new Set<string | number>();
    const storm = Array.from({ length: 4 }, async () => {
      while (storming) seen.add(await whoAnswers(first));
    });
    for (let round = 0; round < 4; round++) {
      await stop(app);
      ({ app } = await start(second, port));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await stop(app);
      ({ app, port } = await start(first, port));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    storming = false;
    await Promise.all(storm);
    await stop(app);
    expect([...seen].filter((one) => one !== first.name && one !== 503 && one !== 502)).toEqual([]);
    expect(seen).toContain(first.name);
  });
});

describe('an app that is restarted', () => {
  it('on another port is followed, without another decision', async () => {
    const before = await start(first);
    expect(await whoAnswers(first)).toBe(first.name);
    const file = `${hostwise.dataDir}/mappings.json`;
    const mappings = JSON.parse(await readFile(file, 'utf8'));
    await stop(before.app);
    expect(await whoAnswers(first)).toBe(503);
    const after = await start(first);
    expect(after.port).not.toBe(before.port);
    expect(await whoAnswers(first)).toBe(first.name);
    // The same decision, of the same moment; only the port that is shown follows.
    const host = `${first.name}.localhost`;
    const followed = { ...mappings, [host]: { ...mappings[host], port: after.port } };
    await expect.poll(async () => JSON.parse(await readFile(file, 'utf8'))).toEqual(followed);
    await stop(after.app);
  });
});
