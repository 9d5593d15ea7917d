import { describe, expect, it } from 'vitest';
import { classifyFailure, maskKeys, parseRetryAfter, readServerError } from './llm-errors.ts';

function classify(status: number, error: unknown) {
  const { code, remedy } = classifyFailure(status, readServerError(error), null);
  return [code, remedy];
}

describe('classifyFailure', () => {
  it.each([
    [401, { message: 'No auth credentials found', code: 401 }, 'LLM_AUTH', 'none'],
    [401, 'Unauthorized', 'LLM_AUTH', 'none'],
    [402, { message: 'This request requires more credits, or fewer max_tokens.' }, 'LLM_CREDITS', 'none'],
    [403, undefined, 'LLM_URL', 'none'],
    [403, { message: 'Request blocked: prompt injection patterns detected' }, 'LLM_BLOCKED', 'none'],
    [404, { message: "model 'x' not found", type: 'not_found_error' }, 'LLM_MODEL', 'none'],
    [
      404,
      { message: 'No endpoints found that can handle the requested parameters.', code: 404 },
      'LLM_PARAMS',
      'next-format',
    ],
    [404, { message: 'File Not Found', code: 404 }, 'LLM_URL', 'none'],
    [400, { message: 'x is not a valid model ID', code: 400 }, 'LLM_MODEL', 'none'],
    [400, 'No models loaded. Please load a model', 'LLM_MODEL', 'none'],
    [400, "'response_format.type' must be 'json_schema' or 'text'", 'LLM_PARAMS', 'no-json-object'],
    [400, { message: "response_format.type: Input should be 'json_schema'" }, 'LLM_PARAMS', 'no-json-object'],
    [400, { message: 'This model does not support response format `json_schema`' }, 'LLM_PARAMS', 'next-format'],
    [400, { message: 'output_config.format: Extra inputs are not permitted' }, 'LLM_PARAMS', 'next-format'],
    [400, { message: "Unsupported parameter: 'max_tokens' is not supported" }, 'LLM_PARAMS', 'cap-name'],
    [
      400,
      { message: "zai does not support parameters: ['max_completion_tokens']", code: '400' },
      'LLM_PARAMS',
      'cap-name',
    ],
    [400, { message: 'Failed to generate JSON.', code: 'json_validate_failed' }, 'LLM_FORMAT', 'retry'],
    [400, { message: 'too long', type: 'exceed_context_size_error' }, 'LLM_PARAMS', 'none'],
    [429, { message: 'slow down' }, 'LLM_RATE', 'retry'],
    [429, { message: 'You exceeded your current quota', code: 'insufficient_quota' }, 'LLM_CREDITS', 'none'],
    [503, { message: 'Loading model', type: 'unavailable_error' }, 'LLM_SERVER', 'wait'],
    [503, { message: 'x is loading', type: 'model_loading' }, 'LLM_SERVER', 'wait'],
    [503, { message: 'server busy, please try again.', type: 'api_error' }, 'LLM_SERVER', 'retry'],
    [500, 'Unexpected endpoint or method. (POST /chat/completions)', 'LLM_URL', 'none'],
  ])('%i %j -> %s, %s', (status, error, code, remedy) => {
    expect(classify(status, error)).toEqual([code, remedy]);
  });

  it('reads the upstream’s words out of OpenRouter’s metadata', () => {
    const raw = JSON.stringify({ error: { message: "response_format.type: Input should be 'json_schema'" } });
    const error = { message: 'Provider returned error', code: 400, metadata: { raw, provider_name: 'X' } };
    expect(classify(400, error)).toEqual(['LLM_PARAMS', 'no-json-object']);
  });

  it('takes 402 with a time for a passing budget', () => {
    const error = readServerError({ message: 'too many requests under way' });
    expect(classifyFailure(402, error, '2')).toMatchObject({
      code: 'LLM_CREDITS',
      remedy: 'retry',
      retryAfterMs: 2_000,
    });
  });

  it.each([null, 5, [], {}, { message: 5, code: {} }])('survives the error %j', (error) => {
    expect(classify(500, error)[0]).toBe('LLM_SERVER');
  });
});

describe('parseRetryAfter', () => {
  it('takes seconds or a date, between 0 and 20 s', () => {
    const now = Date.parse('2026-11-24T10:00:00Z');
    expect(parseRetryAfter('2', now)).toBe(2_000);
    expect(parseRetryAfter('3600', now)).toBe(20_000);
    expect(parseRetryAfter('-5', now)).toBe(0);
    expect(parseRetryAfter('Tue, 24 Nov 2026 10:00:05 GMT', now)).toBe(5_000);
    expect(parseRetryAfter('soon', now)).toBeUndefined();
    expect(parseRetryAfter(null, now)).toBeUndefined();
  });
});

describe('maskKeys', () => {
  it('takes out our key and whatever looks like one', () => {
    expect(maskKeys('bad key my.key! and sk-abc123456', ['my.key!'])).toBe('bad key [key] and [key]');
    expect(maskKeys('Authorization: Bearer abcdef123', [])).toBe('Authorization: Bearer [key]');
    expect(maskKeys('task-runner is fine', [])).toBe('task-runner is fine');
  });
});
