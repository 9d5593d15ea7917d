/** `/_api/mappings/`: the seed's paths and shapes. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { splitPathKey } from '../core/mapping-paths.ts';
import {
  checkedPrefix,
  deleteMapping,
  type EditableStore,
  type EditKey,
  type EditParts,
  pathOf,
  putMapping,
} from '../routes/edit-mapping.ts';
import { jsonAnswer, textAnswer } from './answers.ts';
import { conditionalStore, etagOf } from './conditional.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseEditKey, parseMappingKey } from './mapping-key.ts';
import { maskDeep } from './mask.ts';
import type { ControlParts } from './parts.ts';
import type { MappingsAnswer } from './wire.ts';
import { readJson, requirePageToken } from './write-guard.ts';

/** A mapping's key, with the path behind it where one of its `paths` is meant; slashes may be encoded. */
const KEY = '/:key{.+}';

/** The routes below `/_api/mappings`. */
export function mappingRoutes(parts: ControlParts): Hono<ControlEnv> {
  const { store } = parts;
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/', () => jsonAnswer(mappingsView(parts)));
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  routes.get(KEY, (c) => {
    const found = findEntry(parts, c.req.param('key'));
    if (!found) throw new AppError('ROUTE_NOT_FOUND', `There is no mapping for “${c.req.param('key')}”`);
    const answer = jsonAnswer(maskDeep(found));
    const whole = store.get(storedKey(store, c.req.param('key')).key);
    if (whole) answer.headers.set('etag', etagOf(whole));
    return answer;
  });
  routes.put(KEY, async (c) => {
    requirePageToken(c.env, parts.pageToken);
    const { domains } = parts.info();
    const key = parseEditKey(c.req.param('key'), domains);
    const input = await readJson(c.env);
    const make: EditParts['make'] = (fields, snapshot) => parts.mappingFromInput(fields, snapshot);
    const checkKey = (text: string): string => parseMappingKey(text, domains);
    const kept = conditionalStore(store, (name) => c.req.header(name));
    await putMapping({ store: kept, snapshot: await parts.snapshot(), make, checkKey }, key, input);
    return textAnswer('Updated');
  });
  routes.delete(KEY, async (c) => {
    requirePageToken(c.env, parts.pageToken);
    await forget(
      conditionalStore(store, (name) => c.req.header(name)),
      c.req.param('key'),
    );
    return textAnswer('Deleted');
  });
  routes.all(KEY, (c) => {
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

/** Remove a mapping or one of its paths, also where the domain is no longer ours; nothing happens without one. */
export async function forget(store: EditableStore, key: string): Promise<void> {
  await deleteMapping(store, storedKey(store, key));
}

function findEntry({ store }: ControlParts, text: string): unknown {
  const { key, prefix } = storedKey(store, text);
  const mapping = store.get(key);
  return prefix === undefined ? mapping : pathOf(mapping, prefix);
}

/** As it was written, else folded like a hostname: upper case, a trailing dot. */
function storedKey(store: EditableStore, text: string): EditKey {
  const { key, prefix = '/' } = splitPathKey(text);
  const path = /^\/+$/.test(prefix) ? {} : { prefix: checkedPrefix(prefix) };
  if (store.get(key)) return { key, ...path };
  const [hostname = '', ...service] = key.toLowerCase().split(':');
  return { key: [hostname.replace(/\.$/, ''), ...service].join(':'), ...path };
}
