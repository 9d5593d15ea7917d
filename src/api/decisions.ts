/** `/_api/decisions`: the last decisions with their traces, and deciding a hostname anew. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { issuesText, splitMappingKey } from '../core/mapping.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseMappingKey } from './mapping-key.ts';
import { maskDecision } from './mask.ts';
import type { ControlParts } from './parts.ts';
import { decideAgainSchema } from './schemas.ts';
import type { DecisionsAnswer, DecisionView } from './wire.ts';
import { readJson, requirePageToken } from './write-guard.ts';

/** The routes below `/_api/decisions`. */
export function decisionRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/', () => jsonAnswer({ decisions: views(parts) } satisfies DecisionsAnswer));
  routes.post('/', async (c) => {
    requirePageToken(c.env, parts.pageToken);
    const input = decideAgainSchema.safeParse(await readJson(c.env));
    if (!input.success) {
      throw new AppError('API_BAD_REQUEST', `This is no question: ${issuesText(input.error)}`, {
        hint: 'Send { "key": "shop.localhost", "prompt"?: ... }',
      });
    }
    return jsonAnswer(await again(parts, input.data.key, input.data.prompt));
  });
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD', 'POST']);
  });
  return routes;
}

async function again(parts: ControlParts, written: string, prompt: string | undefined): Promise<DecisionView> {
  const key = parseMappingKey(written, parts.info().domains);
  if (parts.store.get(key)?.source === 'user') {
    throw new AppError('API_BAD_REQUEST', `You said yourself what “${key}” means`, { hint: 'Delete that route first' });
  }
  const ask = splitMappingKey(key);
  await parts.decideAgain(ask, prompt);
  const decided = views(parts).find(({ host, service }) => host === ask.hostname && service === ask.service);
  if (decided) return decided;
  throw new AppError('API_BUSY', `“${key}” was decided a moment ago`, { hint: 'Ask again in ten seconds' });
}

function views({ decisions }: ControlParts): DecisionView[] {
  return decisions.list().map((decision) => maskDecision(decision));
}
