import { describe, expect, it } from 'vitest';
import { AppError } from './core/errors.ts';
import { LlmClient } from './resolve/llm-client.ts';
import { llmReport, llmText, portReport } from './start-report.ts';

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

describe('portReport()', () => {
  const denied = (port: number) => new AppError('PORT_FORBIDDEN', `no ${port}`, { data: { port } });
  const busy = (port: number) =>
    new AppError('PORT_IN_USE', `${port} is in use by nginx (pid 7)`, { data: { port, together: 'it may stay' } });

  it('says nothing of ports that are as asked', () => {
    expect(portReport([{ port: 443 }, { port: 80 }])).toEqual({ portNotes: [] });
  });

  it('names the lowest port that was denied', () => {
    expect(
      portReport([
        { port: 8443, instead: denied(443) },
        { port: 8080, instead: denied(80) },
      ]),
    ).toEqual({
      portNotes: ['no 443, so it is 8443', 'no 80, so it is 8080'],
      deniedPort: 80,
    });
  });

  it('says once how to live with a router that has both ports', () => {
    expect(
      portReport([
        { port: 8443, instead: busy(443) },
        { port: 8080, instead: busy(80) },
      ]).portNotes,
    ).toEqual([
      '443 is in use by nginx (pid 7), so it is 8443',
      '80 is in use by nginx (pid 7), so it is 8080',
      'it may stay',
    ]);
  });
});
