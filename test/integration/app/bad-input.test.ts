/** What goes wrong around the whole program: each is answered in words, and the proxy goes on. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { type LlmServer, startLlmServer } from '../../fixtures/llm-server.ts';
import { scenarios } from '../../fixtures/llm-servers/scenarios.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let parent: string;
let shop: SampleProject;
let app: StartedProcess;

beforeAll(async () => {
  parent = await makeTempDir('hw-bad');
  shop = await makeApiProject(parent, 'shop');
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  await app.printed(/listening on/);
});

afterAll(async () => {
  await app?.stop();
  await removeDir(parent);
});

const asJson = { accept: 'application/json' };

describe('a hostname that nobody can settle', () => {
  let hostwise: RunningHostwise;
  beforeAll(async () => {
    hostwise = await startHostwise({ env: { LLM_API_KEY: undefined, LLM_API_URL: undefined } });
  });
  afterAll(() => hostwise?.stop());

  it('gets 404 that says why the LLM was not asked, and nothing is remembered', async () => {
    const answer = await ask1({ port: hostwise.httpPort, host: 'zzz.localhost', headers: asJson });
    expect(answer.status).toBe(404);
    const said = JSON.parse(answer.body);
    expect(said.why).toMatch(/LLM_API_KEY/);
    expect(said.candidates.map((one: { name: string }) => one.name).join()).toContain(shop.name);
    expect(answer.body).not.toContain(parent);
    const known = await ask1({ port: hostwise.httpPort, host: `${shop.name}.localhost`, headers: asJson });
    expect(known.status).toBe(200);
    const remembered = await askControl(hostwise.controlSocket, '/_api/mappings/');
    expect(Object.keys(remembered as object)).toEqual([`${shop.name}.localhost`]);
  });

  it('is found as soon as its server has started', async () => {
    const late = await makeApiProject(parent, 'late');
    const host = `${late.name}.localhost`;
    expect((await ask1({ port: hostwise.httpPort, host, headers: asJson })).status).toBe(404);
    const server = startProcess(process.execPath, ['server.js'], { cwd: late.folder });
    onTestFinished(() => server.stop());
    await server.printed(/listening on/);
    const headers = { ...asJson, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask1({ port: hostwise.httpPort, host, headers })).status).toBe(200);
  });
});

describe.each([
  ['refuses the key', scenarios.unauthorizedString],
  ['answers nonsense', scenarios.garbage],
  ['names a service that does not exist', scenarios.unknownId],
  ['answers 500 with HTML', scenarios.serverErrorHtml],
])('an LLM that %s', (_what, handler) => {
  let hostwise: RunningHostwise;
  let llm: LlmServer;
  beforeAll(async () => {
    llm = await startLlmServer(handler);
    hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
  });
  afterAll(async () => {
    await hostwise?.stop();
    await llm?.close();
  });

  it('decides nothing: 404 with the reason, and exact names go on', async () => {
    const answer = await ask1({ port: hostwise.httpPort, host: 'webshop.localhost', headers: asJson });
    expect(answer.status).toBe(404);
    expect(llm.requests.length).toBeGreaterThan(0);
    expect(JSON.parse(answer.body).why).toMatch(/LLM|model/);
    const known = await ask1({ port: hostwise.httpPort, host: `${shop.name}.localhost`, headers: asJson });
    expect(known.status).toBe(200);
  });
});

describe('an LLM that answers', () => {
  it('settles a name that is not exact once, for many who ask at the same time, and never sees a path', async () => {
    const llm = await startLlmServer();
    const hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
    try {
      const host = `my-${shop.name}-app.localhost`;
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => ask1({ port: hostwise.httpPort, host, headers: asJson })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
      expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ api: shop.name });
      expect(llm.requests).toHaveLength(1);
      expect(JSON.stringify(llm.requests)).not.toContain(parent);
    } finally {
      await hostwise.stop();
      await llm.close();
    }
  });

  it('that cannot be reached is said, and costs the client no more than a moment', async () => {
    const hostwise = await startHostwise({ env: { LLM_API_URL: 'http://127.0.0.1:9/v1', MODEL: 'test' } });
    try {
      const answer = await ask1({ port: hostwise.httpPort, host: 'webshop.localhost', headers: asJson });
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body).why).toMatch(/LLM_NETWORK/);
    } finally {
      await hostwise.stop();
    }
  });
});

describe('an LLM that never answers', () => {
  it('leaves no blank page, keeps exact names going, and does not keep the program from stopping', async () => {
    const llm = await startLlmServer(scenarios.hang);
    const hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
    onTestFinished(async () => {
      await hostwise.stop();
      await llm.close();
    });
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const asking = ask1({ port: hostwise.httpPort, host: 'webshop.localhost', headers });
    expect(await loopMs(asking)).toBeLessThan(3_000);
    const answer = await asking;
    expect(answer.status).toBe(503);
    expect(answer.body).toMatch(/http-equiv="refresh"/);
    const known = await ask1({ port: hostwise.httpPort, host: `${shop.name}.localhost`, headers: asJson });
    expect(known.status).toBe(200);
    process.kill(hostwise.process.pid, 'SIGTERM');
    expect(await loopMs(hostwise.process.exited)).toBeLessThan(5_000);
  });
});

describe('an LLM that takes its time', () => {
  it('is waited for by a typed ?force, which a page that reloads would lose', async () => {
    const llm = await startLlmServer(scenarios.slow(1_500));
    const hostwise = await startHostwise({
      args: ['--resolve', 'llm'],
      env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' },
    });
    onTestFinished(async () => {
      await hostwise.stop();
      await llm.close();
    });
    const host = `${shop.name}.localhost`;
    expect((await ask1({ port: hostwise.httpPort, host, headers: asJson })).status).toBe(200);
    const fetchSite = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const headers = { ...fetchSite, accept: 'text/html' };
    const answer = await ask1({ port: hostwise.httpPort, host, path: '/a?force', headers });
    expect([answer.status, answer.headers.location]).toEqual([303, `http://${host}:${hostwise.httpPort}/a`]);
    expect(llm.requests).toHaveLength(2);
  });
});

describe('a start that cannot succeed', () => {
  async function startAndFail(args: string[]): Promise<{ code: number | null; output: string }> {
    const child = startProcess(process.execPath, [MAIN, 'run', ...args], { cwd: ROOT, env: COMPILE_CACHE });
    const code = await child.exited;
    return { code, output: child.output() };
  }

  it('because the data folder is a file: says so, exit 1', async () => {
    const file = path.join(parent, 'not-a-folder');
    await writeFile(file, '');
    const { code, output } = await startAndFail(['--data-dir', file, '--https-port', '0', '--http-port', '0']);
    expect(code).toBe(1);
    expect(output).toContain(file);
    expect(output).not.toMatch(/\n\s+at /);
  });

  it('because the CA in it can be read by others: refused, and left as it is', async () => {
    const dataDir = path.join(parent, 'open-ca');
    await mkdir(dataDir, { mode: 0o700 });
    const made = await startHostwise({ dataDir });
    await made.stop();
    const key = path.join(dataDir, 'ca', 'intermediate.key');
    await chmod(key, 0o644);
    const { code, output } = await startAndFail(['--data-dir', dataDir, '--https-port', '0', '--http-port', '0']);
    expect(code).toBe(1);
    expect(output).toContain(key);
    expect(await readFile(key, 'utf8')).toContain('PRIVATE KEY');
  });

  it('because a port that was asked for is taken: names the process that has it', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as net.AddressInfo;
    const args = ['--data-dir', path.join(parent, 'busy'), '--https-port', String(port), '--http-port', '0'];
    const { code, output } = await startAndFail(args);
    holder.close();
    expect(code).toBe(1);
    expect(output).toContain(String(port));
    expect(output).toContain(String(process.pid));
  });

  it('because another one runs on the same data folder: says so, and that one goes on', async () => {
    const hostwise = await startHostwise();
    onTestFinished(() => hostwise.stop());
    const args = ['--data-dir', hostwise.dataDir, '--https-port', '0', '--http-port', '0'];
    const { code, output } = await startAndFail(args);
    expect(code).toBe(1);
    expect(output).toMatch(/already/i);
    expect((await ask1({ port: hostwise.httpPort, host: `${shop.name}.localhost` })).status).toBe(200);
  });
});
