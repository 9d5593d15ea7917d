import { afterEach, describe, expect, it } from 'vitest';
import type { ContainerService, ProcessService, Snapshot } from '../../../src/core/service.ts';
import { chooseLlm } from '../../../src/resolve/choose-llm.ts';
import { findLocalLlm } from '../../../src/resolve/local-llm.ts';
import { type LlmServer, type Profile, startLlmServer } from '../../fixtures/llm-server.ts';
import {
  llamaCpp,
  llamaCppRouter,
  lmStudio,
  localAi,
  newLmStudio,
  ollama,
  vllm,
} from '../../fixtures/llm-servers/local.ts';

const servers: LlmServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(profile: Profile): Promise<LlmServer> {
  const server = await startLlmServer(undefined, profile);
  servers.push(server);
  return server;
}

/** A process that listens, as a snapshot shows it; '' for one that may not be inspected. */
function listener(port: number, args: string, more: Partial<ProcessService> = {}): ProcessService {
  const argv = args === '' ? [] : args.split(' ');
  const command = argv[0]?.split('/').at(-1) ?? '';
  const listen = [{ address: '127.0.0.1', port }];
  return { id: 'p7', pid: 7, ppid: 1, command, argv, args, cwd: null, listen, project: null, git: null, ...more };
}

function image(name: string, port: number): ContainerService {
  const publish = [{ container: 80, host: port, ip: '0.0.0.0' }];
  return { id: 'c7', name: 'llm', image: name, expose: [], publish, compose: null, labels: {} };
}

function machine(...services: (ProcessService | ContainerService)[]): Snapshot {
  const processes = services.filter((one) => 'pid' in one && 'args' in one) as ProcessService[];
  return { processes, containers: services.filter((one) => 'image' in one) as ContainerService[] };
}

/** A time that a loaded machine keeps, too. */
const SLOW = 10_000;

async function look(title: string, server: LlmServer, snapshot: Snapshot, model?: string) {
  return findLocalLlm({ snapshot, model, ports: { [title]: server.port }, timeoutMs: SLOW });
}

describe('findLocalLlm', () => {
  it.each<[string, Profile, string, string, string[]]>([
    ['Ollama', ollama, '/usr/local/bin/ollama serve', 'qwen3:8b', ['/api/version', '/api/ps', '/api/tags']],
    ['LM Studio', lmStudio, '/opt/LM-Studio/lm-studio', 'qwen/qwen3-8b', ['/api/v0/models']],
    ['LM Studio', newLmStudio, '/home/kim/.lmstudio/bin/lms', 'qwen/qwen3-8b:2', ['/api/v0/models', '/api/v1/models']],
    ['vLLM', vllm(), 'python3 -m vllm.entrypoints.openai.api_server', 'Qwen/Qwen3-8B', ['/v1/models']],
    ['vLLM', vllm(), '/venv/bin/python /venv/bin/vllm serve Qwen/Qwen3-8B', 'Qwen/Qwen3-8B', ['/v1/models']],
    ['llama.cpp', llamaCpp(), './llama-server -m q.gguf', 'qwen3-8b-q4_k_m.gguf', ['/v1/models']],
    ['llama.cpp', llamaCppRouter, 'llama-server', 'qwen3-8b', ['/v1/models']],
    ['LocalAI', localAi(), '/usr/bin/local-ai run', 'gemma-3-4b-it', ['/v1/models']],
  ])('%s: takes the chat model that is loaded, by GETs alone', async (title, profile, args, model, paths) => {
    const server = await start(profile);
    const { llm } = await look(title, server, machine(listener(server.port, args)));
    expect(llm).toMatchObject({ title, model, url: `http://127.0.0.1:${server.port}/v1` });
    expect(server.seen.sort()).toEqual(paths.map((path) => `GET ${path}`).sort());
  });

  it.each([
    ['Ollama', 'ollama/ollama:0.23.1', ollama],
    ['vLLM', 'vllm/vllm-openai:latest', vllm()],
    ['llama.cpp', 'ghcr.io/ggml-org/llama.cpp:server', llamaCpp()],
    ['LocalAI', 'localai/localai:latest-cpu', localAi()],
  ])('%s in a container: is found by its image and published port', async (title, name, profile) => {
    const server = await start(profile);
    const forwarder = listener(server.port, 'docker-proxy', { noise: 'forwards ports of containers' });
    expect((await look(title, server, machine(forwarder, image(name, server.port)))).llm?.title).toBe(title);
  });

  it.each([
    ['Ollama', 'node /home/kim/code/ollama-ui/node_modules/.bin/vite', []],
    ['LM Studio', 'python3 -m http.server', []],
    ['vLLM', 'python3 manage.py runserver', []],
    ['llama.cpp', 'java -jar shop.jar', []],
    ['LocalAI', '', []],
    ['vLLM', '', []],
    ['Ollama', '', ['GET /api/version', 'GET /api/ps', 'GET /api/tags']],
  ])('%s’s port held by “%s”: gets these requests only: %j', async (title, args, seen) => {
    const server = await start(ollama);
    await look(title, server, machine(listener(server.port, args)));
    expect(server.seen).toEqual(seen);
  });

  it('does not look where nothing listens, or only on another address', async () => {
    const server = await start(ollama);
    await look('Ollama', server, machine());
    const elsewhere = [{ address: '192.0.2.7', port: server.port }];
    await look('Ollama', server, machine(listener(server.port, 'ollama serve', { listen: elsewhere })));
    expect(server.seen).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another JSON', { '/api/version': { name: 'shop' }, '/api/v0/models': [], '/v1/models': { data: 'x' } }],
    ['another server’s list', { '/v1/models': { object: 'list', data: [{ id: 'gpt', owned_by: 'openai' }] } }],
    ['a page', { '/api/version': '<html>', '/api/v0/models': '<html>', '/v1/models': '<html>' }],
  ])('is not taken in by %s under the right name', async (_, pages) => {
    const server = await start({ ...ollama, pages, unknownPath: () => ({ status: 200, body: {} }) });
    for (const [title, name] of [
      ['Ollama', 'ollama'],
      ['LM Studio', 'lms'],
      ['vLLM', 'vllm'],
      ['llama.cpp', 'llama-server'],
    ] as const) {
      const finding = await look(title, server, machine(listener(server.port, name)));
      expect(finding).toEqual({ silent: [title] });
    }
    expect(server.seen).toHaveLength(4);
  });

  it('does not wait for a server that hangs', async () => {
    const hanging: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const snapshot = machine(listener(1, 'ollama'));
    const finding = await findLocalLlm({ snapshot, ports: { Ollama: 1 }, timeoutMs: 20, fetch: hanging });
    expect(finding).toEqual({ silent: ['Ollama'] });
  });

  it('prefers the model that the user named, if a server has it', async () => {
    const server = await start(ollama);
    const snapshot = machine(listener(server.port, 'ollama'));
    expect((await look('Ollama', server, snapshot, 'gemma3:4b')).llm?.model).toBe('gemma3:4b');
    expect((await look('Ollama', server, snapshot, 'llama9')).llm?.model).toBe('qwen3:8b');
  });

  it('takes a model that has to be loaded first where none is, never an embedding or a remote one', async () => {
    const pages = { ...ollama.pages, '/api/ps': { models: [] } };
    const cold = await start({ ...ollama, pages });
    const snapshot = machine(listener(cold.port, 'ollama'));
    expect((await look('Ollama', cold, snapshot)).llm).toMatchObject({ model: 'gemma3:4b', loaded: false });
    const models = [{ name: 'nomic-embed-text' }, { name: 'qwen3-coder:480b-cloud' }, { name: 'bge-m3' }];
    const bare = await start({ ...ollama, pages: { ...pages, '/api/tags': { models } } });
    const finding = await look('Ollama', bare, machine(listener(bare.port, 'ollama')));
    expect(finding.llm).toBeUndefined();
    expect(finding.reason).toContain('ollama pull');
  });

  it('prefers a loaded model of one server to one of another that is not', async () => {
    const cold = await start({ ...ollama, pages: { ...ollama.pages, '/api/ps': { models: [] } } });
    const warm = await start(llamaCpp());
    const snapshot = machine(listener(cold.port, 'ollama'), listener(warm.port, 'llama-server'));
    const ports = { Ollama: cold.port, 'llama.cpp': warm.port };
    expect((await findLocalLlm({ snapshot, ports, timeoutMs: SLOW })).llm?.title).toBe('llama.cpp');
  });
});

describe('without key and URL', () => {
  const settings = {
    llmUrl: 'https://llm.invalid/v1',
    llmUrlExplicit: false,
    model: 'a/b',
    resolve: 'auto' as const,
    sources: { model: 'default' },
  };

  it('a server that is started later is asked, without any key', async () => {
    const server = await start(ollama);
    const snapshot = machine();
    let now = 0;
    const choice = chooseLlm(settings, {
      snapshot: async () => snapshot,
      now: () => now,
      find: (asked) => findLocalLlm({ ...asked, ports: { Ollama: server.port }, timeoutMs: SLOW }),
    });
    expect(await choice.current()).toMatchObject({ client: null });
    snapshot.processes.push(listener(server.port, 'ollama serve'));
    now = 29_000;
    expect(await choice.current()).toMatchObject({ client: null });
    now = 30_000;
    const { client, found } = await choice.current();
    expect(found).toBe('Ollama');
    expect(client?.model).toBe('qwen3:8b');
    expect(server.requests).toHaveLength(0);
  });
});
