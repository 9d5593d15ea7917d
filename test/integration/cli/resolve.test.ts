/** `hostwise resolve` on a snapshot from a file: no machine, no daemon. */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHostwise } from '../../fixtures/hostwise-process.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from './run-cli.ts';

const SNAPSHOT = {
  processes: [processOf('p1', 'shop', 5173), processOf('p2', 'blog', 4321)],
  containers: [],
};

function processOf(id: string, name: string, port: number): object {
  const root = `/home/kim/${name}`;
  return {
    id,
    pid: port,
    ppid: 1,
    command: 'node',
    args: `node ${root}/node_modules/.bin/vite`,
    cwd: root,
    listen: [{ address: '127.0.0.1', port }],
    project: { root, name, workspace: null },
    git: { root, branch: 'main', worktree: false },
  };
}

async function snapshotFile(content: unknown = SNAPSHOT): Promise<string> {
  const file = join(await tempDir('hw-snapshot'), 'snapshot.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function linesOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('hostwise resolve --services FILE', () => {
  it('prints one object a line, in the order asked, and exits 3 when one host fits nothing', async () => {
    const file = await snapshotFile();
    const hosts = ['blog.localhost', 'shop', 'zzz.localhost', 'example.com', 'a b', 'proxy.localhost', ''];
    const { code, stdout } = await cli(['resolve', '--services', file, '--json', '--mode', 'names', ...hosts]);
    expect(code).toBe(3);
    const decisions = linesOf(stdout);
    expect(decisions.map(({ host }) => host)).toEqual(hosts);
    expect(decisions.map(({ decision }) => decision)).toEqual(['name', 'name', 'none', 'none', 'none', 'none', 'none']);
    expect(decisions[0]).toEqual({
      host: 'blog.localhost',
      decision: 'name',
      target: { id: 'p2', port: 4321 },
      confidence: 1,
      reason: expect.any(String),
      steps: [
        expect.objectContaining({ step: 'hint', outcome: 'nothing' }),
        expect.objectContaining({ step: 'name', outcome: 'decided' }),
      ],
    });
    for (const none of decisions.slice(2))
      expect(none).toMatchObject({ target: null, reason: expect.stringMatching(/./) });
  });

  it('knows short names with dots, as routes and docs write them', async () => {
    const web = { ...processOf('p3', 'acme/web', 4003), cwd: '/home/kim/acme/web' };
    const part = { root: '/home/kim/acme/web', name: 'web', workspace: '/home/kim/acme', workspaceName: 'acme' };
    const git = { root: '/home/kim/acme', branch: 'main', worktree: false };
    const file = await snapshotFile({ processes: [{ ...web, project: part, git }], containers: [] });
    const asked = await cli(['resolve', '--services', file, '--json', '--mode', 'names', 'web.acme', 'web.acme.test']);
    expect(linesOf(asked.stdout)).toMatchObject([
      { host: 'web.acme', decision: 'name', target: { id: 'p3' } },
      { host: 'web.acme.test', decision: 'none', reason: expect.stringContaining('under none of the domains') },
    ]);
  });

  it('exits 0 when every host fits', async () => {
    const { code, stdout } = await cli(['resolve', '--services', await snapshotFile(), 'shop.localhost']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^shop\.localhost -> shop .*, port 5173 \(p1, by name\)\n {2}/);
  });

  it('explains every step', async () => {
    const { code, stdout } = await cli(['resolve', '--services', await snapshotFile(), '--explain', 'nothing-like-it']);
    expect(code).toBe(3);
    expect(stdout).toContain('nothing-like-it -> fits nothing');
    expect(stdout).toContain('could be meant:\n    p1 ');
    expect(stdout).toMatch(/name: nothing, [\d.]+ ms/);
    expect(stdout).toContain('llm: skipped');
  });

  it('shows what the LLM was sent and said', async () => {
    const url = await lyingLlm('{"candidate":"none","port":null,"confidence":1,"reason":"nothing is called so"}');
    const args = ['--llm-url', url, '--model', 'test/model', '--explain', '--prompt', 'the one with the cart'];
    const { stdout } = await cli(['resolve', '--services', await snapshotFile(), ...args, 'cart']);
    expect(stdout).toContain('sent, and nothing else:');
    expect(stdout).toMatch(
      /around it:\n {6}\| \{"model":"test\/model","max_tokens":1000,"stream":false,"response_format":/,
    );
    expect(stdout).toContain('the one with the cart');
    expect(stdout).not.toContain('/home/kim');
    expect(stdout).toContain('answered:');
    expect(stdout).toContain('nothing is called so');
  });

  it('has every byte that was sent, also of a second request, from a resolver of its own and from the daemon', async () => {
    const llm = await recordingLlm('I think it is port 22');
    const env = { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test/model' };
    const ask = ['--explain', '--json', '--prompt', 'the one with the "cart"\u2028 \u00e4', 'cart'];
    const own = await cli(['resolve', '--services', await snapshotFile(), ...ask], { env });
    // A question and its repair.
    expect(llm.bodies).toHaveLength(2);
    expect(llmStepOf(own.stdout)?.requests).toEqual(llm.bodies);

    const hostwise = await startHostwise({ env });
    onTestFinished(() => hostwise.stop());
    const told = await cli(['resolve', ...ask], { dataDir: hostwise.dataDir, env });
    expect(llm.bodies).toHaveLength(4);
    expect(llmStepOf(told.stdout)?.requests).toEqual(llm.bodies.slice(2));
  });

  it('shows without a request what a request would be, and then sends just that', async () => {
    const llm = await recordingLlm('{"candidate":"none","port":null,"confidence":1,"reason":"nothing is called so"}');
    const without = await cli(['resolve', '--services', await snapshotFile(), '--explain', '--json', 'cart']);
    const step = llmStepOf(without.stdout);
    expect(step?.outcome).toBe('skipped');
    const env = { LLM_API_URL: llm.url, LLM_API_KEY: undefined, MODEL: 'test/model' };
    await cli(['resolve', '--services', await snapshotFile(), 'cart'], { env });
    const { messages } = JSON.parse(llm.bodies[0] ?? '') as { messages: { content: string }[] };
    expect(messages.map(({ content }) => content).join('\n\n')).toBe(step?.prompt);
  });

  it('fits nothing when the LLM talks nonsense', async () => {
    const url = await lyingLlm('I think it is port 22');
    const args = ['--llm-url', url, '--model', 'test/model', '--json'];
    const { code, stdout } = await cli(['resolve', '--services', await snapshotFile(), ...args, 'cart']);
    expect(code).toBe(3);
    expect(linesOf(stdout)[0]).toMatchObject({ decision: 'none', target: null });
  });
});

interface LlmStep {
  step: string;
  outcome: string;
  prompt?: string;
  requests?: string[];
}

function llmStepOf(stdout: string): LlmStep | undefined {
  const { steps } = JSON.parse(stdout) as { steps: LlmStep[] };
  return steps.find(({ step }) => step === 'llm');
}

/** A chat server that says the same to everybody. @returns its URL */
async function lyingLlm(content: string): Promise<string> {
  return (await recordingLlm(content)).url;
}

/** The same, with the bodies that it got, byte for byte. */
async function recordingLlm(content: string): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      const answer = {
        model: 'test/model',
        choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }],
      };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, bodies };
}

describe('a snapshot that cannot be used', () => {
  it.each([
    ['{"processes": [', 'is not JSON'],
    ['', 'is not JSON'],
    [[], 'is not a snapshot'],
    [{ processes: [{ id: 'p1' }], containers: [] }, 'is not a snapshot: processes.0.pid'],
    [{ processes: [] }, 'is not a snapshot: containers'],
  ])('%j exits 1 and says why', async (content, why) => {
    const { code, stdout, stderr } = await cli(['resolve', '--services', await snapshotFile(content), 'shop']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(why);
    expect(stderr).toContain('hostwise services --json > snapshot.json');
  });

  it('is missing, a folder, or larger than any machine’s', async () => {
    const folder = await tempDir('hw-snapshot');
    await mkdir(join(folder, 'dir'));
    const large = await open(join(folder, 'large'), 'w');
    await large.truncate(65 * 1024 * 1024);
    await large.close();
    const said = [];
    for (const name of ['missing', 'dir', 'large']) {
      const { code, stderr } = await cli(['resolve', '--services', join(folder, name), 'shop']);
      expect(code).toBe(1);
      said.push(stderr.split('\n')[0]);
    }
    expect(said).toEqual([
      expect.stringContaining('there is no such file'),
      expect.stringContaining('it is a folder'),
      expect.stringContaining('is larger than 64 MB'),
    ]);
  });
});
