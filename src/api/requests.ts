/** `/_api/requests`: the last requests, one of them in full, and sending a safe one again. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import type { TrafficRecord } from '../core/traffic.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import type { ControlParts } from './parts.ts';
import { isReplayable, requestDetail, requestLine } from './request-view.ts';
import type { RequestsAnswer } from './wire.ts';
import { requirePageToken } from './write-guard.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 1_000;
/** Longer than any path that a person types to look for. */
const MAX_TEXT_CHARS = 200;

/** The routes below `/_api/requests`. */
export function requestRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/', (c) => jsonAnswer(list(parts, (name) => c.req.query(name))));
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  routes.get('/:id', (c) => jsonAnswer(requestDetail(find(parts, c.req.param('id')))));
  routes.all('/:id', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  routes.post('/:id/replay', async (c) => {
    requirePageToken(c.env, parts.pageToken);
    const record = find(parts, c.req.param('id'));
    if (!isReplayable(record)) {
      throw new AppError('API_BAD_REQUEST', `A ${record.method} may change something, and is not sent again`);
    }
    return jsonAnswer(await parts.replay(record));
  });
  routes.all('/:id/replay', (c) => {
    throw new MethodError(c.req.method, ['POST']);
  });
  return routes;
}

function find({ traffic }: ControlParts, id: string): TrafficRecord {
  const record = /^\d{1,15}$/.test(id) ? traffic.ring.get(Number(id)) : undefined;
  if (record) return record;
  throw new AppError('API_NOT_FOUND', `Request “${id.slice(0, 20)}” is not, or no longer, among the last ones`);
}

function list({ traffic }: ControlParts, query: (name: string) => string | undefined): RequestsAnswer {
  const fits = filterOf(query);
  const limit = Math.min(wholeNumber(query('limit'), 'limit') ?? DEFAULT_LIMIT, MAX_LIMIT);
  const found: TrafficRecord[] = [];
  let next: number | null = null;
  for (const record of traffic.ring.newest(wholeNumber(query('before'), 'before'))) {
    if (!fits(record)) continue;
    if (found.length === limit) {
      next = found.at(-1)?.id ?? null;
      break;
    }
    found.push(record);
  }
  return { requests: found.map(requestLine), next };
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new AppError('API_BAD_REQUEST', `“${text.slice(0, 20)}” is no whole number: ?${name}=`);
}

/** `route`: a key; `status`: `404`, `4xx`, `error` (5xx, or nobody answered), `open`; `text`: in method, URL or error. */
function filterOf(query: (name: string) => string | undefined): (record: TrafficRecord) => boolean {
  const route = query('route');
  const status = statusFilter(query('status'));
  const text = query('text')?.slice(0, MAX_TEXT_CHARS).toLowerCase();
  return (record) =>
    (!route || keyOf(record) === route) &&
    status(record) &&
    (!text || `${record.method} ${record.hostname}${record.target} ${record.error ?? ''}`.toLowerCase().includes(text));
}

function keyOf({ hostname, service }: TrafficRecord): string {
  return service === undefined ? hostname : `${hostname}:${service}`;
}

function statusFilter(wanted: string | undefined): (record: TrafficRecord) => boolean {
  if (wanted === undefined || wanted === '') return () => true;
  if (wanted === 'error') return ({ status, error }) => status >= 500 || error !== undefined;
  if (wanted === 'open') return ({ totalMs }) => totalMs === undefined;
  if (/^[1-5]xx$/.test(wanted)) return ({ status }) => String(status)[0] === wanted[0];
  if (/^\d{3}$/.test(wanted)) return ({ status }) => status === Number(wanted);
  throw new AppError('API_BAD_REQUEST', `“${wanted.slice(0, 20)}” is no status`, {
    hint: '404, 4xx, error or open',
  });
}
