/** Is a folder gone from the disk? Asked while somebody waits, so a mount that does not answer must cost nobody much. */
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { systemCode } from '../core/errors.ts';

/** An answer holds this long: requests for what is away come every few milliseconds. */
const FRESH_MS = 1_000;
/** Longer than it takes a disk that is awake. */
const PATIENCE_MS = 250;
/** Each look at a dead mount keeps one of the four threads that Node has for all files. */
const MAX_LOOKS = 2;
const MAX_REMEMBERED = 1_000;
/** No such name, or a file where a folder above it was (stat(2)). */
const GONE: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR'];

/** See the file's header. */
export class GoneFolders {
  readonly #answers = new LRUCache<string, boolean>({ max: MAX_REMEMBERED, ttl: FRESH_MS });
  /** By folder; those of a dead mount stay. */
  readonly #looks = new Map<string, Promise<boolean>>();
  readonly #look: (folder: string) => Promise<unknown>;

  /** @param look rejects for what is not there; given by tests */
  constructor(look: (folder: string) => Promise<unknown> = stat) {
    this.#look = look;
  }

  /**
   * Is nothing there? Only if the system says so: what may not be looked at, or takes too long, is not gone. One look a
   * second at each folder, at most 250 ms. Rejects never.
   * @param folder absolute
   */
  async isGone(folder: string): Promise<boolean> {
    const known = this.#answers.get(folder);
    if (known !== undefined) return known;
    const looking = this.#looks.get(folder);
    if (!looking && this.#looks.size >= MAX_LOOKS) return false;
    return Promise.race([looking ?? this.#begin(folder), delay(PATIENCE_MS, false, { ref: false })]);
  }

  #begin(folder: string): Promise<boolean> {
    const look = this.#look(folder).then(
      () => false,
      (error: unknown) => GONE.includes(systemCode(error)),
    );
    const kept = look.then((isGone) => {
      this.#looks.delete(folder);
      this.#answers.set(folder, isGone);
      return isGone;
    });
    this.#looks.set(folder, kept);
    return kept;
  }
}
