/** `/host`: an app refused its hostname. Says why and what helps; one click has it told another Host. */
import { Hono } from 'hono';
import { renderDocument } from '../core/document.ts';
import { AppError } from '../core/errors.ts';
import { HOST_CHECKERS, type HostChecker } from '../core/host-check.ts';
import { type Html, html } from '../core/html.ts';
import { describeMapping, type Mapping, mappingSchema, splitMappingKey } from '../core/mapping.ts';
import { type EditKey, pathOf, sendOwnHost } from '../routes/edit-mapping.ts';
import { pageAnswer, seeOther } from './answers.ts';
import { type CallContext, type ControlEnv, MethodError } from './env.ts';
import { parseEditKey } from './mapping-key.ts';
import type { ControlParts } from './parts.ts';
import { returnUrl } from './return-url.ts';
import { readForm } from './write-guard.ts';

/** A checker's name, the setting that allows a hostname there, and what that setting looks like. */
const CHECKERS: Readonly<Record<HostChecker, { name: string; file: string; setting: (hostname: string) => string }>> = {
  vite: {
    name: 'Vite',
    file: 'vite.config',
    setting: (hostname) => `server: { allowedHosts: ['${hostname}'] }`,
  },
  webpack: {
    name: 'webpack-dev-server',
    file: 'webpack.config',
    setting: (hostname) => `devServer: { allowedHosts: ['${hostname}'] }`,
  },
  django: { name: 'Django', file: 'settings.py', setting: (hostname) => `ALLOWED_HOSTS = ['${hostname}']` },
  rails: {
    name: 'Rails',
    file: 'config/environments/development.rb',
    setting: (hostname) => `config.hosts << "${hostname}"`,
  },
};

/** The routes, on the dashboard's host only. */
export function hostRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/', (c) => showRefusal(parts, c.env, new URLSearchParams(c.req.query())));
  routes.post('/', async (c) => {
    const ask = await readForm(c.env, parts.pageToken);
    const { key, by, hostname } = readAsk(parts, ask);
    // Rails looks at X-Forwarded-Host as well (host_authorization.rb).
    const isSet = await sendOwnHost(parts.store, key, by === 'rails' ? 'rewritten' : 'original');
    if (!isSet) throw missing(ask);
    return seeOther(goOn(parts, c.env, ask, hostname));
  });
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD', 'POST']);
  });
  return routes;
}

interface RefusalAsk {
  key: EditKey;
  by: HostChecker;
  hostname: string;
}

/** @throws {AppError} HOST_INVALID · API_BAD_REQUEST */
function readAsk(parts: ControlParts, ask: URLSearchParams): RefusalAsk {
  const key = parseEditKey(ask.get('key') ?? '', parts.info().domains);
  const by = HOST_CHECKERS.find((one) => one === ask.get('by'));
  if (by === undefined) throw new AppError('API_BAD_REQUEST', 'It is not said which server refused');
  return { key, by, hostname: splitMappingKey(key.key).hostname };
}

function goOn(parts: ControlParts, { origin }: CallContext, ask: URLSearchParams, hostname: string): string {
  return returnUrl(ask.get('return'), hostname, { origin, ports: parts.info().ports });
}

function missing(ask: URLSearchParams): AppError {
  return new AppError('ROUTE_NOT_FOUND', `There is no mapping for “${(ask.get('key') ?? '').slice(0, 80)}” any more`);
}

function showRefusal(parts: ControlParts, call: CallContext, query: URLSearchParams): Response {
  const { key, by, hostname } = readAsk(parts, query);
  const mapping = mappingAt(parts, key);
  if (!mapping) throw missing(query);
  const returnTo = goOn(parts, call, query, hostname);
  const { name, file, setting } = CHECKERS[by];
  const page = renderDocument({
    title: `${name} refuses ${hostname}`,
    branded: true,
    body: html`<h1>${name} refuses the name <code>${hostname}</code></h1>
<p>“${describeMapping(mapping)}” runs and answers, but it only serves hostnames that it was told of.</p>
${offer(parts, mapping, { key, by, hostname }, returnTo)}
<p>Or allow the name there, in ${file}:</p><pre>${setting(hostname)}</pre>
<p class="actions"><a href="${returnTo}">Try ${hostname} again</a><a href="/">Dashboard</a></p>`,
  });
  // Browsers check the 303 that follows the form against the page's policy, too.
  return pageAnswer(page, 200, [new URL(returnTo).origin]);
}

function offer(parts: ControlParts, mapping: Mapping, { key, by }: RefusalAsk, returnTo: string): Html {
  const own = `localhost:${mapping.port}`;
  if (mapping.host === 'target' && (by !== 'rails' || mapping.forwardedHost === 'rewritten')) {
    return html`<p>It is sent <code>${own}</code> as Host already, and refuses that, too.</p>`;
  }
  const field = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`;
  return html`<form method="post" action="/host">${field('token', parts.pageToken)}
${field('key', key.key + (key.prefix ?? ''))}${field('by', by)}${field('return', returnTo)}
<p><button>Send it <code>${own}</code> as Host instead</button></p></form>
<p class="soft">The route is yours from then on; “hostwise routes rm” takes it back.</p>`;
}

function mappingAt({ store }: ControlParts, { key, prefix }: EditKey): Mapping | undefined {
  const mapping = store.get(key);
  if (prefix === undefined) return mapping;
  const entry = mappingSchema.safeParse(pathOf(mapping, prefix));
  return entry.success ? entry.data : undefined;
}
