/** If-Match and ETag of mappings (RFC 9110 sections 8.8.3 and 13.1): two editors do not overwrite each other. */
import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Mapping } from '../core/mapping.ts';
import type { EditableStore } from '../routes/edit-mapping.ts';

/** Identifies a mapping's content. */
export function etagOf(mapping: Mapping): string {
  return `"${createHash('sha256').update(JSON.stringify(mapping)).digest('base64url').slice(0, 16)}"`;
}

/**
 * The store as a request may change it: each change is checked right before it is made, with nothing between.
 * @param header reads a request header
 * @returns its `set` and `delete` throw {@link AppError} API_STALE
 */
export function conditionalStore(store: EditableStore, header: (name: string) => string | undefined): EditableStore {
  const check = (key: string): void => requireUnchanged(store.get(key), header('if-match'), header('if-none-match'));
  return {
    get: (key) => store.get(key),
    set: async (key, mapping) => {
      check(key);
      await store.set(key, mapping);
    },
    delete: async (key) => {
      check(key);
      return store.delete(key);
    },
  };
}

function requireUnchanged(
  mapping: Mapping | undefined,
  match: string | undefined,
  noneMatch: string | undefined,
): void {
  const now = mapping && etagOf(mapping);
  const isOther = match !== undefined && (now === undefined || !isListed(match, now));
  const isThere = noneMatch !== undefined && now !== undefined && isListed(noneMatch, now);
  if (!isOther && !isThere) return;
  throw new AppError('API_STALE', 'The mapping was changed meanwhile', { hint: 'Load it again, then change it' });
}

function isListed(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((one) => one.trim() === etag);
}
