/** `/_proxy/{service}/` while a project is starting, and what an LLM is told of it: through the whole program. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, ask1 } from '../../fixtures/clients.ts';
import { startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { startLlmServer } from '../../fixtures/llm-server.ts';
import { makeProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

/** What a browser sends with a page's own fetch. */
const FETCH = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' };

let parent: string;
beforeAll(async () => {
  parent = await makeTempDir('hw-siblings');
});
afterAll(() => removeDir(parent));

/** A monorepo whose parts are added one by one. Its page is no "web": a test beside this one counts who has that word. */
function makeMonorepo(): Promise<SampleProject> {
  return makeProject(parent, 'mono', (name) => ({
    'package.json': JSON.stringify({ name, private: true, workspaces: ['apps/*'] }),
  }));
}

async function startPart({ name, folder }: SampleProject, part: string): Promise<void> {
  const root = join(folder, 'apps', part);
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: `@${name}/${part}`, type: 'module' }));
  await writeFile(
    join(root, 'server.js'),
    [
      "import { createServer } from 'node:http';",
      `const server = createServer((request, response) => response.end(\`${part} \${request.url}\`));`,
      "server.listen(0, '127.0.0.1', () => console.log('listening on', server.address().port));",
    ].join('\n'),
  );
  const app = startProcess(process.execPath, ['server.js'], { cwd: root });
  onTestFinished(() => app.stop());
  await app.printed(/listening on/);
}

function fetchFrom(hostwise: RunningHostwise, { name }: SampleProject, path: string): Promise<Answer> {
  return ask1({ port: hostwise.httpPort, host: `desk.${name}.localhost`, path, headers: FETCH });
}

describe('a sibling that starts with its page', () => {
  let hostwise: RunningHostwise;
  beforeAll(async () => {
    hostwise = await startHostwise({ args: ['--resolve', 'names'] });
  });
  afterAll(() => hostwise?.stop());

  it('answers the fetch that was sent before it listened', async () => {
    const mono = await makeMonorepo();
    await startPart(mono, 'desk');
    const early = fetchFrom(hostwise, mono, '/_proxy/api/a%2Fb?x=%00');
    await startPart(mono, 'api');
    expect(await early).toMatchObject({ status: 200, body: 'api /a%2Fb?x=%00' });
  });

  it('is given up when a second look does not find it, and found as soon as it runs', async () => {
    const mono = await makeMonorepo();
    await startPart(mono, 'desk');
    const startedAt = performance.now();
    expect((await fetchFrom(hostwise, mono, '/_proxy/api/x')).status).toBe(404);
    // There was a second look, a second later.
    expect(performance.now() - startedAt).toBeGreaterThan(950);
    await startPart(mono, 'api');
    expect(await fetchFrom(hostwise, mono, '/_proxy/api/x')).toMatchObject({ status: 200, body: 'api /x' });
  });

  it('takes over from the one that answered to another word for it until then', async () => {
    const mono = await makeMonorepo();
    await startPart(mono, 'desk');
    await startPart(mono, 'backend');
    expect((await fetchFrom(hostwise, mono, '/_proxy/api/x')).body).toBe('backend /x');
    await startPart(mono, 'api');
    await expect
      .poll(async () => (await fetchFrom(hostwise, mono, '/_proxy/api/x')).body, { timeout: 15_000 })
      .toBe('api /x');
  });
});

describe('a sibling whose name says nothing', () => {
  it('is asked of the LLM once, with the page it is asked from, among its siblings only', async () => {
    const llm = await startLlmServer();
    const hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
    onTestFinished(async () => {
      await hostwise.stop();
      await llm.close();
    });
    const [mono, other] = await Promise.all([makeMonorepo(), makeMonorepo()]);
    await startPart(mono, 'desk');
    await startPart(mono, 'stock');
    await startPart(other, 'stock');
    expect((await fetchFrom(hostwise, mono, '/_proxy/my-stock/x')).body).toBe('stock /x');
    expect((await fetchFrom(hostwise, mono, '/_proxy/my-stock/y')).body).toBe('stock /y');
    expect(llm.requests).toHaveLength(1);
    const question = llm.requests[0]?.body.messages.at(-1)?.content ?? '';
    expect(question).toContain(`"${mono.name}"`);
    expect(JSON.parse(question.slice(question.indexOf('{')))).toMatchObject({ service: 'my-stock', origin: {} });
    expect(question).not.toContain(other.name);
  });
});
