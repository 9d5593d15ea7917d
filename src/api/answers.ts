/** Answers of the control plane: one place for their headers and for how an error looks. */
import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import { APP_POLICY, documentPolicy, NO_DOCUMENT_POLICY, renderDocument } from '../core/document.ts';
import type { AppError } from '../core/errors.ts';
import { html, withoutControls } from '../core/html.ts';
import type { PageFormat } from '../core/http-message.ts';
import { pageFormat } from '../core/page-format.ts';
import type { ControlEnv } from './env.ts';
import type { Place } from './guard.ts';
import type { Problem } from './wire.ts';

/** What every answer carries, unless it says otherwise itself. */
const SAFETY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': NO_DOCUMENT_POLICY,
  'cross-origin-resource-policy': 'same-origin',
  // Not `no-referrer`: with that a form's POST would carry `Origin: null`.
  'referrer-policy': 'same-origin',
};

/** Add {@link SAFETY_HEADERS}. No CORS header is ever sent. */
export function withSafetyHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(SAFETY_HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** A page. @param formTargets see {@link documentPolicy} */
export function pageAnswer(document: string, status = 200, formTargets: readonly string[] = []): Response {
  return documentAnswer(document, status, documentPolicy(formTargets));
}

/** The dashboard. @param isApp whether it brings our script and stylesheet */
export function dashboardAnswer(document: string, isApp: boolean): Response {
  return documentAnswer(document, 200, isApp ? APP_POLICY : documentPolicy());
}

function documentAnswer(document: string, status: number, policy: string): Response {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    // A page that opened this one keeps no handle on it.
    'cross-origin-opener-policy': 'same-origin',
  };
  return new Response(document, { status, headers });
}

/** JSON, ended by a line break for those who read it in a terminal. */
export function jsonAnswer(body: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(body, null, 2)}\n`, {
    status,
    headers: { 'content-type': 'application/json' },
  });
}

/** Plain text. */
export function textAnswer(body: string, status = 200): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

/** 303: go on with a GET. Never permanent. */
export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}

/**
 * What somebody who asked gets when it goes wrong: problem details (RFC 9457) under `/_api/`, else what they prefer.
 * @param on the dashboard's host: a page there leads home
 */
export function errorAnswer(error: AppError, path: string, format: PageFormat, on?: Place): Response {
  const { status, code, message, hint } = error;
  if (path.startsWith('/_api/') || path === '/_api' || format === 'json') {
    const type = `urn:hostwise:error:${code.toLowerCase()}`;
    // The title is that of the kind, the same each time; what is wrong this time is the detail (RFC 9457 section 3.1).
    const title = STATUS_CODES[status] ?? 'Error';
    const body: Problem = { type, title, status, detail: message, code, ...(hint === undefined ? {} : { hint }) };
    const answer = jsonAnswer(body, status);
    answer.headers.set('content-type', 'application/problem+json');
    return answer;
  }
  if (format === 'text') return textAnswer(`${withoutControls([message, hint ?? ''].join('\n').trim())}\n`, status);
  return pageAnswer(
    renderDocument({
      title: message,
      branded: true,
      body: html`<p class="status">${status}</p><h1>${message}</h1>
${hint !== undefined && html`<p class="soft">${hint}</p>`}
${on === 'control' && html`<p class="actions"><a href="/">Dashboard</a></p>`}`,
    }),
    status,
  );
}

/** {@link pageFormat} of a request to the control plane. */
export function formatOf(c: Context<ControlEnv>): PageFormat {
  return pageFormat((name) => c.req.header(name));
}
