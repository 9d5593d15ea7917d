/** The picker: which of what runs now does a hostname mean? One click stores it. Works without scripts. */
import { createHash } from 'node:crypto';
import { renderDocument } from '../core/document.ts';
import { type Html, html } from '../core/html.ts';
import { identityOf } from '../core/identity.ts';
import { candidatePorts, candidatesOf, describeService, type Service, type Snapshot } from '../core/service.ts';
import { whereabouts } from './dashboard-page.ts';
import { maskText } from './mask.ts';

/** One that could be meant. */
export interface PickerCandidate {
  service: Service;
  /** Why it stands where it stands; undefined: it only runs. */
  why?: string | undefined;
}

/** What is shown. */
export interface PickerParts {
  /** The hostname that is asked for, valid and ours. */
  hostname: string;
  /** Best first. */
  candidates: readonly PickerCandidate[];
  /** What was tried. */
  why: string;
  /** What the LLM said, or why it was not asked. */
  llm: string;
  /** Where to go on, checked. */
  returnTo: string;
  pageToken: string;
  hostnames: ReadonlyMap<string, string>;
  /** Something to say first: the last choice did not work out. */
  notice?: string;
}

/** More at once help nobody choose: the rest is a click away. */
const MAX_SHOWN = 12;

/** The whole page. */
export function pickerPage(parts: PickerParts): string {
  const { hostname, candidates, why, llm, notice, pageToken, returnTo } = parts;
  return renderDocument({
    title: `Which one is ${hostname}?`,
    branded: true,
    head: html`<meta name="hostwise-token" content="${pageToken}">`,
    body: html`<h1>Which one is <code>${hostname}</code>?</h1>
${notice !== undefined && html`<p class="notice" role="alert">${notice}</p>`}
<p>${candidates.length === 0 ? nobody(hostname) : 'Choose once, and it is remembered. It follows its project, not its port.'}</p>
${candidates.length > 0 && choices(parts)}
<h2>What was asked and tried</h2>
<div class="card"><dl><dt>Asked for</dt><dd class="mono">${maskText(returnTo)}</dd><dt>Names</dt><dd>${maskText(why)}</dd>
<dt>LLM</dt><dd>${maskText(llm)}</dd></dl></div>
<p class="actions"><a href="${returnTo}">Try ${hostname} again</a><a href="/">Dashboard</a></p>`,
  });
}

function nobody(hostname: string): string {
  return `Nothing is listening that ${hostname} could mean. Start it, then try again.`;
}

function choices(parts: PickerParts): Html {
  const { hostname, candidates, returnTo, pageToken, hostnames } = parts;
  const items = candidates.flatMap((candidate) =>
    candidatePorts(candidate.service).map((port) => choiceItem(candidate, port, hostnames.get(candidate.service.id))),
  );
  const rest = items.slice(MAX_SHOWN);
  return html`<form method="post" action="/pick"><input type="hidden" name="token" value="${pageToken}">
<input type="hidden" name="host" value="${hostname}"><input type="hidden" name="return" value="${returnTo}">
<ul class="choices">${items.slice(0, MAX_SHOWN)}</ul>
${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ul class="choices">${rest}</ul></details>`}</form>`;
}

function choiceItem({ service, why }: PickerCandidate, port: number, hostname: string | undefined): Html {
  return html`<li><button name="choice" value="${choiceValue(service, port)}">
<strong>${maskText(describeService(service))}</strong> <span class="port">port ${port}</span>
${why !== undefined && html`<small class="why">${maskText(why)}</small>`}
<small class="mono" title="${whereabouts(service)}">${whereabouts(service)}</small>${hostname !== undefined && html`<small>also ${hostname}</small>`}</button></li>
`;
}

/** `p4121:5173:1a2b3c4d`. The digest says who was shown: a pid that went to another program meanwhile does not fit. */
export function choiceValue(service: Service, port: number): string {
  const who = JSON.stringify(identityOf(service) ?? describeService(service));
  return `${service.id}:${port}:${createHash('sha256').update(who).digest('hex').slice(0, 8)}`;
}

/** The service and port that a {@link choiceValue} means, if they are still here. */
export function findChoice(value: string, snapshot: Snapshot): { service: Service; port: number } | undefined {
  for (const service of candidatesOf(snapshot)) {
    for (const port of candidatePorts(service)) {
      if (choiceValue(service, port) === value) return { service, port };
    }
  }
  return undefined;
}
