/**
 * The remembered mappings: answered from memory, kept on disk. A change is in memory at once; the disk follows, many
 * changes in one write, one writer at a time, and whatever the disk refuses is tried again.
 */
import { AppError, messageOf } from '../core/errors.ts';
import { issuesText, type Mapping, mappingSchema } from '../core/mapping.ts';
import type { Logger } from '../platform/log.ts';
import { MappingDisk } from './mapping-disk.ts';
import {
  asideKey,
  entryOf,
  type MappingEntry,
  type MappingFile,
  normalizeMappingKey,
  serializeMappingFile,
} from './mapping-file.ts';

/** Pauses before a failed write is tried again within the same call. */
const RETRY_DELAYS_MS = [50, 250];
/** What could not be written at all is tried again after this long, without anybody asking. */
const BACKGROUND_RETRY_MS = 30_000;

/** The part of a log that is used here. */
export type StoreLog = Pick<Logger, 'warn'>;

/** See the file's header. */
export class MappingStore {
  /** For `status` and `doctor`: what was set aside, and why. */
  readonly warnings: string[] = [];
  readonly #disk: MappingDisk;
  readonly #log: StoreLog;
  readonly #listeners = new Set<(key: string) => void>();
  #entries: Map<string, MappingEntry>;
  /** Keys changed here and not on the disk yet: for these, ours wins over an edit of the file. */
  #dirty = new Set<string>();
  /** The write that is not begun yet: it takes along whatever changes until then. */
  #queued: Promise<void> | undefined;
  /** Settles when every write begun or queued is over; never rejects. */
  #tail: Promise<void> = Promise.resolve();
  #retryTimer: NodeJS.Timeout | undefined;

  private constructor(disk: MappingDisk, file: MappingFile, log: StoreLog) {
    this.#disk = disk;
    this.#entries = file.entries;
    this.#log = log;
    this.#warn(file.warnings);
  }

  /**
   * Read the file; where there is none, begin empty. A corrupt file is moved aside and what can be read of it is kept.
   * @throws {AppError} ROUTE_STORE_UNREADABLE: no permission, no file, over 16 MiB
   */
  static async open(file: string, log: StoreLog): Promise<MappingStore> {
    // A schema is compiled at its first use, in 5 ms: now rather than in somebody's request.
    mappingSchema.safeParse(SAMPLE);
    const disk = await MappingDisk.at(file);
    const found = await disk.read();
    const store = new MappingStore(disk, found, log);
    if (found.corrupt && found.entries.size > 0) {
      for (const key of found.entries.keys()) store.#dirty.add(key);
      // What was saved from a torn file goes back to the disk at once; a full disk does not prevent the start.
      await store.#save().catch(() => {});
    }
    return store;
  }

  /** The mapping of a key, from memory. Do not change it: {@link set} another. */
  get(key: string): Mapping | undefined {
    return this.#entries.get(key)?.mapping;
  }

  /** How many mappings there are; what was set aside is none. */
  get size(): number {
    let size = 0;
    for (const { mapping } of this.#entries.values()) if (mapping) size++;
    return size;
  }

  /** Every mapping, in the order of the file. A copy; it has no prototype, so any hostname is safe as a key. */
  all(): Record<string, Mapping> {
    const all: Record<string, Mapping> = Object.create(null);
    for (const [key, { mapping }] of this.#entries) if (mapping) all[key] = mapping;
    return all;
  }

  /**
   * Remember a mapping. {@link get} knows it at once; resolves when it is on the disk.
   * @throws {AppError} ROUTE_BAD_MAPPING: nothing stored · ROUTE_STORE_UNWRITABLE: kept in memory, the disk is tried
   *   again with the next write and every 30 s
   */
  async set(key: string, mapping: Mapping): Promise<void> {
    if (normalizeMappingKey(key) !== key) {
      throw new AppError('ROUTE_BAD_MAPPING', `"${key.slice(0, 80)}" is not a hostname or hostname:service`);
    }
    const checked = mappingSchema.safeParse(mapping);
    if (!checked.success) throw new AppError('ROUTE_BAD_MAPPING', `Bad mapping: ${issuesText(checked.error)}`);
    this.#keepWhatWasSetAside(key);
    this.#entries.set(key, entryOf(checked.data));
    this.#touch(key);
    await this.#save();
  }

  /** An entry that we could not use is still somebody's: it moves to a key that says so. */
  #keepWhatWasSetAside(key: string): void {
    const before = this.#entries.get(key);
    if (before === undefined || before.mapping !== undefined) return;
    const aside = asideKey(this.#entries, key);
    const { bytes: _, ...kept } = before;
    this.#entries.set(aside, kept);
    this.#dirty.add(aside);
  }

  /**
   * Forget a mapping, or an entry that was set aside.
   * @returns whether there was one
   * @throws {AppError} ROUTE_STORE_UNWRITABLE: gone from memory, the disk is tried again
   */
  async delete(key: string): Promise<boolean> {
    if (!this.#entries.delete(key)) return false;
    this.#touch(key);
    await this.#save();
    return true;
  }

  /**
   * Be told of every key whose mapping changed, also by an edit of the file.
   * @returns call it to be told no more
   */
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Take over what somebody else wrote into the file. Before every write this happens anyway. Cost: one stat when
   * nothing changed.
   * @throws {AppError} ROUTE_STORE_UNREADABLE
   */
  async reload(): Promise<void> {
    const merge = this.#tail.then(() => this.#mergeEdits());
    this.#tail = merge.catch(() => {});
    await merge;
  }

  /**
   * Resolves when everything is on the disk. Call it before the end.
   * @throws {AppError} ROUTE_STORE_UNWRITABLE
   */
  async flush(): Promise<void> {
    await this.#tail;
    if (this.#dirty.size > 0) await this.#save();
    clearTimeout(this.#retryTimer);
  }

  #touch(key: string): void {
    this.#dirty.add(key);
    this.#tell(key);
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(key);
      } catch (error) {
        this.#log.warn({ err: error, key }, 'A listener for changed mappings failed');
      }
    }
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (this.warnings.includes(warning)) continue;
      this.warnings.push(warning);
      this.#log.warn({}, warning);
    }
    this.warnings.splice(0, this.warnings.length - MAX_WARNINGS);
  }

  /** Queue a write behind the one under way, unless one waits there already. */
  #save(): Promise<void> {
    if (this.#queued) return this.#queued;
    const write = this.#tail.then(() => {
      this.#queued = undefined;
      return this.#writeWithRetries();
    });
    this.#queued = write;
    this.#tail = write.catch(() => {});
    return write;
  }

  async #writeWithRetries(): Promise<void> {
    clearTimeout(this.#retryTimer);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#write();
      } catch (error) {
        const delayMs = RETRY_DELAYS_MS[attempt];
        if (delayMs === undefined) {
          this.#retryLater();
          throw asUnwritable(error);
        }
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  #retryLater(): void {
    this.#retryTimer = setTimeout(() => {
      this.#save().catch((error: unknown) => this.#log.warn({ err: error }, 'The mappings still cannot be written'));
    }, BACKGROUND_RETRY_MS).unref();
  }

  async #write(): Promise<void> {
    await this.#mergeEdits();
    const writing = this.#dirty;
    this.#dirty = new Set();
    try {
      await this.#disk.write(serializeMappingFile(this.#entries));
    } catch (error) {
      for (const key of writing) this.#dirty.add(key);
      throw error;
    }
  }

  /** Edits of the file by hand or another program: taken over, but for the keys that changed here meanwhile. */
  async #mergeEdits(): Promise<void> {
    if (!(await this.#disk.isChanged())) return;
    const file = await this.#disk.read();
    this.#warn(file.warnings);
    const before = this.#entries;
    // A torn file says nothing about what was deleted.
    this.#entries = file.corrupt ? new Map([...before, ...file.entries]) : file.entries;
    for (const key of this.#dirty) {
      const own = before.get(key);
      if (own) this.#entries.set(key, own);
      else this.#entries.delete(key);
    }
    for (const key of new Set([...before.keys(), ...this.#entries.keys()])) {
      if (memberText(before.get(key)) !== memberText(this.#entries.get(key))) this.#tell(key);
    }
  }
}

/** Has every part that a decided mapping has. */
const SAMPLE: Mapping = {
  type: 'process',
  target: 'localhost',
  port: 1,
  createdAt: '',
  llmReason: '',
  identity: { kind: 'process', workdir: '/', root: '/', gitRoot: '/', shape: '', argsDigest: '' },
  source: 'name',
  rivals: [''],
  confidence: 1,
};

/** Enough for `status`; the log has all. */
const MAX_WARNINGS = 50;

function memberText(entry: MappingEntry | undefined): string | undefined {
  return entry && (entry.raw ?? JSON.stringify(entry.value));
}

function asUnwritable(error: unknown): AppError {
  if (error instanceof AppError && error.code === 'ROUTE_STORE_UNWRITABLE') return error;
  return new AppError('ROUTE_STORE_UNWRITABLE', `Cannot write the mappings: ${messageOf(error)}`, { cause: error });
}
