/** The dashboard as plain HTML: what goes where, what runs, what is wrong. Works without scripts. */
import { renderDocument } from '../core/document.ts';
import { type Html, html } from '../core/html.ts';
import type { Mapping } from '../core/mapping.ts';
import {
  candidatePorts,
  candidatesOf,
  describeService,
  isContainer,
  type Service,
  type Snapshot,
} from '../core/service.ts';
import { hostPort } from '../core/upstream.ts';
import type { DashboardAssets } from './dashboard-assets.ts';
import { inKeyOrder } from './key-order.ts';
import { maskText } from './mask.ts';
import type { MappingsAnswer, StatusAnswer } from './wire.ts';

/** What a page is painted with at once; of a machine with more, the rest is a click away. */
const MAX_ROWS = 50;

/** What is shown. */
export interface DashboardParts {
  status: StatusAnswer;
  mappings: MappingsAnswer;
  snapshot: Snapshot;
  hostnames: ReadonlyMap<string, string>;
  /** Where an app's hostname is reached from here. */
  urlOf: (hostname: string) => string;
  /** Token for forms; undefined where the page must not be able to change anything. */
  pageToken: string | undefined;
  /** The app that takes this page's place; undefined for the page alone. */
  assets: DashboardAssets | undefined;
  /** Every row, however many there are. */
  isComplete: boolean;
}

/** The whole page. */
export function dashboardPage(parts: DashboardParts): string {
  const { status, pageToken, assets } = parts;
  return renderDocument({
    title: 'hostwise',
    ...(pageToken === undefined ? {} : { head: html`<meta name="hostwise-token" content="${pageToken}">` }),
    ...(assets ? { app: { style: assets.style.path, script: assets.script.path } } : {}),
    body: html`<main class="plain"><h1>hostwise</h1>
${warningsPart(status, parts.snapshot)}${mappingsPart(parts)}${servicesPart(parts)}${statePart(status)}</main>`,
  });
}

function warningsPart(status: StatusAnswer, snapshot: Snapshot): Html {
  const warnings = [...status.warnings, ...(snapshot.warnings ?? [])];
  return html`${warnings.map((warning) => html`<p class="wait" role="status">${maskText(warning)}</p>`)}`;
}

function mappingsPart({ mappings, urlOf, pageToken, isComplete }: DashboardParts): Html {
  const rows = inKeyOrder(Object.keys(mappings));
  if (rows.length === 0) {
    return html`<h2>Routes</h2><p class="soft">None yet. Open the hostname of a service below, and it is remembered here.</p>`;
  }
  return html`<h2>Routes</h2><div class="wide"><table>
<tr><th scope="col">Hostname</th><th scope="col">Goes to</th><th scope="col">By</th><th scope="col">Why</th><td></td></tr>
${firstOf(rows, isComplete).map((key) => mappingRow(key, mappings[key], urlOf, pageToken))}</table></div>
${moreLink(rows.length, isComplete, 'routes')}`;
}

function firstOf<T>(rows: readonly T[], isComplete: boolean): readonly T[] {
  return isComplete ? rows : rows.slice(0, MAX_ROWS);
}

function moreLink(count: number, isComplete: boolean, what: string): Html | false {
  return !isComplete && count > MAX_ROWS && html`<p><a href="/?all">All ${count} ${what}</a></p>`;
}

function mappingRow(
  key: string,
  mapping: Mapping | undefined,
  urlOf: DashboardParts['urlOf'],
  pageToken: string | undefined,
): Html {
  if (!mapping) return html``;
  const [hostname = key, service] = key.split(':');
  const name = service === undefined ? html`<a href="${urlOf(hostname)}">${hostname}</a>` : key;
  return html`<tr><td class="host">${name}</td><td>${targetText(mapping)}</td><td><span class="tag">${mapping.source ?? 'unknown'}</span></td>
<td class="soft">${mapping.llmReason}</td><td>${pageToken !== undefined && forgetForm(key, pageToken)}</td></tr>
`;
}

function targetText({ type, target, port, processIdentifier }: Mapping): string {
  if (type === 'docker') return `container ${hostPort(target, port)}`;
  return processIdentifier ? `${processIdentifier.workdir}, port ${port}` : hostPort(target, port);
}

function forgetForm(key: string, pageToken: string): Html {
  return html`<form method="post" action="/forget"><input type="hidden" name="token" value="${pageToken}">
<input type="hidden" name="key" value="${key}"><button aria-label="Forget ${key}">Forget</button></form>`;
}

function servicesPart({ snapshot, hostnames, urlOf, isComplete }: DashboardParts): Html {
  const services = candidatesOf(snapshot);
  if (services.length === 0) {
    return html`<h2>Services</h2><p class="soft">Nothing is listening. Start a dev server and load this page again.</p>`;
  }
  return html`<h2>Services</h2><div class="wide"><table>
<tr><th scope="col">Service</th><th scope="col">Ports</th><th scope="col">Hostname</th></tr>
${firstOf(services, isComplete).map((service) => serviceRow(service, hostnames.get(service.id), urlOf))}</table></div>
${moreLink(services.length, isComplete, 'services')}`;
}

function serviceRow(service: Service, hostname: string | undefined, urlOf: DashboardParts['urlOf']): Html {
  return html`<tr><td>${describeService(service)}<br><small>${whereabouts(service)}</small></td>
<td>${candidatePorts(service).join(', ')}</td>
<td class="host">${hostname !== undefined && html`<a href="${urlOf(hostname)}">${hostname}</a>`}</td></tr>
`;
}

/** Longest command line that a table is readable with. */
const MAX_COMMAND_CHARS = 200;

/** Where a service lives and how it was started, masked: for the dashboard's host only. */
export function whereabouts(service: Service): string {
  if (isContainer(service)) {
    const compose = service.compose ? `, ${service.compose.service} of ${service.compose.project}` : '';
    return `${service.image}${compose}`;
  }
  return [service.cwd ?? '', maskText(service.args).slice(0, MAX_COMMAND_CHARS)]
    .filter((part) => part !== '')
    .join(' · ');
}

function statePart({ version, llm, trust, ports, dataDir, cacheFile }: StatusAnswer): Html {
  return html`<h2>State</h2>
<p>LLM: ${llm.usable ? maskText(llm.reason) : html`none <span class="soft">${maskText(llm.reason)}</span>`}</p>
<p>Certificate: ${trustText(trust.trusted)}</p>
${trust.trusted !== true && trust.commands.map((command) => html`<pre>${command}</pre>`)}
<p class="soft">hostwise ${version}, ports ${[ports.https, ports.http].filter((port) => port !== null).join(' and ')},
data in <code>${dataDir}</code>, routes in <code>${cacheFile}</code></p>`;
}

function trustText(trusted: boolean | null): string {
  if (trusted === null) return 'it is not known whether browsers trust it';
  return trusted ? 'trusted' : 'not trusted yet; these commands change that:';
}
