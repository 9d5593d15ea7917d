/** `/_api/routes` and `/_api/traffic`: every remembered hostname, what it reaches now, and how that goes. */
import { Hono } from 'hono';
import { describeMapping, type Mapping, splitMappingKey } from '../core/mapping.ts';
import { isContainer, type Service, type Snapshot } from '../core/service.ts';
import { type Pausable, runInSlices } from '../core/slices.ts';
import { locate } from '../routes/locate.ts';
import { SLICE_MS } from '../traffic/route-figures.ts';
import { jsonAnswer } from './answers.ts';
import { etagOf } from './conditional.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { inKeyOrder } from './key-order.ts';
import { maskText } from './mask.ts';
import type { ControlParts } from './parts.ts';
import type { RoutesAnswer, RouteView, TrafficAnswer } from './wire.ts';

const NO_TRAFFIC: RouteView['traffic'] = {
  requests: 0,
  errors: 0,
  open: 0,
  lastAtMs: null,
  lastError: null,
  failing: null,
};

/** The two routes. */
export function routeRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  // A thousand routes take longer than any request may be held up.
  routes.get('/routes', async () => jsonAnswer(await runInSlices(routesView(parts, await parts.recentSnapshot()))));
  routes.get('/traffic', (c) => jsonAnswer(trafficView(parts, c.req.queries('route'), Date.now())));
  for (const path of ['/routes', '/traffic']) {
    routes.all(path, (c) => {
      throw new MethodError(c.req.method, ['GET', 'HEAD']);
    });
  }
  return routes;
}

function* routesView(parts: ControlParts, snapshot: Snapshot): Pausable<RoutesAnswer> {
  const mappings = parts.store.all();
  const routes: RouteView[] = [];
  for (const key of inKeyOrder(Object.keys(mappings))) {
    const mapping = mappings[key];
    if (mapping) routes.push(routeView(parts, key, mapping, snapshot));
    yield;
  }
  return { routes };
}

function routeView({ traffic }: ControlParts, key: string, mapping: Mapping, snapshot: Snapshot): RouteView {
  const { hostname, service } = splitMappingKey(key);
  return {
    key,
    hostname,
    service: service ?? null,
    label: describeMapping(mapping),
    source: mapping.source ?? null,
    confidence: mapping.confidence ?? null,
    reason: maskText(mapping.llmReason),
    port: mapping.port,
    createdAt: mapping.createdAt,
    etag: etagOf(mapping),
    reach: reachOf(mapping, snapshot),
    // Requests are counted by hostname; those of its siblings are among them.
    traffic: (service === undefined ? traffic.figures(hostname)?.totals : undefined) ?? NO_TRAFFIC,
  };
}

function reachOf(mapping: Mapping, snapshot: Snapshot): RouteView['reach'] {
  const at = locate(mapping, snapshot);
  if (at.kind !== 'found') return { state: at.kind === 'absent' ? 'away' : 'ambiguous', detail: maskText(at.detail) };
  const { label, address, port } = at.upstream;
  return { state: 'up', id: at.service?.id ?? null, label, address, port, startedAtMs: startOf(at.service) };
}

/** Of a container alone: a process that is started again has another id. */
function startOf(service: Service | null): number | null {
  const startMs = service && isContainer(service) ? Date.parse(service.startedAt ?? '') : Number.NaN;
  return Number.isFinite(startMs) ? startMs : null;
}

/** @param asked keys; undefined: all of them, which with a thousand busy routes is 2 MB */
function trafficView({ traffic, store }: ControlParts, asked: string[] | undefined, nowMs: number): TrafficAnswer {
  const hosts: TrafficAnswer['hosts'] = {};
  for (const key of asked ?? Object.keys(store.all())) {
    const figures = store.get(key) && traffic.figures(key);
    if (figures) hosts[key] = figures.slices(nowMs);
  }
  return { sliceMs: SLICE_MS, hosts };
}
