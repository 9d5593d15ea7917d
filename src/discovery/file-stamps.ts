/**
 * Remembering what was read from files for as long as those files stay the same.
 * A value is kept with the stamp (inode, size, times) of every path that it was made from, absent ones included;
 * a later scan compares stamps, which costs 3 us a path, and reads again only what changed.
 */
import { statSync } from 'node:fs';

/** Stamps of paths, each looked at once a scan however many services share it. */
export class FileStamps {
  readonly #stamps = new Map<string, string>();

  /** Forget everything: a new scan begins. */
  clear(): void {
    this.#stamps.clear();
  }

  /** Changes whenever the file (or the list of a directory's entries) does. */
  of(path: string): string {
    const known = this.#stamps.get(path);
    if (known !== undefined) return known;
    const stamp = stampOf(path);
    this.#stamps.set(path, stamp);
    return stamp;
  }
}

function stampOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return 'absent';
    return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
  } catch {
    return 'unreadable';
  }
}

interface Entry<T> {
  value: T;
  /** Path and stamp of all that the value was made from. */
  marks: [string, string][];
  used: boolean;
}

/** Values made from files, by a key of the caller's. */
export class StampedCache<T> {
  readonly #stamps: FileStamps;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(stamps: FileStamps) {
    this.#stamps = stamps;
  }

  /**
   * The value for `key`, made anew if a file that it was made from changed.
   * @param make is given `watch`, to be called with each path BEFORE it is read
   */
  get(key: string, make: (watch: (path: string) => void) => T): T {
    const known = this.#entries.get(key);
    if (known?.marks.every(([path, stamp]) => this.#stamps.of(path) === stamp)) {
      known.used = true;
      return known.value;
    }
    const marks: [string, string][] = [];
    const value = make((path) => marks.push([path, this.#stamps.of(path)]));
    this.#entries.set(key, { value, marks, used: true });
    return value;
  }

  /** Drop what nobody asked for since the last sweep: the memory follows what runs. */
  sweep(): void {
    for (const [key, entry] of this.#entries) {
      if (!entry.used) this.#entries.delete(key);
      entry.used = false;
    }
  }
}
