/** `/_api/mappings/`: the seed's paths and shapes. */
import { type Context, Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { issuesText, type Mapping, mappingInputSchema } from '../core/mapping.ts';
import { jsonAnswer, textAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseMappingKey } from './mapping-key.ts';
import { maskDeep } from './mask.ts';
import type { ControlParts } from './parts.ts';
import { etagOf } from './routes.ts';
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
    const answer = jsonAnswer(maskDeep(mapping));
    answer.headers.set('etag', etagOf(mapping));
    return answer;
  });
  routes.put('/:key', async (c) => {
    requirePageToken(c.env, parts.pageToken);
    const key = parseMappingKey(c.req.param('key'), parts.info().domains);
    const input = mappingInputSchema.safeParse(await readJson(c.env));
    if (!input.success) throw new AppError('ROUTE_BAD_MAPPING', `This is no mapping: ${issuesText(input.error)}`);
    const mapping = await parts.mappingFromInput(input.data, await parts.snapshot());
    requireUnchanged(c, store.get(key));
    await store.set(key, mapping);
    return textAnswer('Updated');
  });
  routes.delete('/:key', async (c) => {
    requirePageToken(c.env, parts.pageToken);
    requireUnchanged(c, findMapping(parts, c.req.param('key')));
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

/**
 * Two editors do not overwrite each other (RFC 9110 section 13.1): called right before the change, with nothing between.
 * @throws {AppError} API_STALE
 */
function requireUnchanged(c: Context<ControlEnv>, mapping: Mapping | undefined): void {
  const now = mapping && etagOf(mapping);
  const match = c.req.header('if-match');
  const noneMatch = c.req.header('if-none-match');
  const isOther = match !== undefined && (now === undefined || (match !== '*' && !listed(match, now)));
  const isThere = noneMatch !== undefined && now !== undefined && (noneMatch === '*' || listed(noneMatch, now));
  if (!isOther && !isThere) return;
  throw new AppError('API_STALE', 'The mapping was changed meanwhile', { hint: 'Load it again, then change it' });
}

function listed(header: string, etag: string): boolean {
  return header.split(',').some((one) => one.trim() === etag);
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
