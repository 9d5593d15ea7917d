/** `/pick` and `/forget`: the pages' forms, and what they store. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import { candidatesOf } from '../core/service.ts';
import { pageAnswer, seeOther } from './answers.ts';
import { type CallContext, type ControlEnv, MethodError } from './env.ts';
import { parseAppHostname } from './mapping-key.ts';
import { forget } from './mappings.ts';
import type { ControlParts } from './parts.ts';
import { findChoice, pickerPage } from './picker-page.ts';
import { rankCandidates } from './picker-ranking.ts';
import { returnUrl } from './return-url.ts';
import { readForm } from './write-guard.ts';

/** The routes, on the dashboard's host only. */
export function pickerRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/pick', (c) =>
    showPicker(parts, c.env, { host: c.req.query('host') ?? '', returnTo: c.req.query('return') }),
  );
  routes.post('/pick', (c) => choose(parts, c.env));
  routes.all('/pick', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD', 'POST']);
  });
  routes.post('/forget', async (c) => {
    const form = await readForm(c.env, parts.pageToken);
    await forget(parts.store, form.get('key') ?? '');
    return seeOther('/');
  });
  routes.all('/forget', (c) => {
    throw new MethodError(c.req.method, ['POST']);
  });
  return routes;
}

interface PickAsk {
  host: string;
  returnTo: string | null | undefined;
  notice?: string;
}

async function showPicker(parts: ControlParts, call: CallContext, ask: PickAsk, status = 200): Promise<Response> {
  const { domains, ports } = parts.info();
  const hostname = parseAppHostname(ask.host, domains);
  const returnTo = returnUrl(ask.returnTo, hostname, { origin: call.origin, ports });
  const snapshot = await parts.snapshot();
  const hostnames = parts.hostnames(snapshot);
  const ranking = await rankCandidates(parts, hostname, candidatesOf(snapshot), hostnames);
  const page = pickerPage({
    hostname,
    ...ranking,
    returnTo,
    pageToken: parts.pageToken,
    hostnames,
    ...(ask.notice === undefined ? {} : { notice: ask.notice }),
  });
  // Browsers check the 303 that follows the form against the page's policy, too.
  return pageAnswer(page, status, [new URL(returnTo).origin]);
}

async function choose(parts: ControlParts, call: CallContext): Promise<Response> {
  const form = await readForm(call, parts.pageToken);
  const { domains, ports } = parts.info();
  const hostname = parseAppHostname(form.get('host') ?? '', domains);
  const returnTo = form.get('return');
  const choice = form.get('choice');
  if (!choice) throw new AppError('API_BAD_REQUEST', 'Nothing was chosen');
  const found = findChoice(choice, await parts.snapshot());
  if (!found) {
    const notice = 'That one has stopped or restarted meanwhile. Choose again.';
    return showPicker(parts, call, { host: hostname, returnTo, notice }, 409);
  }
  const paths = parts.store.get(hostname)?.paths;
  await parts.store.set(hostname, {
    ...parts.mappingForChoice(found.service, found.port),
    ...(paths ? { paths } : {}),
  });
  return seeOther(returnUrl(returnTo, hostname, { origin: call.origin, ports }));
}
