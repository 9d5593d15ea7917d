/**
 * The `paths` of a mapping: prefixes of one hostname that others answer (`shop.localhost/api`), so that a page and its
 * API are one origin. An entry is a mapping of its own, or names another hostname.
 */
import { z } from 'zod';
import { normalizeHostname } from './hostname.ts';
import { issuesText, type Mapping, mappingSchema, SERVICE_NAME, splitMappingKey } from './mapping.ts';
import type { PathRule } from './route.ts';

/** More prefixes than this on one hostname are nobody's design. */
const MAX_PATHS = 100;
const MAX_PREFIX_CHARS = 200;
/** `/api`, `/a%2Fb`: visible ASCII without query, fragment, backslash and double slash. */
const PREFIX = /^(?:\/[!$%&'()*+,\-.0-9:;=@A-Z_a-z~]+)+$/;

/** What may stand beside who answers. */
const ruleSchema = z.looseObject({ strip: z.boolean().exactOptional() });
/** An entry that leads to another hostname, or to its related service: `api.shop.localhost`, `shop.localhost:api`. */
export const pathReferenceSchema = z.looseObject({ to: z.string().min(1).max(400) });

/** An entry, understood. */
export interface PathEntry extends PathRule {
  /** Who answers; undefined where {@link PathRule.to} says it. */
  mapping?: Mapping;
}

/** Entries with the longest prefix first, and what is wrong with the others, in words. */
export interface ParsedPaths {
  entries: PathEntry[];
  problems: string[];
}

/** Read the `paths` of a mapping. One bad entry does no harm to the others. */
export function parsePaths(paths: Readonly<Record<string, unknown>>): ParsedPaths {
  const parsed: ParsedPaths = { entries: [], problems: [] };
  for (const [written, value] of Object.entries(paths).slice(0, MAX_PATHS)) {
    const entry = parseEntry(written, value);
    if (typeof entry === 'string') parsed.problems.push(`"${written.slice(0, 80)}": ${entry}`);
    else if (!parsed.entries.some(({ prefix }) => prefix === entry.prefix)) parsed.entries.push(entry);
  }
  if (Object.keys(paths).length > MAX_PATHS) parsed.problems.push(`only the first ${MAX_PATHS} are used`);
  parsed.entries.sort((a, b) => b.prefix.length - a.prefix.length);
  return parsed;
}

function parseEntry(written: string, value: unknown): PathEntry | string {
  const prefix = normalizePrefix(written);
  if (prefix === null) return 'this is no path: it begins with "/" and holds no query, no ".." and no blank';
  const rule = ruleSchema.safeParse(value);
  if (!rule.success) return issuesText(rule.error);
  const { strip = false } = rule.data;
  const reference = pathReferenceSchema.safeParse(value);
  if (reference.success) {
    const to = referredKey(reference.data.to);
    return to ? { prefix, strip, to } : `"${reference.data.to.slice(0, 80)}" is no hostname or hostname:service`;
  }
  const mapping = mappingSchema.safeParse({ createdAt: '', ...rule.data });
  if (!mapping.success) return issuesText(mapping.error);
  // An entry is the user's, as the mapping around it is, and never moved.
  return { prefix, strip, mapping: { ...mapping.data, source: 'user' } };
}

function referredKey(text: string): PathRule['to'] | undefined {
  const { hostname: written, service: named } = splitMappingKey(text);
  const hostname = normalizeHostname(written);
  if (hostname === null) return undefined;
  if (named === undefined) return { hostname };
  const service = named.toLowerCase();
  return SERVICE_NAME.test(service) ? { hostname, service } : undefined;
}

/**
 * The one form of a prefix: no slash at its end. Bytes stay as they are: nothing is decoded, so `/%61pi` is not `/api`.
 * @returns null for what is no prefix: `/` itself, a query, `.` and `..` segments, characters that no URL has
 */
export function normalizePrefix(written: string): string | null {
  const prefix = written.replace(/\/+$/, '');
  if (prefix.length > MAX_PREFIX_CHARS || !PREFIX.test(prefix)) return null;
  return prefix.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)) ? null : prefix;
}

/** `shop.localhost/api`: the key of a mapping and a prefix of its `paths`. */
export function splitPathKey(key: string): { key: string; prefix?: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { key } : { key: key.slice(0, slash), prefix: key.slice(slash) };
}
