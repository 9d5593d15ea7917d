/**
 * What people (and programs) meet on an app's hostname when no app answers. These pages stand on the app's origin,
 * where foreign code runs: names and ports only, no command lines, no paths, no token, no script.
 */
import { documentPolicy, NO_DOCUMENT_POLICY, renderDocument } from '../core/document.ts';
import type { HostChecker } from '../core/host-check.ts';
import { classifyHostname } from '../core/hostname.ts';
import { type Html, html, withoutControls } from '../core/html.ts';
import type { PageBody, PageFormat } from '../core/http-message.ts';
import type { Candidate, RouteOutcome } from '../core/route.ts';

/** What the pages need to know of the rest. */
export interface PagesParts {
  domains: readonly string[];
  /** Where the dashboard of a domain is reached now, scheme and port included: `https://proxy.localhost:8443`. */
  dashboardOrigin: (domain: string) => string;
  /** Would a question to the LLM wait for a local model to be loaded now? Default: no. */
  isModelCold?: () => boolean;
}

type Unknown = Extract<RouteOutcome, { kind: 'unknown' }>;
type Away = Extract<RouteOutcome, { kind: 'away' }>;

/** See the proxy's `Pages`, which this is plugged into. Pure. */
export interface AppPages {
  /** 404: nobody is sure who is meant. */
  unknown(hostname: string, outcome: Unknown, format: PageFormat): PageBody;
  /** 503 with Retry-After: known, but not running now. The page loads itself again. */
  waiting(hostname: string, outcome: Away, format: PageFormat): PageBody;
  /** 503 with Retry-After: the decision is not made yet. The page loads itself again. */
  deciding(hostname: string, format: PageFormat): PageBody;
  /** Everything else that went wrong. `detail` is for people and carries no secrets. */
  error(status: number, title: string, detail: string, format: PageFormat, hint?: string): PageBody;
  /** Where a person chooses. @param returnTo URL to go on to afterwards */
  pickerUrl(hostname: string, returnTo?: string): string;
  /** Where a person reads why an app refuses its hostname. @param key of the mapping that led to it */
  hostRefusedUrl(hostname: string, key: string, by: HostChecker, returnTo: string): string;
}

/** How long a client waits before it asks again for an app that is away. */
const RETRY_SECONDS = 2;
/** More candidates than this help nobody choose. */
const MAX_CANDIDATES = 50;

/** Make the pages. */
export function createPages(parts: PagesParts): AppPages {
  const picker = (hostname: string, returnTo?: string): string => pickerUrl(parts, hostname, returnTo);
  return {
    unknown: (hostname, outcome, format) => unknownPage(hostname, outcome, format, picker(hostname)),
    waiting: (hostname, outcome, format) => waitingPage(hostname, outcome, format, picker(hostname)),
    deciding: (hostname, format) => decidingPage(hostname, format, picker(hostname), parts.isModelCold?.() === true),
    error: errorPage,
    pickerUrl: picker,
    hostRefusedUrl: (hostname, key, by, returnTo) =>
      dashboardUrl(parts, hostname, '/host', { key, by, return: returnTo }),
  };
}

function pickerUrl(parts: PagesParts, hostname: string, returnTo?: string): string {
  return dashboardUrl(parts, hostname, '/pick', {
    host: hostname,
    ...(returnTo === undefined ? {} : { return: returnTo }),
  });
}

/** A page of the dashboard of this hostname's domain. */
function dashboardUrl(
  { domains, dashboardOrigin }: PagesParts,
  hostname: string,
  path: string,
  query: Record<string, string>,
): string {
  const host = classifyHostname(hostname, domains);
  const domain = host.kind === 'foreign' ? (domains[0] ?? 'localhost') : host.domain;
  return `${dashboardOrigin(domain)}${path}?${new URLSearchParams(query)}`;
}

function unknownPage(hostname: string, outcome: Unknown, format: PageFormat, picker: string): PageBody {
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
    body: html`<main class="narrow"><h1>Nothing that runs here is clearly <code>${hostname}</code></h1>
<p>${why}</p>${candidateList(candidates)}
<p><a href="${picker}" target="_top">Choose what ${hostname} means</a></p></main>`,
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
  return html`<ul>${candidates.map(
    ({ name, ports, hostname }) =>
      html`<li>${name} <span class="soft">${portsText(ports)}${hostname === undefined ? '' : `, ${hostname}`}</span></li>`,
  )}</ul>`;
}

function portsText(ports: readonly number[]): string {
  return `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`;
}

function waitingPage(hostname: string, outcome: Away, format: PageFormat, picker: string): PageBody {
  const { label, detail } = outcome;
  const error = `“${hostname}” is “${label}”, which is not running now`;
  const retry = { 'retry-after': String(RETRY_SECONDS) };
  if (format === 'json') return json(503, { error, hostname, waitingFor: label, detail }, retry);
  if (format === 'text') return text(503, [error, detail, `Choose another in a browser: ${picker}`], retry);
  return page(
    503,
    {
      title: `Waiting for ${label}`,
      refreshSeconds: RETRY_SECONDS,
      body: html`<main class="narrow"><h1>Waiting for <span class="wait">${label}</span></h1>
<p><code>${hostname}</code> is “${label}”, which is not running now. This page loads again by itself; start it and it appears.</p>
<p class="soft">${detail}</p>
<p><a href="${picker}" target="_top">Choose another one</a></p></main>`,
    },
    retry,
  );
}

/** Why it takes so long: the two waits differ by minutes. */
const SLOW_NOTE = 'This takes a while where an LLM is asked.';
const COLD_NOTE = 'The local language model is asked, which may have to be loaded first: that can take two minutes.';

function decidingPage(hostname: string, format: PageFormat, picker: string, isModelCold: boolean): PageBody {
  const note = isModelCold ? COLD_NOTE : SLOW_NOTE;
  const error = `It is still being found out what “${hostname}” means`;
  const retry = { 'retry-after': String(RETRY_SECONDS) };
  if (format === 'json') return json(503, { error, hostname, detail: note }, retry);
  if (format === 'text') return text(503, [error, note, `Choose in a browser: ${picker}`], retry);
  return page(
    503,
    {
      title: `Deciding on ${hostname}`,
      refreshSeconds: RETRY_SECONDS,
      body: html`<main class="narrow"><h1>Finding out what <span class="wait">${hostname}</span> means</h1>
<p>${note} The page loads again by itself until there is an answer.</p>
<p><a href="${picker}" target="_top">Choose it yourself</a></p></main>`,
    },
    retry,
  );
}

function errorPage(status: number, title: string, detail: string, format: PageFormat, hint?: string): PageBody {
  if (format === 'json') return json(status, { error: title, detail, ...(hint === undefined ? {} : { hint }) });
  if (format === 'text') return text(status, [title, detail, ...(hint === undefined ? [] : [hint])]);
  return page(status, {
    title,
    body: html`<main class="narrow"><p class="bad">${status}</p><h1>${title}</h1><p>${detail}</p>
${hint !== undefined && html`<p class="soft">${hint}</p>`}</main>`,
  });
}

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function page(
  status: number,
  parts: Parameters<typeof renderDocument>[0],
  extra: Record<string, string> = {},
): PageBody {
  return {
    status,
    headers: {
      ...COMMON_HEADERS,
      ...extra,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': documentPolicy(),
      'referrer-policy': 'no-referrer',
    },
    body: renderDocument(parts),
  };
}

function json(status: number, body: unknown, extra: Record<string, string> = {}): PageBody {
  return {
    status,
    headers: { ...COMMON_HEADERS, ...extra, 'content-type': 'application/json', ...noDocument },
    body: `${JSON.stringify(body)}\n`,
  };
}

function text(status: number, lines: readonly string[], extra: Record<string, string> = {}): PageBody {
  return {
    status,
    headers: { ...COMMON_HEADERS, ...extra, 'content-type': 'text/plain; charset=utf-8', ...noDocument },
    // For a terminal: a name must not bring escape sequences along.
    body: `${withoutControls(lines.filter((line, i) => line !== '' || i > 0).join('\n'))}\n`,
  };
}

const noDocument = { 'content-security-policy': NO_DOCUMENT_POLICY };
