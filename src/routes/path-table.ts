/** Which hostnames have `paths`, ready for look-up: asked for every request, so that all others pay for one comparison. */
import { type PathEntry, parsePaths } from '../core/mapping-paths.ts';
import type { PathRule } from '../core/route.ts';
import { isBelow } from '../core/url-path.ts';
import type { MappingStore } from './mapping-store.ts';

/** See the file's header. Follows the store. */
export class PathTable {
  readonly #store: Pick<MappingStore, 'get'>;
  readonly #entries = new Map<string, readonly PathEntry[]>();

  constructor(store: Pick<MappingStore, 'get' | 'all'>) {
    this.#store = store;
    for (const hostname of Object.keys(store.all())) this.update(hostname);
  }

  /** A mapping changed. @returns the prefixes that it had or has */
  update(hostname: string): string[] {
    const before = this.#entries.get(hostname) ?? [];
    this.#entries.delete(hostname);
    const paths = this.#store.get(hostname)?.paths;
    // What is wrong with others was said when the file was read.
    const entries = paths ? parsePaths(paths).entries : [];
    if (entries.length > 0) this.#entries.set(hostname, entries);
    return [...before, ...entries].map(({ prefix }) => prefix);
  }

  /**
   * The longest prefix of a hostname that a path lies under. Whole segments count, byte by byte, undecoded.
   * @param path origin-form, with its query
   */
  find(hostname: string, path: string): PathRule | undefined {
    if (this.#entries.size === 0) return undefined;
    return this.#entries.get(hostname)?.find(({ prefix }) => isBelow(path, prefix));
  }

  /** The entry of a prefix, as it is now. */
  entry(hostname: string, prefix: string): PathEntry | undefined {
    return this.#entries.get(hostname)?.find((entry) => entry.prefix === prefix);
  }
}
