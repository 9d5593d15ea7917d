/** `/service`: all that is known of what answers a hostname. Pages on apps' hostnames lead here when it does not. */
import { Hono } from 'hono';
import { renderDocument } from '../core/document.ts';
import { AppError, messageOf } from '../core/errors.ts';
import { type Html, html } from '../core/html.ts';
import { describeMapping, type Mapping } from '../core/mapping.ts';
import { describeService, isContainer, type Service, type Snapshot } from '../core/service.ts';
import type { TrafficRecord } from '../core/traffic.ts';
import { hostPort } from '../core/upstream.ts';
import { type Located, locate } from '../routes/locate.ts';
import { pageAnswer } from './answers.ts';
import { whereabouts } from './dashboard-page.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseAppHostname } from './mapping-key.ts';
import { maskText } from './mask.ts';
import type { ControlParts } from './parts.ts';
import { requestLine } from './request-view.ts';
import { siblingOrigin } from './return-url.ts';
import { serviceLog, stoppedLog } from './service-log.ts';

/** The route, on the dashboard's host only. */
export function servicePageRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/', async (c) => {
    const id = c.req.query('id');
    const snapshot = await parts.snapshot();
    const page =
      id === undefined ? ofHost(parts, c.req.query('host') ?? '', snapshot, c.env.origin) : ofId(id, snapshot);
    return pageAnswer(renderDocument({ branded: true, ...(await withLog(parts, page)) }));
  });
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  return routes;
}

/** A page that still lacks its log. */
interface ServicePage {
  title: string;
  body: Html;
  service: Service | undefined;
  /** Of a container that does not run now. */
  stopped?: string;
  actions: Html;
}

function ofHost(parts: ControlParts, host: string, snapshot: Snapshot, origin: string | undefined): ServicePage {
  const { domains, ports } = parts.info();
  const hostname = parseAppHostname(host, domains);
  const mapping = parts.store.get(hostname);
  const at = mapping && locate(mapping, snapshot);
  const service = at?.kind === 'found' ? (at.service ?? undefined) : undefined;
  return {
    title: `What answers ${hostname}`,
    service,
    ...(at?.kind === 'absent' && mapping?.type === 'docker' ? { stopped: containerName(mapping) } : {}),
    body: html`<h1>What answers <code>${hostname}</code></h1>
<div class="card"><dl>${mapping ? mappingRows(mapping, at) : html`<dt>Goes to</dt><dd>Nothing is remembered for it</dd>`}
${service && serviceRows(service)}${failureRows(parts, hostname, service)}</dl></div>`,
    actions: html`<a href="${siblingOrigin(hostname, { origin, ports })}/">Open it</a>
<a href="/pick?host=${encodeURIComponent(hostname)}">Choose another one</a>
<a href="/#/requests?${new URLSearchParams({ route: hostname }).toString()}">Its requests</a>`,
  };
}

function containerName({ identity, target }: Mapping): string {
  return identity?.kind === 'container' ? identity.name : target.replace(/^\//, '');
}

function ofId(id: string, snapshot: Snapshot): ServicePage {
  const service = [...snapshot.processes, ...snapshot.containers].find((one) => one.id === id);
  if (!service) throw new AppError('API_NOT_FOUND', `“${id.slice(0, 40)}” is not running any more`);
  const name = maskText(describeService(service));
  return {
    title: name,
    service,
    body: html`<h1><code>${name}</code></h1><div class="card"><dl>${serviceRows(service)}</dl></div>`,
    actions: html`<a href="/#/services">All services</a>`,
  };
}

function mappingRows(mapping: Mapping, at: Located | undefined): Html {
  const goes =
    at?.kind === 'found' ? hostPort(at.upstream.address, at.upstream.port) : `away: ${maskText(at?.detail ?? '')}`;
  return html`<dt>Goes to</dt><dd>${maskText(describeMapping(mapping))} <span class="mono">${goes}</span></dd>
<dt>Because</dt><dd><span class="tag">${mapping.source ?? 'unknown'}</span> ${maskText(mapping.llmReason)}</dd>`;
}

function serviceRows(service: Service): Html {
  const what = isContainer(service) ? 'Container' : 'Process';
  return html`<dt>${what}</dt><dd>${maskText(describeService(service))}<br><small class="mono">${whereabouts(service)}</small></dd>`;
}

/** The latest failures in a row, newest first. */
const MAX_FAILURES = 5;

function failureRows({ traffic }: ControlParts, hostname: string, service: Service | undefined): Html {
  const since = traffic.failingSince(hostname);
  const failed: TrafficRecord[] = [];
  for (const record of traffic.ring.newest()) {
    if (failed.length < MAX_FAILURES && record.hostname === hostname && record.error !== undefined) failed.push(record);
  }
  const [latest] = failed;
  if (latest === undefined) return html``;
  const isNew = service && isContainer(service) && Date.parse(service.startedAt ?? '') > latest.startedAtMs;
  const state = since === undefined ? 'it answers again' : `no answer since ${clockOf(since)}`;
  return html`<dt>State</dt><dd>${isNew ? 'started again, and not asked since' : state}</dd>
<dt>Errors</dt><dd>${failed.map(requestLine).map(
    ({ startedAt, method, target, error }, i, lines) =>
      // The same words once, above the requests that they are about.
      html`<div>${error !== lines[i - 1]?.error && html`<span class="bad">${error}</span><br>`}
<small><time datetime="${startedAt}">${clockOf(startedAt)}</time> <code>${method} ${target.slice(0, 120)}</code></small></div>`,
  )}</dd>`;
}

function clockOf(time: string | number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

async function withLog(
  parts: ControlParts,
  { title, body, service, stopped, actions }: ServicePage,
): Promise<{ title: string; body: Html }> {
  return {
    title,
    body: html`${body}${service && (await logPart(parts, service))}
${stopped !== undefined && (await logText('The last lines of its log, before it stopped', () => stoppedLog(parts, stopped)))}
<p class="actions">${actions}<a href="/">Dashboard</a></p>`,
  };
}

async function logPart(parts: ControlParts, service: Service): Promise<Html> {
  if (!isContainer(service)) {
    return html`<p class="soft">What it writes goes to the terminal that it was started in.</p>`;
  }
  return logText('The last lines of its log', () => serviceLog(parts, service.id));
}

async function logText(title: string, read: () => Promise<string[]>): Promise<Html> {
  try {
    const lines = await read();
    if (lines.length === 0) return html`<h2>Its log</h2><p class="soft">It has written nothing.</p>`;
    return html`<h2>${title}</h2><pre class="log" tabindex="0">${lines.join('\n')}</pre>`;
  } catch (error) {
    return html`<h2>Its log</h2><p class="soft">${maskText(messageOf(error))}</p>`;
  }
}
