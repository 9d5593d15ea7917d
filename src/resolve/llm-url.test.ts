import { describe, expect, it } from 'vitest';
import { assertKeyStaysPrivate, chatCompletionsUrl, defaultTimeoutMs, isLoopback } from './llm-url.ts';

describe('chatCompletionsUrl', () => {
  it.each([
    ['https://openrouter.ai/api/v1/chat/completions', 'https://openrouter.ai/api/v1/chat/completions'],
    ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/chat/completions'],
    ['https://api.example/v1/', 'https://api.example/v1/chat/completions'],
    ['http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1/chat/completions'],
    ['http://localhost:1234/v1?key=x', 'http://localhost:1234/v1/chat/completions?key=x'],
    [
      'https://x.example/openai/deployments/y/chat/completions/?api-version=1',
      'https://x.example/openai/deployments/y/chat/completions?api-version=1',
    ],
  ])('%s -> %s', (text, url) => {
    expect(chatCompletionsUrl(text).href).toBe(url);
  });

  it.each(['', 'openrouter.ai', 'ftp://x.example/v1', 'javascript:alert(1)'])('refuses %j', (text) => {
    expect(() => chatCompletionsUrl(text)).toThrow(expect.objectContaining({ code: 'LLM_URL' }));
  });

  it('refuses a password inside, without repeating it', () => {
    expect(() => chatCompletionsUrl('https://kim:hunter2@x.example/v1')).toThrow(/^((?!hunter2).)*$/);
  });
});

describe('isLoopback', () => {
  it.each(['http://localhost', 'http://127.0.0.1', 'http://127.9.9.9:1', 'http://[::1]', 'http://ollama.localhost'])(
    'yes: %s',
    (url) => {
      expect(isLoopback(new URL(url))).toBe(true);
      expect(defaultTimeoutMs(new URL(url))).toBe(120_000);
    },
  );

  it.each(['http://127.0.0.1.example', 'http://localhost.example', 'https://openrouter.ai', 'http://172.32.0.1'])(
    'no: %s',
    (url) => {
      expect(isLoopback(new URL(url))).toBe(false);
      expect(defaultTimeoutMs(new URL(url))).toBe(30_000);
    },
  );
});

describe('defaultTimeoutMs', () => {
  it.each([
    'http://host.docker.internal:11434',
    'http://10.0.0.1',
    'http://192.168.1.5:1234',
    'http://172.20.0.3',
    'http://[fd00::5]:8000',
    'http://ollama:11434',
    'http://gpu.local:11434',
  ])('leaves time for loading a model at %s', (url) => {
    expect(defaultTimeoutMs(new URL(url))).toBe(120_000);
  });
});

describe('assertKeyStaysPrivate', () => {
  it('refuses a key over plain http to another machine only', () => {
    const far = new URL('http://192.168.1.5:11434/v1');
    expect(() => assertKeyStaysPrivate(far, 'sk-secret')).toThrow(expect.objectContaining({ code: 'LLM_URL' }));
    expect(() => assertKeyStaysPrivate(far, undefined)).not.toThrow();
    expect(() => assertKeyStaysPrivate(new URL('https://192.168.1.5/v1'), 'sk-secret')).not.toThrow();
    expect(() => assertKeyStaysPrivate(new URL('http://127.0.0.1/v1'), 'sk-secret')).not.toThrow();
    expect(() => assertKeyStaysPrivate(new URL('http://host.docker.internal/v1'), 'sk-secret')).not.toThrow();
    for (const name of ['nas', 'gpu.local', 'host.docker.internal.example', 'xhost.docker.internal']) {
      expect(() => assertKeyStaysPrivate(new URL(`http://${name}/v1`), 'sk-secret')).toThrow();
    }
  });
});
