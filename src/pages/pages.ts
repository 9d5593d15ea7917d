/**
 * What people (and programs) meet on an app's hostname when no app answers. These pages stand on the app's origin,
 * where foreign code runs: names and ports only, no command lines, no paths, no token, and no script but the one that
 * listens to what a waiting page waits for.
 */
import type { Failure } from '../core/failure.ts';
import type { HostChecker } from '../core/host-check.ts';
import { classifyHostname } from '../core/hostname.ts';
import type { PageBody, PageFormat } from '../core/http-message.ts';
import type { RouteOutcome } from '../core/route.ts';
import type { DecisionUnderWay } from '../core/wait.ts';
import { errorPage, failurePage } from './error-page.ts';
import { unknownPage } from './unknown-page.ts';
import { decidingPage, waitingPage } from './waiting-page.ts';

/** What the pages need to know of the rest. */
export interface PagesParts {
  domains: readonly string[];
  /** Where the dashboard of a domain is reached now, scheme and port included: `https://proxy.localhost:8443`. */
  dashboardOrigin: (domain: string) => string;
  /** Would a question to the LLM wait for a local model to be loaded now? Default: no. */
  isModelCold?: () => boolean;
  /** The decision on a hostname that is being made now. Default: none is known. */
  underWay?: (hostname: string) => DecisionUnderWay | undefined;
  /** ISO 8601: since when every request to a hostname fails. Default: it is not known. */
  failingSince?: (hostname: string) => string | undefined;
}

type Unknown = Extract<RouteOutcome, { kind: 'unknown' }>;
type Away = Extract<RouteOutcome, { kind: 'away' }>;

/** See the proxy's `Pages`, which this is plugged into. Pure. */
export interface AppPages {
  /** 404: nobody is sure who is meant. */
  unknown(hostname: string, outcome: Unknown, format: PageFormat): PageBody;
  /** 503 with Retry-After: known, but not running now. @param live the page may listen to what happens */
  waiting(hostname: string, outcome: Away, format: PageFormat, live?: boolean): PageBody;
  /** 503 with Retry-After: the decision is not made yet. @param live the page may listen to what happens */
  deciding(hostname: string, format: PageFormat, live?: boolean): PageBody;
  /** An app that runs did not answer. */
  failure(failure: Failure, format: PageFormat): PageBody;
  /** Everything else that went wrong. `detail` is for people and carries no secrets. */
  error(status: number, title: string, detail: string, format: PageFormat, hint?: string): PageBody;
  /** Where a person chooses. @param returnTo URL to go on to afterwards */
  pickerUrl(hostname: string, returnTo?: string): string;
  /** Where a person reads why an app refuses its hostname. @param key of the mapping that led to it */
  hostRefusedUrl(hostname: string, key: string, by: HostChecker, returnTo: string): string;
}

/** Make the pages. */
export function createPages(parts: PagesParts): AppPages {
  const { isModelCold, underWay, failingSince } = parts;
  const picker = (hostname: string, returnTo?: string): string => pickerUrl(parts, hostname, returnTo);
  return {
    unknown: (hostname, outcome, format) => unknownPage(hostname, outcome, format, picker(hostname)),
    waiting: (hostname, outcome, format, live = false) =>
      waitingPage({ hostname, format, live, picker: picker(hostname) }, outcome),
    deciding: (hostname, format, live = false) =>
      decidingPage(
        { hostname, format, live, picker: picker(hostname) },
        underWay?.(hostname),
        isModelCold?.() === true,
      ),
    failure: (failure, format) =>
      failurePage(failure, format, failingSince?.(failure.hostname), {
        details: dashboardUrl(parts, failure.hostname, '/service', { host: failure.hostname }),
        picker: picker(failure.hostname),
      }),
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
