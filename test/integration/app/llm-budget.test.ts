/** What a page may cost: however many hostnames it invents, the LLM is asked within the budget, and a click still is. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import {
  askControl,
  type HostwiseOptions,
  type RunningHostwise,
  startHostwise,
} from '../../fixtures/hostwise-process.ts';
import { type LlmHandler, type LlmServer, sendAnswer, startLlmServer } from '../../fixtures/llm-server.ts';
import { scenarios } from '../../fixtures/llm-servers/scenarios.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

const ASSET = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'cross-site' };
const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const TYPED = { ...NAVIGATION, 'sec-fetch-site': 'none' };

let parent: string;
let shop: SampleProject;
let app: StartedProcess;
beforeAll(async () => {
  parent = await makeTempDir('hw-budget');
  shop = await makeApiProject(parent, 'shop');
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  await app.printed(/listening on/);
});
afterAll(async () => {
  await app?.stop();
  await removeDir(parent);
});

async function startBoth(handler: LlmHandler, options: HostwiseOptions = {}) {
  const llm: LlmServer = await startLlmServer(handler);
  const env = { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' };
  const hostwise: RunningHostwise = await startHostwise({ env, ...options });
  onTestFinished(async () => {
    await hostwise.stop();
    await llm.close();
  });
  const get = (host: string, headers: Record<string, string>, path = '/') =>
    ask1({ port: hostwise.httpPort, host, headers, path });
  return { llm, hostwise, get };
}

const nothingFits: LlmHandler = ({ body }, response) => {
  sendAnswer(response, body, { candidate: 'none', port: null, confidence: 0.9, reason: 'nothing fits' });
  return false;
};

describe('a page that asks for 500 hostnames that nobody knows', () => {
  it('costs at most the budget, is told so, and leaves the user’s next click its answer', async () => {
    // The click is the one whose answer is not "none".
    const { llm, hostwise, get } = await startBoth((request, response, count) =>
      JSON.stringify(request.body).includes('basketful-') ? true : nothingFits(request, response, count),
    );
    const hosts = Array.from({ length: 500 }, (_, i) => `invented-${i}.localhost`);
    const answers: string[] = [];
    for (let i = 0; i < hosts.length; i += 50) {
      const some = await Promise.all(hosts.slice(i, i + 50).map((host) => get(host, ASSET)));
      expect(some.map(({ status }) => status)).toEqual(Array(50).fill(404));
      answers.push(...some.map(({ body }) => body));
    }
    expect(llm.requests).toHaveLength(20);
    expect(
      answers.filter((body) => /budget of LLM calls/.test((JSON.parse(body) as { why: string }).why)),
    ).toHaveLength(480);
    expect(hostwise.process.output()).toMatch(/budget of LLM calls/);

    const clicked = await get(`basketful-${shop.name}.localhost`, NAVIGATION);
    expect([clicked.status, llm.requests.length]).toEqual([200, 21]);
    expect((await get(`${shop.name}.localhost`, NAVIGATION)).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['frames', { ...NAVIGATION, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' }],
    ['embeds', { ...NAVIGATION, 'sec-fetch-dest': 'embed', 'sec-fetch-site': 'cross-site' }],
    ['objects', { ...NAVIGATION, 'sec-fetch-dest': 'object', 'sec-fetch-site': 'cross-site' }],
    ['prefetched pages', { ...NAVIGATION, 'sec-fetch-site': 'same-site', 'sec-purpose': 'prefetch' }],
    ['prerendered pages', { ...NAVIGATION, 'sec-fetch-site': 'same-site', 'sec-purpose': 'prefetch;prerender' }],
  ])('cannot use up what is kept for clicks by %s', async (_what, headers) => {
    const { llm, get } = await startBoth(nothingFits);
    for (let i = 0; i < 25; i++) expect((await get(`invented-${i}.localhost`, headers)).status).not.toBe(200);
    expect(llm.requests).toHaveLength(20);
    await get('clicked.localhost', NAVIGATION);
    expect(llm.requests).toHaveLength(21);
  });

  it('costs one question for each hostname, however many of its assets ask at once and again', async () => {
    const { llm, get } = await startBoth(nothingFits);
    for (let round = 0; round < 3; round++) {
      const paths = Array.from({ length: 20 }, (_, i) => `/asset-${i}.js`);
      await Promise.all(paths.map((path) => get('one.localhost', ASSET, path)));
    }
    // Other programs of this machine may start meanwhile: another set of candidates is another question.
    const questions = llm.requests.map(({ body }) => JSON.stringify(body));
    expect(questions.length).toBeGreaterThan(0);
    expect(new Set(questions).size).toBe(questions.length);
  });

  it('is told in the status, too, when not even a click may ask', async () => {
    const { llm, hostwise, get } = await startBoth(nothingFits);
    for (let i = 0; i < 40; i++) await get(`invented-${i}.localhost`, NAVIGATION);
    expect(llm.requests).toHaveLength(30);
    expect(await askControl(hostwise.controlSocket, '/_api/status')).toMatchObject({
      llm: {
        usable: false,
        reason: expect.stringContaining('budget'),
        spend: {
          calls: 30,
          failures: 0,
          promptTokens: 3_000,
          completionTokens: 600,
          cost: expect.closeTo(0.006, 6),
          budgetPerMinute: 30,
          leftThisMinute: 0,
        },
      },
    });
    const picker = await get('invented-39.localhost', NAVIGATION);
    expect(picker.status).toBe(303);
    const page = await ask1({
      port: hostwise.httpPort,
      host: 'proxy.localhost',
      path: '/pick?host=invented-39.localhost',
      headers: TYPED,
    });
    expect(page.body).toMatch(/budget of LLM calls/);
  });
});

describe('?force', () => {
  it('held down asks once in ten seconds, and answers what is known', async () => {
    const { llm, get } = await startBoth(() => true, { args: ['--resolve', 'llm'] });
    const host = `${shop.name}.localhost`;
    for (let i = 0; i < 5; i++) expect((await get(host, TYPED, '/?force')).status).toBe(303);
    expect(llm.requests).toHaveLength(1);
  });

  it('of a hostname that nobody knows says that it was just asked', async () => {
    const { get } = await startBoth(nothingFits);
    const curl = { accept: 'application/json' };
    await get('zzz.localhost', curl, '/?force');
    const again = await get('zzz.localhost', curl, '/?force');
    expect(again.status).toBe(404);
    expect((JSON.parse(again.body) as { why: string }).why).toMatch(/less than 10 s ago/);
  });
});

describe('an LLM that is down', () => {
  it('is told in the status with what it said last, and exact names go on', async () => {
    const { hostwise, get } = await startBoth(scenarios.unauthorizedString);
    expect(await askControl(hostwise.controlSocket, '/_api/status')).toMatchObject({ llm: { usable: true } });
    const answer = await get('zzz.localhost', { accept: 'application/json' });
    expect((JSON.parse(answer.body) as { why: string }).why).toMatch(/LLM_AUTH/);
    expect(await askControl(hostwise.controlSocket, '/_api/status')).toMatchObject({
      llm: { usable: false, reason: expect.stringContaining('LLM_AUTH') },
    });
    expect((await get(`${shop.name}.localhost`, NAVIGATION)).status).toBe(200);
  });
});
