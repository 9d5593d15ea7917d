/** `/_api/mappings/`: the seed's paths and shapes. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { issuesText, type Mapping, mappingInputSchema } from '../core/mapping.ts';
import { jsonAnswer, textAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseMappingKey } from './mapping-key.ts';
import { maskDeep } from './mask.ts';
import type { ControlParts } from './parts.ts';
import type { MappingsAnswer } from './wire.ts';
import { readJson, requirePageToken } from './write-guard.ts';

/** The routes below `/_api/mappings`. */
export function mappingRoutes(parts: ControlParts): Hono<ControlEnv> {
  const { store } = parts;
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/', () => jsonAnswer(mappingsView(parts)));
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  routes.get('/:key', (c) => {
    const mapping = findMapping(parts, c.req.param('key'));
    if (!mapping) throw new AppError('ROUTE_NOT_FOUND', `There is no mapping for “${c.req.param('key')}”`);
    return jsonAnswer(maskDeep(mapping));
  });
  routes.put('/:key', async (c) => {
    requirePageToken(c.env, parts.pageToken);
    const key = parseMappingKey(c.req.param('key'), parts.info().domains);
    const input = mappingInputSchema.safeParse(await readJson(c.env));
    if (!input.success) throw new AppError('ROUTE_BAD_MAPPING', `This is no mapping: ${issuesText(input.error)}`);
    await store.set(key, await parts.mappingFromInput(input.data, await parts.snapshot()));
    return textAnswer('Updated');
  });
  routes.delete('/:key', async (c) => {
    requirePageToken(c.env, parts.pageToken);
    await forget(parts, c.req.param('key'));
    return textAnswer('Deleted');
  });
  routes.all('/:key', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD', 'PUT', 'DELETE']);
  });
  return routes;
}

/** Every mapping, secrets masked. */
export function mappingsView({ store }: ControlParts): MappingsAnswer {
  const view: MappingsAnswer = Object.create(null) as MappingsAnswer;
  for (const [key, mapping] of Object.entries(store.all())) view[key] = maskDeep(mapping);
  return view;
}

/** Remove a mapping, also one whose domain is no longer ours; nothing happens when there is none. */
export async function forget({ store }: ControlParts, key: string): Promise<void> {
  await store.delete(storedKey(store, key));
}

function findMapping({ store }: ControlParts, key: string): Mapping | undefined {
  return store.get(storedKey(store, key));
}

/** As it was written, else folded like a hostname: upper case, a trailing dot. */
function storedKey(store: ControlParts['store'], key: string): string {
  if (store.get(key)) return key;
  const [hostname = '', ...service] = key.toLowerCase().split(':');
  return [hostname.replace(/\.$/, ''), ...service].join(':');
}
