/**
 * Request head -> verdict. Pure, written once: requests, upgrades and extended CONNECT all ask here.
 */
import type { ErrorCode } from '../core/errors.ts';
import { classifyHostname, type HostClass, originUrl, parseAuthority } from '../core/hostname.ts';
import { SERVICE_NAME } from '../core/mapping.ts';
import { hopCount, MAX_HOPS } from './headers.ts';

/** What the verdict depends on. */
export interface RequestHead {
  kind: 'request' | 'upgrade';
  method: string;
  /** As sent: origin-form, absolute-form or `*`. */
  target: string;
  /** Host / `:authority`; null when there were two. */
  authority: string | undefined | null;
  secure: boolean;
  /** SNI name, lower case. */
  serverName: string | undefined;
  /** A browser's top-level navigation. */
  navigation: boolean;
  /** Value of our hop header. */
  hop: string | undefined;
  /** Transfer-Encoding of the body. */
  coding: string | undefined;
}

/** The settings that decide. */
export interface DecideRules {
  domains: readonly string[];
  /**
   * What of plain HTTP goes to HTTPS by 307. `navigations`: only the pages of browsers, which are known to trust the
   * CA; curl and others have stores of their own.
   */
  redirectToHttps: 'nothing' | 'navigations' | 'everything';
  /** Port to name in redirects. */
  httpsPort: number;
  /** False gives the seed's paths back to the apps; `/_hostwise/` stays ours. */
  seedPaths: boolean;
}

/** What to do with a request. */
export type Verdict =
  | { kind: 'control'; on: 'control' | 'app'; hostname: string }
  | { kind: 'redirect'; location: string }
  | { kind: 'reject'; code: ErrorCode; title: string; detail: string; hint?: string }
  | ForwardVerdict;

/** A request that an app answers. */
export interface ForwardVerdict {
  kind: 'forward';
  hostname: string;
  /** Origin-form, as the upstream gets it. */
  path: string;
  /** `/_proxy/{service}/`: the sibling asked for. */
  service?: string;
  /** The prefix that was cut off, as the client wrote it. */
  prefix?: string;
  /** Nothing stood behind the prefix, not even a slash. */
  bare?: boolean;
  /** `?force` / `?prompt=` are there; they count only if the caller may (DESIGN: who may call what). */
  instruction?: Instruction;
}

/** The query parameters that are ours when the caller may use them. */
export interface Instruction {
  force: boolean;
  prompt?: string;
  /** The target without them. */
  path: string;
}

/** See the file's header. */
export function decide(head: RequestHead, rules: DecideRules): Verdict {
  const split = splitTarget(head.target);
  if (split === null) return reject('HOST_INVALID', 'Bad request target', 'The request target could not be read');
  if (head.authority === null) {
    return reject('HOST_INVALID', 'Two hosts', 'The request names two different hosts');
  }
  const given = split.authority ?? head.authority;
  if (given === undefined || given === '') {
    return reject('HOST_MISSING', 'No host', 'The request has no Host header, so nobody can say which app is meant');
  }
  if (split.authority !== undefined && head.authority && split.authority !== head.authority) {
    return reject('HOST_INVALID', 'Two hosts', 'The request line and the Host header name different hosts');
  }
  // What the parser takes off is chunks only: any other coding would stay on the body and be named to nobody.
  if (head.coding !== undefined && head.coding.toLowerCase() !== 'chunked') {
    return reject('REQUEST_CODING', 'Unknown transfer coding', 'A body can be sent in chunks, not in another coding');
  }
  const authority = split.authority === undefined ? recalled(given, rules.domains) : parsed(given, rules.domains);
  if (authority === null) return reject('HOST_INVALID', 'Bad host', 'The Host header is not a valid host name');
  const { hostname, host } = authority;
  if (host.kind === 'foreign') return foreign(hostname, rules);
  // A client may reuse a connection only for names that its certificate covers (RFC 9110 section 7.4).
  if (head.secure && head.serverName !== undefined && head.serverName !== hostname) {
    return reject('HOST_MISDIRECTED', 'Misdirected request', 'The connection was opened for another host name');
  }
  if (hopCount(head.hop) >= MAX_HOPS) return loop(hostname);
  const ours = ownPath(split.path, rules.seedPaths);
  if (redirects(head, rules) && ours !== 'tls-check') {
    return { kind: 'redirect', location: originUrl('https', hostname, rules.httpsPort) + split.path };
  }
  if (host.kind === 'control') return { kind: 'control', on: 'control', hostname };
  if (ours === 'sibling') return sibling(hostname, split.path);
  if (ours !== undefined) return { kind: 'control', on: 'app', hostname };
  const instruction = instructionOf(split.path, head.method);
  const verdict: ForwardVerdict = { kind: 'forward', hostname, path: split.path };
  if (instruction) verdict.instruction = instruction;
  return verdict;
}

/** An authority, taken apart, and what its name is under these domains. */
interface Named {
  hostname: string;
  host: HostClass;
  domains: readonly string[];
}

/** What was taken apart before: a page asks for the same a hundred times. */
const RECALLED = new Map<string, Named>();
/** As many as a large machine has apps; whoever makes more up has all of them forgotten. */
const MAX_RECALLED = 1_000;

/** {@link parsed}, from memory. A hostname that is the same string each time is found faster in every table behind. */
function recalled(authority: string, domains: readonly string[]): Named | null {
  const known = RECALLED.get(authority);
  if (known?.domains === domains) return known;
  const named = parsed(authority, domains);
  if (named === null) return null;
  if (RECALLED.size >= MAX_RECALLED) RECALLED.clear();
  RECALLED.set(authority, named);
  return named;
}

function parsed(authority: string, domains: readonly string[]): Named | null {
  const hostname = parseAuthority(authority)?.hostname;
  return hostname === undefined ? null : { hostname, host: classifyHostname(hostname, domains), domains };
}

function redirects({ secure, kind, navigation }: RequestHead, { redirectToHttps }: DecideRules): boolean {
  if (secure || kind === 'upgrade' || redirectToHttps === 'nothing') return false;
  return redirectToHttps === 'everything' || navigation;
}

function reject(code: ErrorCode, title: string, detail: string, hint?: string): Verdict {
  return { kind: 'reject', code, title, detail, ...(hint ? { hint } : {}) };
}

function foreign(hostname: string, { domains }: DecideRules): Verdict {
  const names = domains.map((domain) => `*.${domain}`).join(', ');
  return reject(
    'HOST_FOREIGN',
    'Not a name of ours',
    `“${hostname}” is not under ${names}`,
    `Names under ${names} are answered here; another domain is added by --domain`,
  );
}

function loop(hostname: string): Verdict {
  return reject(
    'REQUEST_LOOP',
    'The request goes in circles',
    `“${hostname}” was reached ${MAX_HOPS} times by one request: an app behind it proxies back to it`,
    'In the dev server’s proxy setting, use changeOrigin: true or the address of the real target',
  );
}

/** Host of a target in absolute-form. A copy: whoever keeps it does not keep the whole target with it. */
export function authorityOfTarget(target: string): string | undefined {
  const authority = target.startsWith('/') ? undefined : splitTarget(target)?.authority;
  return authority && Buffer.from(authority, 'latin1').toString('latin1');
}

/** Split absolute-form (RFC 9112 section 3.2.2); null for what is no target at all. */
function splitTarget(target: string): { authority?: string; path: string } | null {
  if (target.startsWith('/') || target === '*') return { path: target };
  const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target);
  if (!match?.[1]) return null;
  const rest = match[2] ?? '';
  return { authority: match[1], path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Paths that are ours on an app's hostname. */
type OwnPath = 'tls-check' | 'debug' | 'mappings' | 'sibling' | 'hostwise' | undefined;

function ownPath(path: string, seedPaths: boolean): OwnPath {
  // Nearly every path of every app leaves here.
  if (path.charCodeAt(1) !== 0x5f) return undefined;
  const query = path.indexOf('?');
  const bare = query === -1 ? path : path.slice(0, query);
  if (bare.startsWith('/_hostwise/')) return 'hostwise';
  if (!seedPaths) return undefined;
  if (bare === '/_tls_check') return 'tls-check';
  if (bare === '/_debug') return 'debug';
  if (bare === '/_api/mappings' || bare.startsWith('/_api/mappings/')) return 'mappings';
  return bare.startsWith('/_proxy/') ? 'sibling' : undefined;
}

function sibling(hostname: string, path: string): Verdict {
  // Split on raw bytes: encoded slashes in the rest stay as they are.
  const rest = path.slice('/_proxy/'.length);
  const end = rest.search(/[/?]/);
  const written = end === -1 ? rest : rest.slice(0, end);
  const service = written.toLowerCase();
  if (!SERVICE_NAME.test(service)) {
    return reject('HOST_INVALID', 'Bad service name', 'After /_proxy/ comes the name of a service, such as “api”');
  }
  const after = end === -1 ? '' : rest.slice(end);
  return {
    kind: 'forward',
    hostname,
    service,
    prefix: `/_proxy/${written}`,
    ...(after.startsWith('/') ? { path: after } : { path: `/${after}`, bare: true }),
  };
}

/** Longest `?prompt=` text that is passed on, in characters. */
const MAX_PROMPT_LENGTH = 500;

/** Find `force` (no value; GET and HEAD only) and `prompt=`; every other byte of the query stays as it was. */
function instructionOf(path: string, method: string): Instruction | undefined {
  const mark = path.indexOf('?');
  if (mark === -1) return undefined;
  const query = path.slice(mark + 1);
  if (!query.includes('force') && !query.includes('prompt=')) return undefined;
  let force = false;
  let prompt: string | undefined;
  const kept = query.split('&').filter((part) => {
    if (part === 'force' && (method === 'GET' || method === 'HEAD')) {
      force = true;
      return false;
    }
    if (!part.startsWith('prompt=')) return true;
    prompt = decodeText(part.slice('prompt='.length)).slice(0, MAX_PROMPT_LENGTH);
    return false;
  });
  if (!force && prompt === undefined) return undefined;
  const bare = path.slice(0, mark);
  return { force, ...(prompt === undefined ? {} : { prompt }), path: kept.length ? `${bare}?${kept.join('&')}` : bare };
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
