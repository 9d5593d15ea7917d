import { describe, expect, it } from 'vitest';
import { closestWord } from './closest-word.ts';

const NAMES = ['LLM_API_KEY', 'LLM_API_URL', 'MODEL', 'HOSTWISE_HTTP_PORT', 'HOSTWISE_HTTPS_PORT'];

describe('closestWord()', () => {
  it.each([
    ['LLM_APIKEY', 'LLM_API_KEY'],
    ['llm_api_url', 'LLM_API_URL'],
    ['HOSTWISE_HTTPPORT', 'HOSTWISE_HTTP_PORT'],
    ['MODLE', 'MODEL'],
  ])('%s means %s', (word, meant) => {
    expect(closestWord(word, NAMES)).toBe(meant);
  });

  it.each(['PATH', '', 'x'.repeat(10_000)])('has no idea for another word', (word) => {
    expect(closestWord(word, NAMES)).toBeUndefined();
  });
});
