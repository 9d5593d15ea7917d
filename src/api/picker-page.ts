/** The picker: which of what runs now does a hostname mean? One click stores it. Works without scripts. */
import { createHash } from 'node:crypto';
import { renderDocument } from '../core/document.ts';
import { type Html, html } from '../core/html.ts';
import { identityOf } from '../core/identity.ts';
import { candidatePorts, candidatesOf, describeService, type Service, type Snapshot } from '../core/service.ts';
import { whereabouts } from './dashboard-page.ts';
import { maskText } from './mask.ts';

/** What is shown. */
export interface PickerParts {
  /** The hostname that is asked for, valid and ours. */
  hostname: string;
  /** Candidates, best first. */
  services: readonly Service[];
  /** What was tried. */
  why: string;
  /** Whether an LLM would have been asked, and why not. */
  llm: string;
  /** Where to go on, checked. */
  returnTo: string;
  pageToken: string;
  hostnames: ReadonlyMap<string, string>;
  /** Something to say first: the last choice did not work out. */
  notice?: string;
}

/** The whole page. */
export function pickerPage(parts: PickerParts): string {
  const { hostname, services, why, llm, notice, pageToken } = parts;
  return renderDocument({
    title: `Which one is ${hostname}?`,
    head: html`<meta name="hostwise-token" content="${pageToken}">`,
    body: html`<main class="narrow"><h1>Which one is <code>${hostname}</code>?</h1>
${notice !== undefined && html`<p class="bad" role="alert">${notice}</p>`}
<p>${maskText(why)}</p><p class="soft">LLM: ${maskText(llm)}</p>
${services.length === 0 ? nobody(parts) : choices(parts)}
<p><a href="${parts.returnTo}">Try ${hostname} again</a> · <a href="/">Dashboard</a></p></main>`,
  });
}

function nobody({ hostname }: PickerParts): Html {
  return html`<p>Nothing is listening that ${hostname} could mean. Start it, then try again.</p>`;
}

function choices({ hostname, services, returnTo, pageToken, hostnames }: PickerParts): Html {
  return html`<form method="post" action="/pick"><input type="hidden" name="token" value="${pageToken}">
<input type="hidden" name="host" value="${hostname}"><input type="hidden" name="return" value="${returnTo}">
<ul class="choices">${services.flatMap((service) =>
    candidatePorts(service).map((port) => choiceItem(service, port, hostnames.get(service.id))),
  )}</ul></form>`;
}

function choiceItem(service: Service, port: number, hostname: string | undefined): Html {
  return html`<li><button name="choice" value="${choiceValue(service, port)}">
<strong>${describeService(service)}, port ${port}</strong>
<small>${whereabouts(service)}</small>${hostname !== undefined && html`<small>also ${hostname}</small>`}</button></li>
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
