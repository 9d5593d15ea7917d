import { describe, expect, it } from 'vitest';
import { chooseLlm, type LlmSettings } from './choose-llm.ts';
import type { LocalFinding, LocalLook } from './local-llm.ts';

const SETTINGS: LlmSettings = {
  llmUrl: 'https://llm.example/v1',
  llmUrlExplicit: false,
  model: 'a/b',
  resolve: 'auto',
  sources: { model: 'default' },
};
const OLLAMA = { title: 'Ollama', url: 'http://127.0.0.1:11434/v1', model: 'qwen3:8b', loaded: true };

/** A choice whose looks find what the test says, with a clock of its own. */
function choiceOf(more: Partial<LlmSettings>, finding: LocalFinding = { llm: OLLAMA }) {
  const state = { now: 0, finding, looks: [] as LocalLook[] };
  const choice = chooseLlm(
    { ...SETTINGS, ...more },
    {
      now: () => state.now,
      find: async (look) => {
        state.looks.push(look);
        return state.finding;
      },
    },
  );
  return { choice, state };
}

describe('chooseLlm', () => {
  it.each<[string, Partial<LlmSettings>, string | null]>([
    ['a key', { llmApiKey: 'k' }, 'https://llm.example/v1/chat/completions'],
    ['a URL', { llmUrlExplicit: true }, 'https://llm.example/v1/chat/completions'],
    ['names only', { resolve: 'names' }, null],
    ['a URL that is none', { llmUrlExplicit: true, llmUrl: 'x' }, null],
  ])('with %s set, no server of this machine is looked for', async (_, more, endpoint) => {
    const { choice, state } = choiceOf(more);
    const { client, reason, found } = await choice.current();
    expect(client?.endpoint ?? null).toBe(endpoint);
    expect(reason === undefined).toBe(endpoint !== null);
    expect(found).toBeUndefined();
    expect(state.looks).toEqual([]);
  });

  it('with nothing set, takes the local server that was found, and says so', async () => {
    const { choice, state } = choiceOf({});
    expect(choice.client).toBeNull();
    await choice.current();
    expect(choice.client).toMatchObject({ model: 'qwen3:8b', endpoint: `${OLLAMA.url}/chat/completions` });
    expect(choice.found).toBe('Ollama');
    expect(state.looks[0]?.model).toBeUndefined();
  });

  it('looks for the model that the user named', async () => {
    const { choice, state } = choiceOf({ model: 'gemma3:4b', sources: { model: 'environment' } });
    await choice.current();
    expect(state.looks[0]?.model).toBe('gemma3:4b');
  });

  it('looks at most once in 30 s, however many ask', async () => {
    const { choice, state } = choiceOf({}, {});
    await Promise.all(Array.from({ length: 20 }, () => choice.current()));
    state.now = 29_999;
    await choice.current();
    expect(state.looks).toHaveLength(1);
    state.now = 30_000;
    await choice.current();
    expect(state.looks).toHaveLength(2);
  });

  it('keeps the client of the same server and model, and follows another model', async () => {
    const { choice, state } = choiceOf({});
    const { client } = await choice.current();
    state.now = 30_000;
    expect((await choice.current()).client).toBe(client);
    state.now = 60_000;
    state.finding = { llm: { ...OLLAMA, model: 'gemma3:4b' } };
    expect((await choice.current()).client?.model).toBe('gemma3:4b');
  });

  it('keeps a found server that is too busy to say hello, and drops one that is gone', async () => {
    const { choice, state } = choiceOf({});
    await choice.current();
    state.now = 30_000;
    state.finding = { silent: ['Ollama'] };
    expect((await choice.current()).client).not.toBeNull();
    state.now = 60_000;
    state.finding = { silent: ['LM Studio'] };
    expect(await choice.current()).toMatchObject({ client: null, reason: expect.stringContaining('LLM_API_URL') });
  });

  it('says why a server that runs cannot be asked', async () => {
    const { choice } = choiceOf({}, { reason: 'Ollama runs here but has no chat model: ollama pull qwen3:8b' });
    expect((await choice.current()).reason).toContain('ollama pull');
  });

  it('survives a look that fails', async () => {
    const choice = chooseLlm(SETTINGS, { find: () => Promise.reject(new Error('x')) });
    expect((await choice.current()).client).toBeNull();
  });
});
