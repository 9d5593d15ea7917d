/**
 * The control plane: the dashboard's host, and the seed's paths on apps' hostnames. Steps of a request: who calls
 * (`caller.ts`) -> one of two sets of routes -> an answer that carries the safety headers. Nothing throws out of here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { renderDocument } from '../core/document.ts';
import { AppError } from '../core/errors.ts';
import { CONTROL_LABEL, classifyHostname } from '../core/hostname.ts';
import { html } from '../core/html.ts';
import type { AnyRequest, AnyResponse, CallerRequest, PageFormat } from '../core/http-message.ts';
import { pageFormat } from '../core/page-format.ts';
import type { Snapshot } from '../core/service.ts';
import { WAIT_PATH } from '../core/wait.ts';
import {
  dashboardAnswer,
  errorAnswer,
  formatOf,
  jsonAnswer,
  pageAnswer,
  seeOther,
  withSafetyHeaders,
} from './answers.ts';
import { assetRoutes } from './asset-routes.ts';
import { type Access, authorityOf, CallerCheck, isSecureRequest, originOf } from './caller.ts';
import { dashboardPage } from './dashboard-page.ts';
import { decisionRoutes } from './decisions.ts';
import { type CallContext, type ControlEnv, MethodError } from './env.ts';
import { eventRoutes } from './events.ts';
import { ownOrigin, type Place } from './guard.ts';
import { hostRoutes } from './host-refused.ts';
import { logRoutes } from './log-lines.ts';
import { mappingRoutes, mappingsView } from './mappings.ts';
import { openapiRoutes } from './openapi.ts';
import type { ControlParts } from './parts.ts';
import { pickerRoutes } from './picker.ts';
import { requestRoutes } from './requests.ts';
import { siblingOrigin } from './return-url.ts';
import { routeRoutes } from './routes.ts';
import { serviceLogRoutes } from './service-log.ts';
import { servicePageRoutes } from './service-page.ts';
import { serviceRoutes } from './services.ts';
import { settingsRoutes } from './settings-view.ts';
import { tlsCheck } from './tls-check.ts';
import { waitAnswer } from './wait.ts';
import type { DebugAnswer } from './wire.ts';

/** See the proxy's `ControlPlane`, which this is plugged into. */
export interface ControlPlaneServer {
  /** Answers completely. @param hostname normalized, under our domains */
  handle(request: AnyRequest, response: AnyResponse, on: Place, hostname: string): void;
  /** Answers completely, with every right: for the 0600 control socket only. Host is ignored. */
  handleTrusted(request: AnyRequest, response: AnyResponse): void;
  /** May this request use `?force` and `?prompt`? */
  mayInstruct(request: CallerRequest): Promise<boolean>;
  /** Is this a caller without browser headers whom the control plane would let in? */
  isTrustedCaller(request: CallerRequest): Promise<boolean>;
}

/** Put the control plane together. @param check who calls; with what it remembers of connections */
export function createControlPlane(
  parts: ControlParts,
  check: CallerCheck = new CallerCheck(parts),
): ControlPlaneServer {
  const routes = { app: appRoutes(parts), control: controlRoutes(parts) };
  const answer = (
    call: Omit<CallContext, 'caller'>,
    request: Request,
    access: Access,
  ): Response | Promise<Response> => {
    switch (access.kind) {
      case 'allowed':
        return routes[call.on].fetch(request, { ...call, caller: access.caller });
      case 'to-dashboard':
        return seeOther(`${dashboardOrigin(call, parts.info().domains)}/`);
      case 'arrival':
        return arrivalAnswer(request, formatOfNode(call.incoming));
      case 'refused':
        return errorAnswer(access.error, new URL(request.url).pathname, formatOfNode(call.incoming));
    }
  };
  const serve = (call: Omit<CallContext, 'caller'>, access: () => Promise<Access>): void => {
    // A client that leaves in the middle must not take the process down.
    call.incoming.on('error', ignore);
    call.outgoing.on('error', ignore);
    const respond = async (request: Request): Promise<Response> => {
      const open = openAnswer(request, call, parts);
      return withSafetyHeaders(open ?? (await answer(call, request, await access())));
    };
    const listener = getRequestListener(respond, {
      // Node's own Request and Response stay what they are for the rest of the program.
      overrideGlobalObjects: false,
      hostname: call.hostname,
      errorHandler: (error) => withSafetyHeaders(failure(error, parts, { path: '/', format: 'text' })),
    });
    listener(call.incoming, call.outgoing).catch((error: unknown) => {
      parts.log.error({ err: error }, 'An answer of the control plane could not be sent');
    });
  };
  return {
    handle: (incoming, outgoing, on, hostname) =>
      serve({ incoming, outgoing, on, hostname, origin: originOf(incoming, hostname) }, () =>
        check.check(incoming, on, hostname),
      ),
    handleTrusted: (incoming, outgoing) => {
      const hostname = `${CONTROL_LABEL}.${parts.info().domains[0] ?? 'localhost'}`;
      serve({ incoming, outgoing, on: 'control', hostname, origin: undefined }, async () => ({
        kind: 'allowed',
        caller: 'control-socket',
      }));
    },
    mayInstruct: (request) => check.mayInstruct(request),
    isTrustedCaller: (request) => check.isTrustedCaller(request),
  };
}

/** What is answered before anybody is asked who they are: `/_tls_check`, and what a waiting page listens to. */
function openAnswer(request: Request, call: Omit<CallContext, 'caller'>, parts: ControlParts): Response | undefined {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === WAIT_PATH && call.on === 'app') return waiting(call, parts, pathname);
  if (pathname !== '/_tls_check' && pathname !== '/_tls_check/') return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return failure(new MethodError(request.method, ['GET', 'HEAD']), parts, { path: pathname, format: 'text' });
  }
  return tlsCheck(searchParams.get('domain') ?? undefined, call.hostname, parts.info().domains);
}

function waiting(call: Omit<CallContext, 'caller'>, parts: ControlParts, pathname: string): Response {
  try {
    return waitAnswer(parts, call, pathname);
  } catch (error) {
    return failure(error, parts, { path: pathname, format: 'text' });
  }
}

/** The seed's paths, the same on every hostname. */
function appRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = withErrors(new Hono<ControlEnv>({ strict: false }), parts);
  routes.get('/_debug', (c) => (formatOf(c) === 'html' ? showDashboard(c, parts) : jsonAnswer(debugView(parts))));
  routes.all('/_debug', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  routes.route('/_api/mappings', mappingRoutes(parts));
  return routes;
}

/** The dashboard's host: everything. */
function controlRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = appRoutes(parts);
  routes.get('/', (c) => showDashboard(c, parts));
  routes.all('/', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  routes.route('/assets', assetRoutes(parts));
  routes.route('/', pickerRoutes(parts));
  routes.route('/host', hostRoutes(parts));
  routes.route('/service', servicePageRoutes(parts));
  routes.route('/_api', serviceRoutes(parts));
  routes.route('/_api', serviceLogRoutes(parts));
  routes.route('/_api', routeRoutes(parts));
  routes.route('/_api/requests', requestRoutes(parts));
  routes.route('/_api/decisions', decisionRoutes(parts));
  routes.route('/_api', logRoutes(parts));
  routes.route('/_api', settingsRoutes(parts));
  routes.route('/_api', eventRoutes(parts));
  routes.route(
    '/_api',
    openapiRoutes(() => parts.info().version),
  );
  return routes;
}

function withErrors(routes: Hono<ControlEnv>, parts: ControlParts): Hono<ControlEnv> {
  routes.notFound((c) => {
    const missing = new AppError('API_NOT_FOUND', `There is nothing at “${c.req.path.slice(0, 200)}”`);
    return errorAnswer(missing, c.req.path, formatOf(c), c.env.on);
  });
  routes.onError((error, c) => failure(error, parts, { path: c.req.path, format: formatOf(c), on: c.env.on }));
  return routes;
}

/** What an error is an answer to. */
interface Asked {
  path: string;
  format: PageFormat;
  /** Where a page may lead home. */
  on?: Place;
}

/** An error that we understand is told; any other is a bug: it is logged, and told without its words. */
function failure(error: unknown, parts: ControlParts, { path, format, on }: Asked): Response {
  const answerTo = (known: AppError): Response => errorAnswer(known, path, format, on);
  if (error instanceof MethodError) {
    const answer = answerTo(error);
    // RFC 9110 section 15.5.6: a 405 says what is possible.
    answer.headers.set('allow', error.allow);
    return answer;
  }
  if (error instanceof AppError) return answerTo(error);
  if (error instanceof Error && error.name === 'RequestError') {
    return answerTo(new AppError('API_BAD_REQUEST', 'The request could not be read'));
  }
  parts.log.error({ err: error, path }, 'The control plane made a mistake');
  return answerTo(new AppError('API_FAILED', 'hostwise made a mistake; its log says more'));
}

function debugView(parts: ControlParts): DebugAnswer {
  const { model, cacheFile, version } = parts.info();
  return { mappings: mappingsView(parts), model, cache_file: cacheFile, version };
}

/** A look takes longer where a thousand processes run or the machine is busy; the last one is better than a blank page. */
const PAINT_WAIT_MS = 50;

async function snapshotToPaint(parts: ControlParts): Promise<Snapshot> {
  const fresh = parts.recentSnapshot();
  const last = parts.lastSnapshot();
  if (!last) return fresh;
  const limit = new AbortController();
  const waited = delay(PAINT_WAIT_MS, last, { signal: limit.signal }).catch(() => last);
  const snapshot = await Promise.race([fresh, waited]);
  limit.abort();
  return snapshot;
}

async function showDashboard(c: Context<ControlEnv>, parts: ControlParts): Promise<Response> {
  const { on, origin } = c.env;
  const status = parts.info();
  const snapshot = await snapshotToPaint(parts);
  // An app's origin gets to see neither the token nor a script that uses it.
  const isOurs = on === 'control';
  const assets = isOurs ? await parts.dashboardAssets() : undefined;
  return dashboardAnswer(
    dashboardPage({
      status,
      mappings: mappingsView(parts),
      snapshot,
      hostnames: parts.hostnames(snapshot),
      urlOf: (hostname) => `${siblingOrigin(hostname, { origin, ports: status.ports })}/`,
      pageToken: isOurs ? parts.pageToken : undefined,
      assets,
      isComplete: c.req.query('all') !== undefined,
    }),
    assets !== undefined,
  );
}

/** Added to a URL that came from somebody else's page, so that it is sent on once only. */
const ARRIVED = 'arrived';

/** Pages that a link may lead to. What only programs read costs a scan or a call of the LLM, and no page links to it. */
const LINKED_PAGES: ReadonlySet<string> = new Set(['/', '/pick', '/host', '/service', '/_debug', '/_debug/']);

function arrivalAnswer(request: Request, format: ReturnType<typeof formatOf>): Response {
  const { pathname } = new URL(request.url);
  if (LINKED_PAGES.has(pathname)) return arrivalPage(request.url);
  return errorAnswer(new AppError('API_FORBIDDEN', 'No page of another site leads here'), pathname, format);
}

/**
 * A link on another page led here. The answer holds no data; it leads on to the same URL, which is then asked for by
 * our own page (Sec-Fetch-Site: same-origin), so that data is only ever answered to ourselves or to a typed URL.
 */
function arrivalPage(requestUrl: string): Response {
  const url = new URL(requestUrl);
  const again = url.searchParams.has(ARRIVED);
  url.searchParams.set(ARRIVED, '');
  const target = `${url.pathname.replace(/^\/+/, '/')}${url.search}`;
  return pageAnswer(
    renderDocument({
      title: 'hostwise',
      ...(again ? {} : { refreshSeconds: 0, refreshUrl: target }),
      body: html`<main class="narrow"><p><a href="${target}">Go on to hostwise</a></p></main>`,
    }),
  );
}

/** `https://proxy.localhost:8443` for a request to `https://shop.localhost:8443`. */
function dashboardOrigin({ incoming, hostname }: Omit<CallContext, 'caller'>, domains: readonly string[]): string {
  const host = classifyHostname(hostname, domains);
  const domain = host.kind === 'foreign' ? 'localhost' : host.domain;
  const secure = isSecureRequest(incoming);
  const own = ownOrigin(authorityOf(incoming), secure, hostname);
  return siblingOrigin(`${CONTROL_LABEL}.${domain}`, {
    origin: own ?? `${secure ? 'https' : 'http'}://${hostname}`,
    ports: { https: null, http: null },
  });
}

function formatOfNode({ headers }: AnyRequest): ReturnType<typeof pageFormat> {
  return pageFormat((name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  });
}

function ignore(): void {}
