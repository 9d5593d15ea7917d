/**
 * The content of mappings.json: text in, checked entries out, and back. Pure; {@link mapping-store.ts} does the disk.
 * Nothing that somebody wrote is lost: an entry that we cannot use is set aside and written back as it was.
 */
import { normalizeHostname } from '../core/hostname.ts';
import { issuesText, type Mapping, mappingSchema, SERVICE_NAME } from '../core/mapping.ts';
import { parsePaths } from '../core/mapping-paths.ts';
import { hasLongNumber, isDeeperThan, type Member, salvageMembers, wholeMembers } from './mapping-text.ts';

/** One member of the file. */
export interface MappingEntry {
  /** undefined for an entry that is set aside. */
  mapping?: Mapping;
  /** As it goes into the file: the mapping, or the value set aside; undefined where {@link raw} alone can say it. */
  value: unknown;
  /** The value as it was found, where writing it anew could change it. */
  raw?: string;
  /** The member as it stands in the file, made when it is first written and kept: most writes change one of many. */
  bytes?: Buffer;
}

/** What a file holds, in its order. */
export interface MappingFile {
  entries: Map<string, MappingEntry>;
  /** For `status` and `doctor`: what was set aside, and why. */
  warnings: string[];
  /** The text was no JSON object: what could be read of it is in `entries`, the file itself is to be kept elsewhere. */
  corrupt: boolean;
}

/** Deeper values are no mappings; writing them anew would end in a full stack, or in a file of blanks. */
const MAX_DEPTH = 64;
/** More warnings than this help nobody. */
const MAX_WARNINGS = 20;
/** What may stand behind `/_proxy/`, see proxy/decide.ts. */

/**
 * The key of a mapping in its one form: hostname, or `hostname:service`, lower case, no trailing dot.
 * @returns null when it is neither
 */
export function normalizeMappingKey(text: string): string | null {
  const colon = text.indexOf(':');
  const hostname = normalizeHostname(colon === -1 ? text : text.slice(0, colon));
  if (hostname === null || colon === -1) return hostname;
  const service = text.slice(colon + 1).toLowerCase();
  return SERVICE_NAME.test(service) ? `${hostname}:${service}` : null;
}

/**
 * Read the text of a mappings file. Never throws. An empty text is an empty file.
 * @param now for entries written by hand without `createdAt`
 */
export function parseMappingFile(text: string, now: Date = new Date()): MappingFile {
  const clean = text.replace(/^\uFEFF/, '');
  const whole = clean.trim() === '' ? [] : wholeMembers(clean);
  const file: MappingFile = { entries: new Map(), warnings: [], corrupt: whole === null };
  let unsaid = 0;
  for (const member of whole ?? salvageMembers(clean)) {
    const problem = addMember(file.entries, member, now);
    if (problem === null) continue;
    if (file.warnings.length < MAX_WARNINGS) file.warnings.push(problem);
    else unsaid++;
  }
  if (unsaid > 0) file.warnings.push(`${unsaid} more mappings are set aside for the same kind of reason`);
  return file;
}

/** @returns what is wrong with the entry, null for nothing */
function addMember(entries: Map<string, MappingEntry>, { key: written, value, raw }: Member, now: Date): string | null {
  const key = normalizeMappingKey(written);
  if (isDeeperThan(raw, MAX_DEPTH)) {
    return setAside(entries, written, { value: undefined, raw }, `it is nested deeper than ${MAX_DEPTH} levels`);
  }
  const kept: MappingEntry = hasLongNumber(raw) ? { value, raw } : { value };
  if (key === null) return setAside(entries, written, kept, 'the name is not a hostname or hostname:service');
  // The seed's first versions kept capitals. Where both forms are there, the one that is asked for wins.
  if (key !== written && entries.has(key)) return setAside(entries, written, kept, `there is also "${key}"`);
  const parsed = mappingSchema.safeParse(asWrittenByOthers(value, now));
  if (!parsed.success) return setAside(entries, written, kept, issuesText(parsed.error));
  const before = entries.get(key);
  entries.set(key, { ...kept, ...entryOf(parsed.data) });
  if (before === undefined) return pathProblem(key, parsed.data);
  const { bytes: _, mapping: __, ...old } = before;
  return setAside(entries, asideKey(entries, key), old, `there is another "${key}" further down`);
}

/** A free key that says whose an entry is that cannot be used. It is no hostname, so it is nobody's mapping. */
export function asideKey(entries: ReadonlyMap<string, MappingEntry>, key: string): string {
  let aside = `${key} (set aside)`;
  for (let i = 2; entries.has(aside); i++) aside = `${key} (set aside ${i})`;
  return aside;
}

/** A path that cannot be used stays in the file and does no harm to the others. */
function pathProblem(key: string, { paths }: Mapping): string | null {
  const problems = paths ? parsePaths(paths).problems : [];
  return problems.length === 0
    ? null
    : `A path of the mapping "${key}" is set aside: ${problems.slice(0, 5).join('; ')}`;
}

function setAside(entries: Map<string, MappingEntry>, written: string, entry: MappingEntry, why: string): string {
  entries.set(entries.has(written) ? asideKey(entries, written) : written, entry);
  return `The mapping "${written.slice(0, 80)}" is set aside: ${why}`;
}

const OPTIONAL = [
  'processIdentifier',
  'identity',
  'source',
  'rivals',
  'confidence',
  'host',
  'forwardedHost',
  'cookies',
  'paths',
];

/** Forms that are no mistakes: written by hand without a date, by the seed with an empty processIdentifier. */
function asWrittenByOthers(value: unknown, now: Date): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entry = new Map(Object.entries(value));
  if (!entry.has('createdAt')) entry.set('createdAt', now.toISOString());
  for (const optional of OPTIONAL) {
    if (entry.get(optional) === null) entry.delete(optional);
  }
  if (JSON.stringify(entry.get('processIdentifier')) === '{}') entry.delete('processIdentifier');
  return Object.fromEntries(entry);
}

/** An entry for a mapping. */
export function entryOf(mapping: Mapping): MappingEntry {
  return { mapping, value: mapping };
}

/**
 * The file with these entries, in UTF-8, each on its own lines so that it can be read, compared and salvaged.
 * Cost: the first time a JSON encoding per entry, then a copy of bytes (5 ms for 10,000 entries).
 */
export function serializeMappingFile(entries: ReadonlyMap<string, MappingEntry>): Buffer {
  if (entries.size === 0) return Buffer.from('{}\n');
  const parts: Buffer[] = [];
  for (const [key, entry] of entries) {
    entry.bytes ??= memberBytes(key, entry);
    parts.push(parts.length === 0 ? OPEN : NEXT, entry.bytes);
  }
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

const OPEN = Buffer.from('{\n');
const NEXT = Buffer.from(',\n');
const CLOSE = Buffer.from('\n}\n');

function memberBytes(key: string, { value, raw }: MappingEntry): Buffer {
  return Buffer.from(`  ${JSON.stringify(key)}: ${raw ?? JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`);
}
