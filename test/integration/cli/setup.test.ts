/** `setup` without a terminal (flags say everything) and in one (tmux). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { shellLine } from '../../../src/core/shell-quote.ts';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { type LlmServer, startLlmServer } from '../../fixtures/llm-server.ts';
import { needs } from '../../fixtures/needs.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { openTerminal } from '../../fixtures/terminal.ts';
import { type CliResult, cli } from './run-cli.ts';

const KEY = 'sk-right-0123456789abcdef';
const LIMIT_MS = 90_000;
const SKIP_REST = ['--no-trust', '--service', 'none'];

/** What Ollama says of itself, with one model in memory; and a look whether it does. */
const OLLAMA = `require('http').createServer((request, response) => {
  const pages = { '/api/version': { version: '0.12.0' }, '/api/ps': { models: [{ name: 'qwen3:8b' }] }, '/api/tags': { models: [] } };
  response.end(JSON.stringify(pages[request.url] ?? {}));
}).listen(11434, '127.0.0.1')`;
const CONNECTS = `require('net').connect(11434, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;

/** A server with two models that takes one key. */
async function keyedServer(): Promise<LlmServer> {
  const server = await startLlmServer(
    ({ body }, response) => {
      const message = { role: 'assistant', content: '{"ok": true}' };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ model: body.model, choices: [{ index: 0, finish_reason: 'stop', message }] }));
      return false;
    },
    {
      pages: { '/v1/models': { data: [{ id: 'small-1' }, { id: 'large-1' }] } },
      refuse: (_, { authorization }) =>
        authorization === `Bearer ${KEY}`
          ? undefined
          : { status: 401, body: { error: { message: `Incorrect API key provided: ${authorization}` } } },
    },
  );
  onTestFinished(() => server.close());
  return server;
}

/** With something on stdin. */
async function setup(args: readonly string[], dataDir: string, stdin: string): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, 'setup', ...args], {
    env: developerEnv({ ...COMPILE_CACHE, HOSTWISE_DATA_DIR: dataDir, DOCKER_HOST: `unix://${dataDir}/none` }),
    timeout: 50_000,
  });
  const result: CliResult = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    result.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    result.stderr += String(chunk);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  return { ...result, code };
}

async function envFile(dataDir: string): Promise<string> {
  return readFile(path.join(dataDir, 'hostwise.env'), 'utf8').catch(() => '');
}

/** Lines of a shell in a network of its own, where Ollama's port is free, and taken by something like it. */
function besideOllama(home: string, lines: readonly string[]): ReturnType<typeof openTerminal> {
  const inside = [
    'ip link set lo up',
    `(exec -a ollama ${shellLine(process.execPath, '-e', OLLAMA)}) & ollama=$!`,
    `until ${shellLine(process.execPath, '-e', CONNECTS)}; do sleep 0.1; done`,
    ...lines.slice(0, -1),
    `${lines.at(-1)}; code=$?`,
    'kill $ollama; exit $code',
  ];
  return openTerminal(shellLine('unshare', '--net', 'bash', '-c', inside.join('\n')), {
    HOME: home,
    DOCKER_HOST: `unix://${home}/none`,
  });
}

describe('setup without a terminal', () => {
  it('names every flag that is missing, and changes nothing', async () => {
    const dataDir = await tempDir('hw-setup');
    const { code, stdout, stderr } = await cli(['setup'], { dataDir });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const flag of ['--provider', '--llm-url', '--no-trust', '--service']) expect(stderr).toContain(flag);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it(
    'stores URL, key and model that were seen to work, for the user alone, and keeps other lines',
    async () => {
      const [server, dataDir] = [await keyedServer(), await tempDir('hw-setup')];
      await writeFile(path.join(dataDir, 'hostwise.env'), '# mine\nHOSTWISE_LOG_LEVEL=warn\n', { mode: 0o644 });
      const args = ['--llm-url', server.url, '--model', 'small-1', '--key-stdin', ...SKIP_REST];
      const { code, stdout, stderr } = await setup(args, dataDir, `${KEY}\n`);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toContain('LLM      small-1 at 127.0.0.1:');
      expect(stdout + stderr).not.toContain(KEY);
      expect(await envFile(dataDir)).toBe(
        `# mine\nHOSTWISE_LOG_LEVEL=warn\nLLM_API_URL=${server.url}\nLLM_API_KEY=${KEY}\nMODEL=small-1\n`,
      );
      expect((await stat(path.join(dataDir, 'hostwise.env'))).mode & 0o777).toBe(0o600);
      // One small question and no more.
      expect(server.requests).toHaveLength(1);
      expect(server.requests[0]?.body.max_tokens).toBeLessThan(100);
      const said = JSON.parse((await cli(['doctor', '--json'], { dataDir })).stdout) as { findings: { id: string }[] };
      expect(said.findings.find(({ id }) => id === 'llm')).toMatchObject({ state: 'ok' });
    },
    LIMIT_MS,
  );

  it(
    'stores nothing when the key is refused, and never repeats it',
    async () => {
      const [server, dataDir] = [await keyedServer(), await tempDir('hw-setup')];
      const wrong = 'sk-wrong-9876543210';
      const args = ['--llm-url', server.url, '--model', 'small-1', '--key-stdin', ...SKIP_REST];
      const { code, stdout, stderr } = await setup(args, dataDir, wrong);
      expect(code).toBe(1);
      expect(stderr).toContain('Incorrect API key provided');
      expect(stdout + stderr).not.toContain(wrong);
      expect(await readdir(dataDir)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each([
    ['two words', 'a b', 'is not usable'],
    ['nothing', '', 'is not usable'],
  ])(
    'refuses %s as a key',
    async (_, stdin, words) => {
      const dataDir = await tempDir('hw-setup');
      const { code, stderr } = await setup(['--provider', 'openrouter', '--key-stdin', ...SKIP_REST], dataDir, stdin);
      expect(code).toBe(2);
      expect(stderr).toContain(words);
      expect(await readdir(dataDir)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'does not override an LLM_API_URL that is set, wherever that is',
    async () => {
      const dataDir = await tempDir('hw-setup');
      const env = { LLM_API_URL: 'http://127.0.0.1:9/v1', MODEL: 'm' };
      const asked = await cli(['setup', '--provider', 'openai', ...SKIP_REST], { dataDir, env });
      expect(asked).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/set in the environment, and is not overridden/),
      });
      const file = 'LLM_API_URL=http://127.0.0.1:9/v1\nMODEL=m\n';
      await writeFile(path.join(dataDir, 'hostwise.env'), file, { mode: 0o600 });
      const inFile = await cli(['setup', '--llm-url', 'http://127.0.0.1:8/v1', ...SKIP_REST], { dataDir });
      expect(inFile).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('hostwise.env", and is not overridden'),
      });
      const kept = await cli(['setup', '--provider', 'none', ...SKIP_REST], { dataDir });
      expect(kept).toMatchObject({ code: 0, stdout: expect.stringContaining('m at http://127.0.0.1:9/v1') });
      expect(await envFile(dataDir)).toBe(file);
    },
    LIMIT_MS,
  );

  it(
    'starts it in the background and says what to open',
    async () => {
      const dataDir = await tempDir('hw-setup');
      onTestFinished(async () => void (await cli(['stop'], { dataDir })));
      await writeFile(path.join(dataDir, 'hostwise.env'), 'HOSTWISE_HTTPS_PORT=0\nHOSTWISE_HTTP_PORT=0\n');
      const args = ['setup', '--provider', 'none', '--no-trust', '--service', 'background'];
      const { code, stdout } = await cli(args, { dataDir });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Open {5}https?:\/\/[\w.-]+\.localhost:\d+\/$/m);
      expect(await cli(args, { dataDir })).toMatchObject({ code: 0, stdout: expect.stringContaining('runs already') });
    },
    LIMIT_MS,
  );
});

describe.skipIf(!needs('tmux'))('setup in a terminal [needs tmux]', () => {
  async function begin(
    env: Record<string, string> = {},
  ): Promise<{ dataDir: string; terminal: ReturnType<typeof openTerminal> }> {
    const home = await tempDir('hw-home');
    const dataDir = path.join(home, 'data');
    const terminal = openTerminal(shellLine(process.execPath, MAIN, 'setup', '--data-dir', dataDir), {
      HOME: home,
      DOCKER_HOST: `unix://${home}/none`,
      ...env,
    });
    return { dataDir, terminal };
  }

  it(
    'asks for URL, key (hidden) and model, tells a refused key, and ends with what to do next',
    async () => {
      const server = await keyedServer();
      const { dataDir, terminal } = await begin();
      await terminal.shows(/Enter takes the marked answer, Esc stops[\s\S]*Which LLM may be asked/);
      terminal.press('Up', 'Enter');
      await terminal.shows(/Its URL/);
      terminal.press('C-u');
      terminal.type(server.url);
      terminal.press('Enter');
      await terminal.shows(/Its key/);
      terminal.type('sk-wrong-000111222');
      terminal.press('Enter');
      await terminal.shows(/Its model/);
      terminal.press('Enter');
      await terminal.shows(/That did not work: Incorrect API key provided/);
      expect(await readdir(path.dirname(dataDir))).not.toContain('data');
      terminal.press('Enter');
      await terminal.shows(/Its URL[\s\S]*Its URL/);
      terminal.press('C-u');
      terminal.type(server.url);
      terminal.press('Enter');
      await terminal.shows(/Its key[\s\S]*Its key/);
      terminal.type(KEY);
      terminal.press('Enter');
      await terminal.shows(/Its model[\s\S]*Its model/);
      terminal.press('Down', 'Enter');
      await terminal.shows(/Shall the browsers/);
      expect(await envFile(dataDir)).toBe(`LLM_API_URL=${server.url}\nLLM_API_KEY=${KEY}\nMODEL=large-1\n`);
      terminal.press('Right', 'Enter');
      await terminal.shows(/When shall hostwise run/);
      terminal.press('Up', 'Enter');
      await terminal.shows(/ENDED 0/);
      expect(terminal.screen()).toContain('hostwise doctor');
      expect(terminal.screen()).not.toMatch(/sk-right|sk-wrong/);
    },
    LIMIT_MS,
  );

  it.skipIf(!needs('namespaces'))(
    'offers a local server that it found first, and stores nothing for it [needs namespaces]',
    async () => {
      const home = await tempDir('hw-home');
      const terminal = besideOllama(home, [
        shellLine(process.execPath, MAIN, 'setup', '--data-dir', path.join(home, 'data')),
      ]);
      await terminal.shows(
        /Which LLM may be asked[^\n]*\n\S+ {2}● Ollama on this machine \(qwen3:8b; nothing leaves it\)/,
      );
      terminal.press('Enter');
      await terminal.shows(/LLM {6}Ollama, found by itself whenever it runs/);
      await terminal.shows(/Shall the browsers/);
      terminal.press('C-c');
      await terminal.shows(/ENDED 1/);
      expect(await envFile(path.join(home, 'data'))).toBe('');
    },
    LIMIT_MS,
  );

  it.skipIf(!needs('namespaces'))(
    'has a local server that runs not asked by whoever wants none, until they want one [needs namespaces]',
    async () => {
      const home = await tempDir('hw-home');
      const data = path.join(home, 'data');
      const setUp = (provider: string) =>
        shellLine(process.execPath, MAIN, 'setup', '--data-dir', data, '--provider', provider, ...SKIP_REST);
      const terminal = besideOllama(home, [setUp('none'), `cp ${data}/hostwise.env ${home}/first`, setUp('local')]);
      await terminal.shows(/LLM {6}none is asked, Ollama neither/);
      await terminal.shows(/LLM {6}Ollama, found by itself whenever it runs[\s\S]*ENDED 0/);
      expect(await readFile(path.join(home, 'first'), 'utf8')).toBe('HOSTWISE_RESOLVE=names\n');
      expect(await envFile(data)).toBe('');
    },
    LIMIT_MS,
  );

  it(
    'Ctrl-C in the middle leaves what was done, whole, and says how to go on',
    async () => {
      const { dataDir, terminal } = await begin();
      await terminal.shows(/● None \(exact names work without\)/);
      terminal.press('Enter');
      await terminal.shows(/LLM {6}none set up/);
      await terminal.shows(/Shall the browsers/);
      terminal.press('C-c');
      await terminal.shows(/Stopped here[\s\S]*ENDED 1/);
      expect(await readdir(path.dirname(dataDir))).not.toContain('data');
    },
    LIMIT_MS,
  );

  it(
    'no key is no dead end: Enter goes on without an LLM',
    async () => {
      const { dataDir, terminal } = await begin();
      await terminal.shows(/Which LLM may be asked/);
      terminal.press('Down', 'Enter');
      await terminal.shows(/Its key \(empty: go on without an LLM\)/);
      terminal.press('Enter');
      await terminal.shows(/LLM {6}none set up[\s\S]*Shall the browsers/);
      terminal.press('Escape');
      await terminal.shows(/Stopped here[\s\S]*ENDED 1/);
      expect(await readdir(path.dirname(dataDir))).not.toContain('data');
    },
    LIMIT_MS,
  );

  it(
    'Ctrl-C at the key stores nothing',
    async () => {
      const { dataDir, terminal } = await begin();
      await terminal.shows(/Which LLM may be asked/);
      terminal.press('Down', 'Enter');
      await terminal.shows(/Its key/);
      terminal.type('sk-half');
      terminal.press('C-c');
      await terminal.shows(/ENDED 1/);
      expect(terminal.screen()).not.toContain('sk-half');
      expect(await readdir(path.dirname(dataDir))).not.toContain('data');
    },
    LIMIT_MS,
  );
});
