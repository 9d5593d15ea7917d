/**
 * Parsers of setting values: text in, a value or the words "what would be right" out. Pure.
 */
import { isIP } from 'node:net';
import path from 'node:path';
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { GUARDED } from '../platform/loopback-guard.ts';

/** A value, or what was expected instead. */
export type Parsed<Value> =
  | { value: Value }
  /** `wrong`: the part of the text that is meant, where it is not all of it. */
  | { expected: string; wrong?: string };

/** What a parser may know beside the text. */
export interface ParseContext {
  /** Home folder for `~/`; '' when there is none. */
  home: string;
  /** Folder that relative paths start from. */
  base: string;
}

/** A parser of one setting. The text is trimmed and never empty. */
export type Parser<Value> = (text: string, context: ParseContext) => Parsed<Value>;

/** The domain that is always resolved (RFC 6761 section 6.3: it never leaves the machine). */
const LOCAL_DOMAIN = 'localhost';
/** Names of models, keys and projects are short; a longer one is a mistake or an attack on logs. */
const MAX_TEXT_CHARS = 4096;

/** One line of printable text. */
export const parseText: Parser<string> = (text) => {
  if (text.length > MAX_TEXT_CHARS)
    return { expected: `at most ${MAX_TEXT_CHARS} characters`, wrong: text.slice(0, 20) };
  return /[\x00-\x1f\x7f]/.test(text) ? { expected: 'one line without control characters' } : { value: text };
};

/** A value that goes into an HTTP header: visible ASCII (RFC 9110 section 5.5). */
export const parseKey: Parser<string> = (text) =>
  /^[\x21-\x7e]{1,4096}$/.test(text) ? { value: text } : { expected: 'a key in one word of plain ASCII' };

/** An absolute http(s) URL, as it was written. */
export const parseUrl: Parser<string> = (text) => {
  const expected = 'an http:// or https:// URL such as "http://127.0.0.1:11434/v1"';
  if (!URL.canParse(text)) return { expected };
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { expected };
  // The text is shown in errors and on pages, so a secret has no place in it.
  if (url.username !== '' || url.password !== '') {
    return { expected: 'a URL without user name and password (a key belongs into LLM_API_KEY)', wrong: url.host };
  }
  return { value: text };
};

/** A TCP port; 0 means any free one. */
export const parsePort: Parser<number> = (text) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? { value: port } : { expected: 'a port from 0 to 65535 (0: any free one)' };
};

/** One of a few words. */
export function choiceOf<const Choice extends string>(choices: readonly Choice[]): Parser<Choice> {
  return (text) => {
    const found = choices.find((choice) => choice === text.toLowerCase());
    return found === undefined ? { expected: `one of ${choices.join(', ')}` } : { value: found };
  };
}

/** `on` or `off`. */
export const parseSwitch: Parser<boolean> = (text) => {
  if (/^(?:on|true|yes|1)$/i.test(text)) return { value: true };
  return /^(?:off|false|no|0)$/i.test(text) ? { value: false } : { expected: 'on or off' };
};

/** A path, made absolute; `~/` is the home folder also where no shell has seen it. */
export const parsePath: Parser<string> = (text, { home, base }) => {
  if (text.includes('\0')) return { expected: 'a path without NUL characters', wrong: text.replaceAll('\0', '\\0') };
  if (text === '~' || text.startsWith('~/')) {
    return home === ''
      ? { expected: 'an absolute path: there is no home folder' }
      : { value: path.join(home, text.slice(1)) };
  }
  return { value: path.resolve(base, text) };
};

/**
 * Comma-separated IP addresses to listen on; `localhost` stands for both loopback addresses, `guarded` for all, for this
 * machine alone: it goes with no other.
 */
export const parseAddresses: Parser<string[]> = (text) => {
  const found = new Set<string>();
  for (const item of listItems(text)) {
    const address = item.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    if (address === GUARDED) found.add(GUARDED);
    else if (address === LOCAL_DOMAIN) for (const one of ['127.0.0.1', '::1']) found.add(one);
    else if (isIP(address) === 0) return { expected: 'an IP address such as 127.0.0.1 or ::1', wrong: item };
    else found.add(address);
  }
  if (found.has(GUARDED) && found.size > 1)
    return { expected: 'no other address beside "guarded", which is all of them' };
  return found.size === 0 ? { expected: 'at least one IP address' } : { value: [...found] };
};

/** Comma-separated domains; `localhost` always comes first. `.test` and `*.test` mean `test`. */
export const parseDomains: Parser<string[]> = (text) => {
  const domains = new Set([LOCAL_DOMAIN]);
  for (const item of listItems(text)) {
    const domain = normalizeHostname(item.replace(/^\*?\./, ''));
    if (domain === null || isIP(domain) !== 0)
      return { expected: 'a domain such as "test" or "dev.example.com"', wrong: item };
    domains.add(domain);
  }
  const taken = [...domains].find((domain) => isDashboards(domain, [...domains]));
  if (taken !== undefined)
    return { expected: 'another domain: names below "proxy." are the dashboard’s', wrong: taken };
  return { value: [...domains] };
};

function isDashboards(domain: string, domains: readonly string[]): boolean {
  const others = domains.filter((other) => other !== domain);
  return classifyHostname(domain, others).kind === 'control';
}

/** Blanks around a comma are nothing; one without a comma is a mistake in a value, not a second value. */
function listItems(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
