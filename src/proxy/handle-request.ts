/**
 * MAIN PATH of a request: head -> verdict -> address -> answer. Requests and upgrades take the same steps; only the
 * attempt differs.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { ERROR_CODES } from '../core/errors.ts';
import { isLoadedAhead } from '../core/page-format.ts';
import type { PathRule, RouteAsk, RouteOutcome } from '../core/route.ts';
import type { Upstream } from '../core/upstream.ts';
import { belowPath, clientPath } from './below-path.ts';
import { decide, type ForwardVerdict, type RequestHead, type Verdict } from './decide.ts';
import type { Exchange } from './exchange.ts';
import { forwardHttp } from './forward-http.ts';
import { forwardOptions } from './forward-options.ts';
import { forwardUpgrade, type UpgradeExchange } from './forward-upgrade.ts';
import { type ForwardOptions, HOP_HEADER, hostToSend } from './headers.ts';
import {
  answerWithout,
  formatFor,
  navigates,
  redirect,
  routeKey,
  showError,
  showFailure,
  showRefusal,
  urlOf,
} from './own-answers.ts';
import { Recording } from './recording.ts';
import { Recovery } from './recovery.ts';
import type { RequestContext } from './request-context.ts';
import type { ForwardResult } from './retry.ts';

/** Longer than any look at the machine, shorter than a person waits in front of a blank page. */
const PATIENCE_MS = 700;

/** Answer an ordinary request. Never rejects. */
export function handleRequest(context: RequestContext, exchange: Exchange): Promise<void> {
  return answer(context, exchange, 'request', (upstream, path, options) =>
    forwardHttp(exchange, upstream, path, options, context.upstreams),
  );
}

/** Answer an upgrade or an extended CONNECT. Never rejects. */
export async function handleUpgrade(context: RequestContext, upgrade: UpgradeExchange): Promise<void> {
  await answer(context, upgrade.exchange, 'upgrade', (upstream, path, options) =>
    forwardUpgrade(upgrade, upstream, path, options, context.upstreams),
  );
}

type Attempt = (upstream: Upstream, path: string, options: ForwardOptions) => Promise<ForwardResult>;

function answer(
  context: RequestContext,
  exchange: Exchange,
  kind: RequestHead['kind'],
  attempt: Attempt,
): Promise<void> {
  const onBug = (error: unknown): void => {
    context.onBug(error);
    showError(context, exchange, 500, 'hostwise made a mistake', 'Its log says which one; the other apps go on');
  };
  try {
    const head = headOf(exchange, kind);
    const verdict = decide(head, context.rules());
    if (!head.secure && head.navigation) context.onPlainNavigation?.();
    if (verdict.kind === 'forward') return forward(context, exchange, head, verdict, attempt).catch(onBug);
    answerOurselves(context, exchange, kind, verdict);
  } catch (error) {
    onBug(error);
  }
  return DONE;
}

const DONE = Promise.resolve();

function headOf(exchange: Exchange, kind: RequestHead['kind']): RequestHead {
  return {
    kind,
    method: exchange.method,
    target: exchange.target,
    authority: exchange.authority,
    secure: exchange.secure,
    serverName: exchange.serverName,
    navigation: navigates(exchange),
    hop: exchange.header(HOP_HEADER),
    coding: exchange.header('transfer-encoding'),
  };
}

function answerOurselves(
  context: RequestContext,
  exchange: Exchange,
  kind: RequestHead['kind'],
  verdict: Exclude<Verdict, ForwardVerdict>,
): void {
  switch (verdict.kind) {
    case 'control': {
      if (kind === 'upgrade') {
        showError(context, exchange, 404, 'No WebSocket here', 'The control plane has no WebSocket');
        return;
      }
      const { request, response } = exchange.asNode();
      context.control.handle(request, response, verdict.on, verdict.hostname);
      return;
    }
    case 'redirect':
      redirect(exchange, 307, verdict.location);
      return;
    case 'reject':
      showError(context, exchange, ERROR_CODES[verdict.code], verdict.title, verdict.detail, verdict.hint);
      return;
    default:
      verdict satisfies never;
  }
}

async function forward(
  context: RequestContext,
  exchange: Exchange,
  { kind, navigation }: RequestHead,
  decided: ForwardVerdict,
  attempt: Attempt,
): Promise<void> {
  const recording = new Recording(context.traffic, exchange, kind, decided);
  exchange.recording = recording;
  const rule = decided.service === undefined ? context.router.pathRule(decided.hostname, decided.path) : undefined;
  const verdict = rule ? belowPath(decided, rule) : decided;
  const asked = askFor(exchange, navigation, verdict, rule);
  const ask = needsCaller(verdict) ? await withCaller(context, exchange, verdict, asked) : asked;
  const instructed = ask.force === true || ask.prompt !== undefined;
  const known = instructed ? undefined : context.router.peek(ask);
  let outcome: RouteOutcome = known ? { kind: 'upstream', upstream: known } : await routeSoon(context, exchange, ask);
  if (instructed && outcome.kind === 'upstream' && ask.navigation && exchange.header('sec-fetch-mode')) {
    // Absolute, since a path may begin with two slashes, which would name another host.
    const goOn = { ...verdict, path: verdict.instruction?.path ?? '/' };
    redirect(exchange, 303, urlOf(exchange, verdict.hostname, clientPath(goOn)));
    return;
  }
  const path = (instructed ? verdict.instruction?.path : undefined) ?? verdict.path;
  let recovery: Recovery | undefined;
  for (let tries = 1; ; tries++) {
    if (outcome.kind === 'away') {
      recovery ??= new Recovery(context, exchange, ask);
      outcome = await recovery.whenBack(outcome);
    }
    if (exchange.gone) return;
    if (outcome.kind !== 'upstream') {
      answerWithout(context, exchange, verdict, ask, outcome);
      return;
    }
    const { upstream }: { upstream: Upstream } = outcome;
    recording.tries(upstream);
    const options = forwardOptions(exchange, verdict, ask, upstream, path);
    const result = await attempt(upstream, path, options);
    if (result.kind === 'done' || result.kind === 'refused') {
      recovery?.succeeded();
      if (result.refusedBy !== undefined) context.onHostRefused?.(routeKey(ask), result.refusedBy);
      if (result.kind === 'refused') showRefusal(context, exchange, verdict, ask, result.refusedBy);
      return;
    }
    recording.failed(result.error);
    recovery ??= new Recovery(context, exchange, ask);
    const next = await recovery.after(result, upstream, hostToSend(exchange, options));
    if (next === undefined) {
      // What is left of the body is read, so that an HTTP/1.1 client that is still sending gets to the answer.
      if (exchange.hasBody) exchange.body.resume();
      showFailure(context, exchange, ask.hostname, upstream, result.error, tries);
      return;
    }
    outcome = next;
  }
}

/**
 * A person is told what takes so long; the decision goes on, and the page that reloads shares it. Not with `?force` or
 * `?prompt=`: a page that reloads is no typed address, so the instruction would be lost and the old app be shown.
 */
async function routeSoon(context: RequestContext, exchange: Exchange, ask: RouteAsk): Promise<RouteOutcome> {
  const routed = context.router.route(ask);
  const isInstructed = ask.force === true || ask.prompt !== undefined;
  if (!ask.navigation || isInstructed || formatFor(exchange) !== 'html') return routed;
  const patience = new AbortController();
  // Of what is known, only the address is looked for: as long as for an app that is away.
  const patienceMs = context.router.knows(ask) ? context.holds.holdMs : PATIENCE_MS;
  const deciding = delay(patienceMs, { kind: 'deciding' } as const, { signal: patience.signal }).catch(() => routed);
  const first = await Promise.race([routed, deciding]);
  patience.abort();
  return first;
}

function askFor(
  exchange: Exchange,
  navigation: boolean,
  verdict: ForwardVerdict,
  rule: PathRule | undefined,
): RouteAsk {
  // What is loaded ahead gets no part of what is kept for a person's click.
  const isAClick = navigation && !isLoadedAhead((name) => exchange.header(name));
  const ask: RouteAsk = { hostname: verdict.hostname, navigation: isAClick };
  if (rule?.to) Object.assign(ask, rule.to);
  else if (rule) ask.pathPrefix = rule.prefix;
  return ask;
}

/** Does it depend on who calls? Hardly ever, and asking takes turns of the loop. */
function needsCaller({ service, instruction }: ForwardVerdict): boolean {
  return service !== undefined || instruction !== undefined;
}

async function withCaller(
  context: RequestContext,
  exchange: Exchange,
  verdict: ForwardVerdict,
  ask: RouteAsk,
): Promise<RouteAsk> {
  if (verdict.service !== undefined) {
    ask.service = verdict.service;
    // The seed's reach is for our own user's programs; pages, and whoever else gets here, reach siblings only.
    ask.siblingsOnly = !(await context.control.isTrustedCaller(exchange.caller));
  }
  const { instruction } = verdict;
  // In every other case the parameters belong to the app, byte for byte: `prompt=` is one of OpenID Connect's.
  if (instruction && (await context.control.mayInstruct(exchange.caller))) {
    if (instruction.force) ask.force = true;
    if (instruction.prompt !== undefined) ask.prompt = instruction.prompt;
  }
  return ask;
}
