/**
 * JSON schema that every OpenAI-compatible server takes: each property required, nothing additional, and none of the
 * keywords that some server refuses (Anthropic: bounds; vLLM and llama.cpp: format, pattern; OpenAI strict: default).
 * Bounds are checked by zod when the answer is there.
 */
import { z } from 'zod';

/** Keywords that are safe everywhere. */
const PORTABLE = new Set(['type', 'properties', 'required', 'items', 'enum', 'anyOf', 'description']);

/** The portable JSON schema of a zod object. */
export function portableSchema(schema: z.ZodType): Record<string, unknown> {
  const json: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return isRecord(json) ? portable(json) : { type: 'object' };
}

function portable(node: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (PORTABLE.has(key)) result[key] = key === 'properties' ? mapValues(value) : portableValue(value);
  }
  if (isRecord(result.properties)) {
    result.required = Object.keys(result.properties);
    result.additionalProperties = false;
  }
  return result;
}

function portableValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(portableValue);
  return isRecord(value) ? portable(value) : value;
}

function mapValues(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, portableValue(child)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
