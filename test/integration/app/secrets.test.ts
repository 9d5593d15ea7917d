/** Real processes with secrets on their command lines: none is told to the LLM, and none is kept by us. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { type LlmServer, sendAnswer, startLlmServer } from '../../fixtures/llm-server.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** An ordinary word: nothing but its place says that it is a secret. */
const WORD = 'wolkenkuckucksheim';
const API_KEY = 'a-key-of-plain-words';
const ARGV = [
  ['server.js', `--password=${WORD}`, '--token', WORD, `-p${WORD}`, '-u', `kim:${WORD}`],
  ['server.js', '--header', `Authorization: Bearer ${WORD}`, `{"secret":"${WORD}"}`, `Server=db;Pwd=${WORD}`],
  ['server.js', `postgres://kim:${WORD}@127.0.0.1/shop`, `https://x.example/?sig=${WORD}`, `PGPASSWORD=${WORD}`, WORD],
];

interface Listed {
  id: string;
  project?: string;
  ports: number[];
}

let parent: string;
let shop: SampleProject;
let llm: LlmServer;
let hostwise: RunningHostwise;
const apps: StartedProcess[] = [];

beforeAll(async () => {
  parent = await makeTempDir('hw-secrets');
  shop = await makeApiProject(parent, 'shop');
  for (const argv of ARGV) {
    const app = startProcess(process.execPath, argv, { cwd: shop.folder, env: { SECRET: WORD } });
    apps.push(app);
    await app.printed(/listening on/);
  }
  // Chooses one of the three, and repeats what it was told and asked with.
  llm = await startLlmServer(({ body, headers }, response) => {
    const { candidates } = JSON.parse(body.messages[1]?.content ?? '{}') as { candidates: Listed[] };
    for (const one of candidates.filter(({ project }) => project === shop.name).slice(0, 1)) {
      const reason = `${headers.authorization} ${JSON.stringify(one)}`;
      sendAnswer(response, body, { candidate: one.id, port: one.ports[0], confidence: 1, reason });
    }
    return false;
  });
  hostwise = await startHostwise({
    args: ['--log-level', 'debug', '--resolve', 'llm'],
    env: { LLM_API_URL: llm.url, LLM_API_KEY: API_KEY, MODEL: 'test' },
  });
});
afterAll(async () => {
  await hostwise?.stop();
  await Promise.all(apps.map((app) => app.stop()));
  await llm?.close();
  await removeDir(parent);
});

describe('a decision among processes with secrets', () => {
  it('tells and keeps none of them, nor the key', async () => {
    const host = `cart-of-${shop.name}.localhost`;
    const path = `/?prompt=${encodeURIComponent(`it has --password ${WORD} or token: ${WORD}`)}`;
    const answer = await ask1({ port: hostwise.httpPort, host, path, headers: { accept: 'application/json' } });
    expect(answer.status).toBe(200);

    expect(llm.requests).toHaveLength(1);
    const [request] = llm.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(JSON.stringify(request?.body)).toContain(shop.name);
    expect(JSON.stringify(request?.body)).toContain('[redacted]');

    const file = join(hostwise.dataDir, 'mappings.json');
    const mappings = await waitFor('the mapping on disk', async () => {
      const text = await readFile(file, 'utf8').catch(() => '');
      return text.includes(host) ? text : undefined;
    });
    const decisions = JSON.stringify(await askControl(hostwise.controlSocket, '/_api/decisions'));
    expect(decisions).toContain('[redacted]');
    const requests = JSON.stringify(await askControl(hostwise.controlSocket, '/_api/requests'));
    expect(requests).toContain('prompt=');
    const log = hostwise.process.output();
    expect(log).toContain('Decided');
    for (const [where, text] of Object.entries({
      request: JSON.stringify(request?.body),
      mappings,
      decisions,
      requests,
      log,
    })) {
      expect([where, text.includes(WORD), text.includes(API_KEY)]).toEqual([where, false, false]);
    }
  });
});
