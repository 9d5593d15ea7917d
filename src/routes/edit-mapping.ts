/** What PUT, DELETE and `routes set · rm` do: change a whole mapping, or one prefix of its `paths`. */
import { AppError } from '../core/errors.ts';
import { issuesText, type Mapping, type MappingInput, mappingInputSchema } from '../core/mapping.ts';
import { normalizePrefix, parsePaths, pathReferenceSchema } from '../core/mapping-paths.ts';
import type { Snapshot } from '../core/service.ts';

/** The part of the store that is used here. */
export interface EditableStore {
  get(key: string): Mapping | undefined;
  set(key: string, mapping: Mapping): Promise<void>;
  delete(key: string): Promise<boolean>;
}

/** What is edited, checked: `shop.localhost`, `shop.localhost:api`, or `/api` of one of them. */
export interface EditKey {
  key: string;
  prefix?: string;
}

/** How an input becomes a mapping. */
export interface EditParts {
  store: EditableStore;
  snapshot: Snapshot;
  /** A mapping of the user's, with the identity of whoever is meant. @throws {AppError} ROUTE_BAD_TARGET */
  make(input: MappingInput, snapshot: Snapshot): Mapping | Promise<Mapping>;
  /** Check a hostname that a path leads to. @throws {AppError} HOST_INVALID */
  checkKey(text: string): string;
}

/**
 * Store what a client says. A whole mapping replaces the one before; of that, `paths` stay unless the input has some.
 * @throws {AppError} ROUTE_BAD_MAPPING · ROUTE_BAD_TARGET · ROUTE_NOT_FOUND for a path of a hostname without a mapping
 */
export async function putMapping(parts: EditParts, { key, prefix }: EditKey, input: unknown): Promise<void> {
  const { store } = parts;
  if (prefix !== undefined) {
    const entry = await pathEntry(parts, prefix, input);
    // Read after the wait: nothing that somebody set meanwhile is lost.
    await store.set(key, withPath(key, store.get(key), prefix, entry));
    return;
  }
  const { paths, ...fields } = parseInput(input);
  const mapping = await parts.make(fields, parts.snapshot);
  const made = paths === undefined ? store.get(key)?.paths : await pathsFrom(parts, paths);
  await store.set(key, made && Object.keys(made).length > 0 ? { ...mapping, paths: made } : mapping);
}

/** Forget a mapping or one of its paths. @returns whether there was one */
export async function deleteMapping(store: EditableStore, { key, prefix }: EditKey): Promise<boolean> {
  if (prefix === undefined) return store.delete(key);
  const mapping = store.get(key);
  if (!mapping?.paths) return false;
  const left = pathsWithout(mapping.paths, prefix);
  if (Object.keys(left).length === Object.keys(mapping.paths).length) return false;
  const { paths: _all, ...rest } = mapping;
  await store.set(key, Object.keys(left).length > 0 ? { ...rest, paths: left } : rest);
  return true;
}

/**
 * Send an app `localhost:PORT` as Host from now on. The mapping is the user's then.
 * @param forwardedHost `rewritten` for servers that check X-Forwarded-Host, too
 * @returns false where there is no such mapping
 */
export async function sendOwnHost(
  store: EditableStore,
  { key, prefix }: EditKey,
  forwardedHost: 'original' | 'rewritten',
): Promise<boolean> {
  const mapping = store.get(key);
  const told = { host: 'target', forwardedHost };
  if (!mapping) return false;
  if (prefix === undefined) {
    await store.set(key, { ...keptByUser(mapping, 'You set the Host that it is sent'), ...told });
    return true;
  }
  const entry = pathOf(mapping, prefix);
  if (typeof entry !== 'object' || entry === null) return false;
  await store.set(key, withPath(key, mapping, prefix, { ...entry, ...told }));
  return true;
}

/** One entry of a mapping's `paths`, as it is stored. */
export function pathOf(mapping: Mapping | undefined, prefix: string): unknown {
  const found = Object.entries(mapping?.paths ?? {}).find(([written]) => normalizePrefix(written) === prefix);
  return found?.[1];
}

/** Check a prefix that somebody wrote. @throws {AppError} ROUTE_BAD_MAPPING */
export function checkedPrefix(written: string): string {
  const prefix = normalizePrefix(written);
  if (prefix !== null) return prefix;
  throw new AppError('ROUTE_BAD_MAPPING', `"${written.slice(0, 80)}" is no path to route`, {
    hint: 'Use a path such as /api, without query and without ".."',
  });
}

function parseInput(input: unknown): MappingInput {
  const parsed = mappingInputSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AppError('ROUTE_BAD_MAPPING', `This is no mapping: ${issuesText(parsed.error)}`);
}

/** The user's from now on: what carries their paths is not moved by the program. */
function withPath(key: string, mapping: Mapping | undefined, prefix: string, entry: object): Mapping {
  if (!mapping) {
    const problem = `"${key}" has no mapping yet that the path could be added to`;
    throw new AppError('ROUTE_NOT_FOUND', problem, {
      hint: `Say first who answers: hostwise routes set ${key} TARGET`,
    });
  }
  const paths = { ...pathsWithout(mapping.paths ?? {}, prefix), [prefix]: entry };
  return { ...keptByUser(mapping, `You set ${prefix} of it`), paths };
}

/** Whom it leads to was decided by others, and stays: both are said where routes are listed. */
function keptByUser(mapping: Mapping, what: string): Mapping {
  if (mapping.source === 'user') return mapping;
  const reason = `${what}, so the program does not move it any more. Before: ${mapping.llmReason}`;
  return { ...mapping, source: 'user', llmReason: reason.slice(0, MAX_REASON_CHARS) };
}

/** Longest text that a mapping may hold. */
const MAX_REASON_CHARS = 4096;

function pathsWithout(paths: Readonly<Record<string, unknown>>, prefix: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(paths).filter(([written]) => normalizePrefix(written) !== prefix));
}

async function pathsFrom(parts: EditParts, paths: unknown): Promise<Record<string, unknown>> {
  const isObject = typeof paths === 'object' && paths !== null && !Array.isArray(paths);
  if (!isObject) throw new AppError('ROUTE_BAD_MAPPING', 'This is no mapping: paths: expected an object');
  const made: Record<string, unknown> = {};
  for (const [written, value] of Object.entries(paths)) {
    const prefix = checkedPrefix(written);
    made[prefix] = await pathEntry(parts, prefix, value);
  }
  return checkedPaths(made);
}

async function pathEntry(parts: EditParts, prefix: string, input: unknown): Promise<object> {
  const reference = pathReferenceSchema.safeParse(input);
  let entry: object;
  if (reference.success) entry = { ...reference.data, to: parts.checkKey(reference.data.to) };
  else entry = await parts.make(parseInput(input), parts.snapshot);
  checkedPaths({ [prefix]: entry });
  return entry;
}

function checkedPaths(paths: Record<string, unknown>): Record<string, unknown> {
  const [problem] = parsePaths(paths).problems;
  if (problem !== undefined) throw new AppError('ROUTE_BAD_MAPPING', `This is no mapping: path ${problem}`);
  return paths;
}
