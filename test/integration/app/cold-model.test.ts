/** A local model that has to be loaded first: whoever waits is told so, and is told no longer once it has answered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { type LlmServer, sendAnswer, startLlmServer } from '../../fixtures/llm-server.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const NAVIGATION = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
};
const NOTE = /may have to be loaded first/;

let parent: string;
let shop: SampleProject;
let app: StartedProcess;
let llm: LlmServer;
let hostwise: RunningHostwise;
/** Questions that the model lets wait. */
const waitingAnswers: (() => void)[] = [];
function releaseAll(): void {
  for (const answer of waitingAnswers.splice(0)) answer();
}

beforeAll(async () => {
  parent = await makeTempDir('hw-cold');
  shop = await makeApiProject(parent, 'shop');
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  await app.printed(/listening on/);
  llm = await startLlmServer(({ body }, response) => {
    const answer = { candidate: 'none', port: null, confidence: 0.9, reason: 'nothing fits' };
    waitingAnswers.push(() => sendAnswer(response, body, answer));
    return false;
  });
  hostwise = await startHostwise({ env: { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test' } });
});
afterAll(async () => {
  await hostwise?.stop();
  await app?.stop();
  await llm?.close();
  await removeDir(parent);
});

async function pageOf(host: string): Promise<string> {
  const { status, body } = await ask1({ port: hostwise.httpPort, host, headers: NAVIGATION, path: '/' });
  expect(status).toBe(503);
  return body;
}

describe('a navigation that waits for a local model', () => {
  it('is told that it may have to be loaded, until it has answered once', async () => {
    expect(await pageOf('first.localhost')).toMatch(NOTE);
    releaseAll();
    await waitFor('the first decision', async () => {
      const { decisions } = (await askControl(hostwise.controlSocket, '/_api/decisions')) as { decisions: unknown[] };
      return decisions.length > 0;
    });
    const second = await pageOf('second.localhost');
    expect(second).not.toMatch(NOTE);
    expect(second).toMatch(/language model/);
    releaseAll();
  });
});
