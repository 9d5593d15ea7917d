/** What the user corrects is told to the LLM when it decides about a similar name, whichever way it was corrected. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { type LlmServer, startLlmServer } from '../../fixtures/llm-server.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { setRoute } from '../../fixtures/set-route.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

let parent: string;
let shop: SampleProject;
let app: StartedProcess;
let port: number;
let llm: LlmServer;
let hostwise: RunningHostwise;

beforeAll(async () => {
  parent = await makeTempDir('hw-corrected');
  shop = await makeApiProject(parent, 'shop');
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  port = Number((await app.printed(/listening on (\d+)/))[1]);
  llm = await startLlmServer();
  hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
});
afterAll(async () => {
  await hostwise?.stop();
  await llm?.close();
  await app?.stop();
  await removeDir(parent);
});

/** The corrections in the prompt that decides about a hostname. */
async function toldAbout(host: string): Promise<unknown[]> {
  await ask1({ port: hostwise.httpPort, host, headers: { accept: 'application/json' } });
  const { content = '{}' } = llm.requests.at(-1)?.body.messages[1] ?? {};
  const asked = JSON.parse(content) as { host: string; corrections?: unknown[] };
  expect(asked.host).toBe(host);
  return asked.corrections ?? [];
}

function correctByPut(host: string): Promise<void> {
  return setRoute(hostwise, host, port);
}

async function correctByPicker(host: string): Promise<void> {
  const at = { port: hostwise.httpPort, host: 'proxy.localhost' };
  const browser = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };
  const page = await ask1({ ...at, path: `/pick?host=${host}`, headers: { ...browser, 'sec-fetch-site': 'none' } });
  const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const choice = new RegExp(`value="([^"]*)"[^>]*>(?:(?!<button)[\\s\\S])*${shop.name}`).exec(page.body)?.[1] ?? '';
  const answer = await ask1({
    ...at,
    path: '/pick',
    method: 'POST',
    headers: {
      ...browser,
      'sec-fetch-site': 'same-origin',
      origin: `http://proxy.localhost:${hostwise.httpPort}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ token, host, choice }).toString(),
  });
  expect([answer.status, page.body.slice(0, answer.status === 303 ? 0 : 4_000)]).toEqual([303, '']);
}

async function correctByCommand(host: string): Promise<void> {
  const { code, stderr } = await cli(['routes', 'set', host, String(port)], { dataDir: hostwise.dataDir });
  expect([code, stderr]).toEqual([0, '']);
}

describe.each([
  ['PUT', 'basket', correctByPut],
  ['the picker', 'checkout', correctByPicker],
  ['routes set', 'till', correctByCommand],
])('a mapping that was set by %s', (_how, word, correct) => {
  it('is an example for a similar name, and the nearest one to it comes last', async () => {
    await correct(`${word}.localhost`);
    const told = await toldAbout(`new-${word}-page.localhost`);
    expect(told.at(-1)).toEqual({ host: `${word}.localhost`, chosen: shop.name, port });
  });
});

it('what the program decided itself is none', async () => {
  const told = await toldAbout(`${shop.name}-again.localhost`);
  expect(told).toHaveLength(3);
});
