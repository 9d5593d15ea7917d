/** What went wrong, as a page, JSON or text: an app that does not answer, and everything else. */
import type { Failure, FailureKind } from '../core/failure.ts';
import { html } from '../core/html.ts';
import type { PageBody, PageFormat } from '../core/http-message.ts';
import { json, page, text } from './page-body.ts';

/** Everything that has a page of its own nowhere else. `detail` is for people and carries no secrets. */
export function errorPage(status: number, title: string, detail: string, format: PageFormat, hint?: string): PageBody {
  if (format === 'json') return json(status, { error: title, detail, ...(hint === undefined ? {} : { hint }) });
  if (format === 'text') return text(status, [title, detail, ...(hint === undefined ? [] : [hint])]);
  return page(status, {
    title,
    body: html`<p class="status">${status}</p><h1>${title}</h1><p>${detail}</p>
${hint !== undefined && html`<p class="soft">${hint}</p>`}`,
  });
}

/** What may help, by what it did. */
const HINTS: Readonly<Record<FailureKind, string>> = {
  refused: 'It may still be starting, or it has just stopped: look at its output, then try again',
  timeout: 'It is busy, hangs, or stands at a breakpoint: look at its output',
  'hung-up': 'It may have crashed on this request: look at its output',
  'never-answered':
    'It may be no web server (databases hang up so), or have crashed on this request: look at its output, or choose another',
  'not-http': 'Another of its ports may be the one that is meant: choose it',
  silent:
    'It may be no web server, be very busy, or stand at a breakpoint: look at its output, or choose another of its ports',
  changed: 'It was restarted in this very moment: try again',
  other: 'Look at its output',
};

/** Where the page leads. */
export interface FailureLinks {
  /** All that is known of the service, with the last lines of a container's log. */
  details: string;
  picker: string;
}

/** An app that runs did not answer. @param since ISO 8601: when it answered nothing for the first time in a row */
export function failurePage(
  failure: Failure,
  format: PageFormat,
  since: string | undefined,
  { details, picker }: FailureLinks,
): PageBody {
  const { hostname, label, port, status, kind, detail, attempts } = failure;
  const error = `“${label}” did not answer`;
  const hint = HINTS[kind];
  if (format === 'json') {
    const facts = { hostname, service: label, port, attempts, since: since ?? null, hint, details };
    return json(status, { error, detail: `${detail} (port ${port})`, ...facts });
  }
  const tried = attempts === 1 ? 'once' : `${attempts} times`;
  const sinceText = since === undefined ? 'just now' : `since ${timeOf(since)}`;
  if (format === 'text') {
    const lines = [error, `${detail} (port ${port}), ${sinceText}, tried ${tried}`, hint];
    return text(status, [...lines, `More in a browser: ${details}`]);
  }
  return page(status, {
    title: error,
    body: html`<p class="status">${status}</p><h1><code>${label}</code> did not answer</h1>
<p>${hint}.</p>
<div class="card"><dl><dt>Asked for</dt><dd>${hostname}</dd><dt>Service</dt><dd>${label}, port ${port}</dd>
<dt>Problem</dt><dd>${detail}</dd><dt>Since</dt><dd>${since === undefined ? 'just now' : html`<time datetime="${since}">${timeOf(since)}</time>`}</dd>
<dt>Tried</dt><dd>${tried}</dd></dl></div>
<p class="actions"><a href="">Try again</a><a href="${details}" target="_top">Its log and details</a>
<a href="${picker}" target="_top">Choose another one</a></p>`,
  });
}

/** In the time zone of this machine, which is the reader's. */
function timeOf(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB');
}
