/** 404: nobody is sure who is meant, for whoever is not sent to the picker. */
import { type Html, html } from '../core/html.ts';
import type { PageBody, PageFormat } from '../core/http-message.ts';
import type { Candidate, RouteOutcome } from '../core/route.ts';
import { json, page, text } from './page-body.ts';

/** More candidates than this help nobody choose. */
const MAX_CANDIDATES = 50;

/** See the file's header. @param picker where a person chooses */
export function unknownPage(
  hostname: string,
  outcome: Extract<RouteOutcome, { kind: 'unknown' }>,
  format: PageFormat,
  picker: string,
): PageBody {
  const { why } = outcome;
  const candidates = outcome.candidates.slice(0, MAX_CANDIDATES).map(publicCandidate);
  const error = `Nothing that runs here is clearly “${hostname}”`;
  if (format === 'json') return json(404, { error, hostname, candidates, why });
  if (format === 'text') {
    const list = candidates.length === 0 ? ['Nothing is listening.'] : ['Running now:', ...candidates.map(textLine)];
    return text(404, [error, why, '', ...list, '', `Choose in a browser: ${picker}`]);
  }
  return page(404, {
    title: `${hostname}: which one?`,
    body: html`<h1>Nothing that runs here is clearly <code>${hostname}</code></h1>
<p>${why}</p>${candidateList(candidates)}
<p class="actions"><a href="${picker}" target="_top">Choose what ${hostname} means</a></p>`,
  });
}

/** Exactly the fields that may be seen on an app's hostname, whatever else the object carries. */
function publicCandidate({ name, ports, hostname }: Candidate): Omit<Candidate, 'id'> {
  return { name, ports, ...(hostname === undefined ? {} : { hostname }) };
}

function textLine({ name, ports, hostname }: Omit<Candidate, 'id'>): string {
  return `  ${name}, ${portsText(ports)}${hostname === undefined ? '' : ` -> ${hostname}`}`;
}

function candidateList(candidates: readonly Omit<Candidate, 'id'>[]): Html {
  if (candidates.length === 0) return html`<p class="soft">Nothing is listening. Start your dev server and reload.</p>`;
  return html`<div class="card"><ul class="places">${candidates.map(
    ({ name, ports, hostname }) =>
      html`<li>${name} <span class="soft">${portsText(ports)}${hostname === undefined ? '' : `, ${hostname}`}</span></li>`,
  )}</ul></div>`;
}

function portsText(ports: readonly number[]): string {
  return `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`;
}
