/**
 * What runs on this machine now: one snapshot in memory, refreshed when somebody asks, never by polling.
 */
import { messageOf } from '../core/errors.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../core/service.ts';
import type { Backend } from './scan.ts';
import { ScanThread } from './scan-thread.ts';

/** Where warnings go; pino fits. */
export interface DiscoveryLog {
  warn(entry: object | string, message?: string): void;
}

/** How discovery is set up. */
export interface DiscoveryOptions {
  log?: DiscoveryLog;
  /** Our own processes beside this one: marked as noise. */
  ownPids?: readonly number[];
  /** Default `auto`. */
  backend?: Backend;
}

/** What a caller is content with. */
export interface RefreshOptions {
  /** A snapshot whose scan started no longer ago than this is as good as a new one. Absent: only a new one. */
  maxAgeMs?: number;
}

const SCAN_TIMEOUT_MS = 10_000;
const THREAD_IDLE_MS = 30_000;

/** Where scans come from: {@link ScanThread}, or a test's own. */
export interface ScanSource {
  /** A scan that starts now; rejects when it fails. */
  scan(): Promise<Snapshot>;
  close(): Promise<void>;
}

interface Flight {
  startedAtMs: number;
  result: Promise<Snapshot>;
}

/** The one source of snapshots. Scans run in a thread of their own, so that none delays a request. */
export class Discovery {
  readonly #log: DiscoveryLog | undefined;
  readonly #source: ScanSource;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #current: Snapshot | undefined;
  /** When the scan behind `#current` started; a failed one does not count. */
  #currentAtMs = Number.NEGATIVE_INFINITY;
  #running: Flight | undefined;
  #queued: Promise<Snapshot> | undefined;
  #closed = false;

  /** Starts nothing: the first {@link refresh} does. */
  constructor(options: DiscoveryOptions = {}, source: ScanSource = scanThread(options)) {
    this.#log = options.log;
    this.#source = source;
  }

  /** The latest snapshot, however old; undefined before the first scan ended. */
  get current(): Snapshot | undefined {
    return this.#current;
  }

  /**
   * What runs now: the result of a scan that started at or after this call. While a scan runs, one more is queued
   * and shared by all who ask meanwhile.
   * Never rejects: when a scan fails or hangs, the previous snapshot comes back with a warning in it.
   */
  refresh({ maxAgeMs }: RefreshOptions = {}): Promise<Snapshot> {
    const oldestMs = maxAgeMs === undefined ? Number.POSITIVE_INFINITY : performance.now() - maxAgeMs;
    if (this.#current && (this.#closed || this.#currentAtMs >= oldestMs)) return Promise.resolve(this.#current);
    if (this.#closed) return Promise.resolve(withWarning(undefined, 'discovery is closed'));
    if (!this.#running) return this.#start();
    if (this.#running.startedAtMs >= oldestMs) return this.#running.result;
    this.#queued ??= this.#running.result.then(() => {
      this.#queued = undefined;
      return this.#closed ? this.refresh() : this.#start();
    });
    return this.#queued;
  }

  /**
   * Be told of every snapshot, as soon as it is there.
   * @returns stops it
   */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** End the thread. Who still waits gets the previous snapshot. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    await this.#source.close();
  }

  #start(): Promise<Snapshot> {
    const startedAtMs = performance.now();
    const result = this.#scan(startedAtMs);
    this.#running = { startedAtMs, result };
    return result;
  }

  async #scan(startedAtMs: number): Promise<Snapshot> {
    try {
      this.#current = await this.#source.scan();
      this.#currentAtMs = startedAtMs;
    } catch (error) {
      this.#current = withWarning(this.#current, messageOf(error));
      if (!this.#closed) this.#log?.warn({ err: error }, 'discovery failed');
    }
    // Before anybody who waits goes on: the next to ask starts a scan of their own.
    this.#running = undefined;
    this.#tell(this.#current);
    return this.#current;
  }

  #tell(snapshot: Snapshot): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(snapshot);
      } catch (error) {
        this.#log?.warn({ err: error }, 'a listener for snapshots failed');
      }
    }
  }
}

/** The snapshot, with what went wrong said once. */
function withWarning(snapshot: Snapshot = EMPTY_SNAPSHOT, warning: string): Snapshot {
  const others = (snapshot.warnings ?? []).filter((known) => known !== warning);
  return { ...snapshot, warnings: [...others, warning] };
}

function scanThread({ backend = 'auto', ownPids = [] }: DiscoveryOptions): ScanSource {
  const limits = { timeoutMs: SCAN_TIMEOUT_MS, idleMs: THREAD_IDLE_MS };
  return new ScanThread({ backend, ownPids: [process.pid, ...ownPids], ownScript: process.argv[1] }, limits);
}
