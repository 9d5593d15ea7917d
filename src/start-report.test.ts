import { describe, expect, it } from 'vitest';
import { LlmClient } from './resolve/llm-client.ts';
import { llmReport, llmText } from './start-report.ts';

describe('llmReport', () => {
  it('shows the endpoint without its query, and the model', () => {
    const client = new LlmClient({ url: 'https://llm.example/v1?key=hunter2hunter2', model: 'm' });
    expect(llmReport({ client })).toEqual({ url: 'https://llm.example/v1/chat/completions', model: 'm' });
    expect(llmText({ client })).toBe('m at https://llm.example/v1/chat/completions');
  });

  it('shows which server was found on this machine', () => {
    const client = new LlmClient({ url: 'http://127.0.0.1:11434/v1', model: 'qwen3:8b' });
    expect(llmReport({ client, found: 'Ollama' }).found).toBe('Ollama');
    expect(llmText({ client, found: 'Ollama' })).toMatch(/^qwen3:8b of Ollama, found at http:/);
  });

  it('shows why there is none', () => {
    expect(llmReport({ client: null, reason: 'no key' })).toEqual({ reason: 'no key' });
    expect(llmText({ client: null, reason: 'no key' })).toBe('no key');
  });
});
