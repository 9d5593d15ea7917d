/**
 * `/_api/events` (SSE): the dashboard's live view. Says what has changed rather than what it is now, so that nothing
 * can be out of step; only requests and log lines come along, since they are many and never change again.
 */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import type { Snapshot } from '../core/service.ts';
import type { TrafficRecord } from '../core/traffic.ts';
import type { RingLine } from '../platform/log-ring.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { logLine } from './log-lines.ts';
import type { ControlParts } from './parts.ts';
import { requestLine } from './request-view.ts';
import type { LiveEvents, Topic } from './wire.ts';

/** Changes are gathered for so long: fast enough for the eye, and a storm of requests costs four messages a second. */
const GATHER_MS = 250;
/** Between two signs of life: proxies and browsers give up on silent streams. */
const BEAT_MS = 15_000;
/** While somebody watches, the machine is looked at this often; an idle proxy polls nothing. */
const LOOK_MS = 2_000;
/** More than this between two messages is a storm: the page asks again when it is over. */
const MAX_GATHERED = 500;
/** Open dashboards. */
const MAX_WATCHERS = 32;

/** The route. */
export function eventRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  const watchers = new Set<Watch>();
  routes.get('/events', () => {
    if (watchers.size >= MAX_WATCHERS) {
      throw new AppError('API_BUSY', `${MAX_WATCHERS} dashboards are open already`, { hint: 'Close some of them' });
    }
    const watch: Watch = new Watch(parts, () => watchers.delete(watch));
    watchers.add(watch);
    return new Response(watch.stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
  });
  routes.all('/events', (c) => {
    throw new MethodError(c.req.method, ['GET']);
  });
  return routes;
}

/** Most looks at the machine find what the last one found: a page that asks again after each would cause the next. */
function onlyNew(tell: () => void): (snapshot: Snapshot) => void {
  let last: Snapshot | undefined;
  return (snapshot) => {
    const isSame = last !== undefined && sameServices(last, snapshot);
    last = snapshot;
    if (!isSame) tell();
  };
}

function sameServices(a: Snapshot, b: Snapshot): boolean {
  return (
    sameList(a.processes, b.processes) &&
    sameList(a.containers, b.containers) &&
    sameList(a.warnings ?? [], b.warnings ?? [])
  );
}

/** What did not change mostly is the same object: few are compared in full. */
function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i] || JSON.stringify(one) === JSON.stringify(b[i]));
}

/** One open stream. */
class Watch {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #topics = new Set<Topic>();
  readonly #requests = new Map<number, TrafficRecord>();
  readonly #stops: (() => void)[] = [];
  readonly #encoder = new TextEncoder();
  #logs: RingLine[] = [];
  #lags = false;
  readonly #parts: ControlParts;
  #flush: NodeJS.Timeout | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(parts: ControlParts, onStop: () => void) {
    this.#parts = parts;
    this.#stops.push(onStop);
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
        this.#send(': hello\n\n');
        this.#listen();
      },
      cancel: () => this.#stop(),
    });
  }

  #listen(): void {
    const parts = this.#parts;
    const changed =
      (...topics: Topic[]) =>
      (): void => {
        for (const topic of topics) this.#topics.add(topic);
        this.#schedule();
      };
    const beat = setInterval(() => this.#send(': still here\n\n'), BEAT_MS);
    const look = setInterval(() => void parts.recentSnapshot(), LOOK_MS);
    this.#stops.push(
      parts.traffic.listen((record) => this.#gather(() => this.#requests.set(record.id, record))),
      parts.logs.listen((line) => this.#gather(() => this.#logs.push(line))),
      parts.onMappings(changed('routes')),
      parts.onSnapshot(onlyNew(changed('services', 'routes', 'status'))),
      parts.decisions.onAdd(changed('decisions', 'status')),
      () => clearInterval(beat),
      () => clearInterval(look),
      () => clearTimeout(this.#flush),
    );
  }

  #gather(add: () => void): void {
    // Who reads slower than it happens is told that something is missing, and no list grows.
    if (this.#requests.size + this.#logs.length >= MAX_GATHERED) this.#lags = true;
    else add();
    this.#schedule();
  }

  #schedule(): void {
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      // What was sent last is still on its way: what comes now is gathered on.
      if ((this.#controller?.desiredSize ?? 0) <= 0) this.#schedule();
      else this.#send(this.#take());
    }, GATHER_MS);
  }

  #take(): string {
    const events: Partial<LiveEvents> = {
      ...(this.#lags ? { lag: null } : {}),
      ...(this.#topics.size > 0 ? { changed: [...this.#topics] } : {}),
      ...(this.#requests.size > 0
        ? { requests: [...this.#requests.values()].map(requestLine), figures: this.#figures() }
        : {}),
      ...(this.#logs.length > 0 ? { logs: this.#logs.map(logLine) } : {}),
    };
    this.#lags = false;
    this.#topics.clear();
    this.#requests.clear();
    this.#logs = [];
    return Object.entries(events)
      .map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      .join('');
  }

  /** Of the routes that the gathered requests went to: a page of a thousand asks for none of them again. */
  #figures(): LiveEvents['figures'] {
    const { traffic, store } = this.#parts;
    const figures: LiveEvents['figures'] = {};
    for (const { hostname } of this.#requests.values()) {
      const totals = store.get(hostname) && traffic.figures(hostname)?.totals;
      if (totals) figures[hostname] = totals;
    }
    return figures;
  }

  #send(text: string): void {
    try {
      this.#controller?.enqueue(this.#encoder.encode(text));
    } catch {
      // Closed in the same moment.
      this.#stop();
    }
  }

  #stop(): void {
    this.#controller = undefined;
    for (const stop of this.#stops.splice(0)) stop();
  }
}
