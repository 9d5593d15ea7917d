import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerSchema } from './answer.ts';
import { portableSchema } from './portable-schema.ts';

describe('portableSchema', () => {
  it('requires every property, closes objects, and drops what some server refuses', () => {
    const schema = z.object({
      port: z.number().int().min(1).max(9),
      url: z.url().nullable(),
      list: z.array(z.object({ kind: z.enum(['a', 'b']), text: z.string().min(1).max(3).default('x') })),
    });
    const text = JSON.stringify(portableSchema(schema));
    expect(text).not.toMatch(/minimum|maximum|minLength|maxLength|pattern|format|default|\$schema/);
    expect(portableSchema(schema)).toMatchObject({
      required: ['port', 'url', 'list'],
      additionalProperties: false,
      properties: { list: { items: { required: ['kind', 'text'], additionalProperties: false } } },
    });
  });

  it('is this for the answer', () => {
    expect(portableSchema(answerSchema)).toEqual({
      type: 'object',
      properties: {
        candidate: { type: 'string' },
        port: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
        confidence: { type: 'number' },
        reason: { type: 'string' },
      },
      required: ['candidate', 'port', 'confidence', 'reason'],
      additionalProperties: false,
    });
  });
});
