/** What hostwise says itself, where no app answers: pages, redirects, and words for programs. */
import type { HostChecker } from '../core/host-check.ts';
import { originUrl, parseAuthority } from '../core/hostname.ts';
import type { PageBody, PageFormat } from '../core/http-message.ts';
import { mappingKey } from '../core/mapping.ts';
import { isNavigation, pageFormat } from '../core/page-format.ts';
import type { RouteAsk, RouteOutcome } from '../core/route.ts';
import type { Upstream } from '../core/upstream.ts';
import { clientPath } from './below-path.ts';
import type { ForwardVerdict } from './decide.ts';
import { type Exchange, respondWith } from './exchange.ts';
import { isGrpc, respondGrpc } from './grpc.ts';
import type { Pages } from './ports.ts';
import type { RequestContext } from './request-context.ts';
import { failureOf } from './retry.ts';

/** A person is told why the app refuses, and offered another Host for it. */
export function showRefusal(
  context: RequestContext,
  exchange: Exchange,
  verdict: ForwardVerdict,
  ask: RouteAsk,
  by: HostChecker,
): void {
  const returnTo = urlOf(exchange, verdict.hostname, clientPath(verdict));
  redirect(exchange, 303, context.pages.hostRefusedUrl(ask.hostname, routeKey(ask), by, returnTo));
}

/** What the mapping of this request is found by: `shop.localhost`, `shop.localhost:api`, `shop.localhost/api`. */
export function routeKey({ hostname, service, pathPrefix = '' }: RouteAsk): string {
  return mappingKey(hostname, service) + pathPrefix;
}

export function navigates(exchange: Exchange): boolean {
  return isNavigation(exchange.method, (name) => exchange.header(name));
}

/** No address: the picker for a navigation, the waiting page for a known app that is away, words for the others. */
export function answerWithout(
  context: RequestContext,
  exchange: Exchange,
  verdict: ForwardVerdict,
  ask: RouteAsk,
  outcome: Exclude<RouteOutcome, { kind: 'upstream' }>,
): void {
  const { hostname, pathPrefix } = ask;
  const format = formatFor(exchange);
  // The picker chooses for whole hostnames.
  if (outcome.kind === 'unknown' && format === 'html' && navigates(exchange) && pathPrefix === undefined) {
    redirect(exchange, 303, context.pages.pickerUrl(hostname, urlOf(exchange, verdict.hostname, clientPath(verdict))));
    return;
  }
  // What a page can listen to is about its whole hostname, and a form must not be sent again by itself.
  const isPart = pathPrefix !== undefined || ask.service !== undefined || hostname !== verdict.hostname;
  const live = !isPart && navigates(exchange);
  show(exchange, pageFor(context.pages, hostname + (pathPrefix ?? ''), outcome, format, live));
}

function pageFor(
  pages: Pages,
  hostname: string,
  outcome: Exclude<RouteOutcome, { kind: 'upstream' }>,
  format: PageFormat,
  live: boolean,
): PageBody {
  switch (outcome.kind) {
    case 'unknown':
      return pages.unknown(hostname, outcome, format);
    case 'away':
      return pages.waiting(hostname, outcome, format, live);
    case 'deciding':
      return pages.deciding(hostname, format, live);
  }
}

function show(exchange: Exchange, page: PageBody): void {
  if (isGrpc(exchange)) respondGrpc(exchange, page);
  else respondWith(exchange, page.status, page.headers, page.body);
}

export function formatFor(exchange: Exchange): PageFormat {
  if (isGrpc(exchange)) return 'text';
  return pageFormat((name) => exchange.header(name));
}

/** The URL that the client has in its address bar. */
export function urlOf(exchange: Exchange, hostname: string, path: string): string {
  const port = parseAuthority(exchange.authority ?? '')?.port;
  return originUrl(exchange.secure ? 'https' : 'http', hostname, port) + path;
}

export function redirect(exchange: Exchange, status: 303 | 307, location: string): void {
  // A permanent redirect outlives the tool in browsers.
  respondWith(exchange, status, { location, 'cache-control': 'no-store', 'content-type': 'text/plain' }, '');
}

export function showFailure(
  context: RequestContext,
  exchange: Exchange,
  hostname: string,
  upstream: Upstream,
  error: unknown,
  attempts: number,
): void {
  if (exchange.answered) {
    exchange.abort();
    return;
  }
  const { label, port } = upstream;
  const failure = { ...failureOf(error), hostname, label, port, attempts };
  if (failure.kind === 'hung-up' && !context.upstreams.hasAnswered(upstream)) failure.kind = 'never-answered';
  show(exchange, context.pages.failure(failure, formatFor(exchange)));
}

export function showError(
  context: RequestContext,
  exchange: Exchange,
  status: number,
  title: string,
  detail: string,
  hint?: string,
): void {
  if (exchange.answered) {
    exchange.abort();
    return;
  }
  show(exchange, context.pages.error(status, title, detail, formatFor(exchange), hint));
}
