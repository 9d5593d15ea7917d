/**
 * What runs on this machine now: one snapshot in memory, refreshed when somebody asks and when a container comes or
 * goes, never by polling.
 */
import type { ContainerLog } from '../core/container-log.ts';
import { messageOf } from '../core/errors.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../core/service.ts';
import type { Upstream, UpstreamProof } from '../core/upstream.ts';
import { Containers, type EngineState } from './docker/containers.ts';
import type { EngineSurroundings } from './docker/engine-address.ts';
import { type MergeContext, mergeSnapshot } from './merge.ts';
import { isShared } from './processes/listening-tables.ts';
import { containerOf, ownControlGroup } from './processes/proc-files.ts';
import { holdsProof } from './proof.ts';
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
  /** Where the Docker engine is looked for; absent: containers are not looked for at all. */
  docker?: EngineSurroundings;
  /** Our own compose project: its containers are no candidates. */
  composeProject?: string | undefined;
}

/** What a caller is content with. */
export interface RefreshOptions {
  /** A snapshot whose scan started no longer ago than this is as good as a new one. Absent: only a new one. */
  maxAgeMs?: number;
}

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
  readonly #containers: Containers | undefined;
  readonly #context: MergeContext;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  /** As the scan gave it, without containers. */
  #scanned: Snapshot | undefined;
  #current: Snapshot | undefined;
  /** When the scan behind `#current` started; a failed one does not count. */
  #currentAtMs = Number.NEGATIVE_INFINITY;
  #running: Flight | undefined;
  #queued: Promise<Snapshot> | undefined;
  #closed = false;

  /** Starts nothing: the first {@link refresh} does. */
  constructor(
    options: DiscoveryOptions = {},
    source: ScanSource = ScanThread.ofOurs(options.backend, options.ownPids),
  ) {
    this.#log = options.log;
    this.#source = source;
    this.#context = { composeProject: options.composeProject, ownContainer: containerOf(ownControlGroup()).container };
    this.#containers = options.docker && new Containers(options.docker, () => this.#containersChanged());
  }

  /** The latest snapshot, however old; undefined before the first scan ended. */
  get current(): Snapshot | undefined {
    return this.#current;
  }

  /** The Docker engine, as it is known now. */
  get docker(): EngineState {
    return this.#containers?.engine ?? { connected: false, detail: '' };
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

  /**
   * Does the right one still answer there? From memory and the kernel; an engine is asked only while it sends no events.
   * @returns at once for a process, a promise for a container
   */
  holds(proof: UpstreamProof): boolean | Promise<boolean> {
    if (proof.kind !== 'container') return holdsProof(proof);
    return this.#containers?.holds(proof.id, proof.address, proof.port) ?? false;
  }

  /** Does another program's socket, or a worker's, get a part of its connections? Never rejects; false where nobody knows. */
  async isShared({ proof, address, port }: Upstream): Promise<boolean> {
    return process.platform === 'linux' && 'inode' in proof && isShared({ address, port, inode: proof.inode });
  }

  /** The last lines that a container wrote, or why they cannot be had. @param id in the snapshot. Never rejects. */
  async containerLog(id: string, lines: number): Promise<ContainerLog> {
    if (!/^c[0-9a-f]{12}$/.test(id) || !this.#containers) return { problem: 'this is no container that runs here' };
    return this.#containers.log(id.slice(1), lines);
  }

  /** The same of a container that need not run any more, as long as the engine still has it. @param name as it had */
  async stoppedContainerLog(name: string, lines: number): Promise<ContainerLog> {
    // As Docker allows names (moby, daemon/names).
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || !this.#containers)
      return { problem: 'there is no such container' };
    return this.#containers.log(name, lines);
  }

  /** End the thread. Who still waits gets the previous snapshot. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    this.#containers?.close();
    await this.#source.close();
  }

  #start(): Promise<Snapshot> {
    const startedAtMs = performance.now();
    const result = this.#scan(startedAtMs);
    this.#running = { startedAtMs, result };
    return result;
  }

  async #scan(startedAtMs: number): Promise<Snapshot> {
    const looked = this.#containers?.look();
    try {
      this.#scanned = await this.#source.scan();
      this.#currentAtMs = startedAtMs;
    } catch (error) {
      this.#scanned = withWarning(this.#scanned, messageOf(error));
      if (!this.#closed) this.#log?.warn({ err: error }, 'discovery failed');
    }
    await looked;
    this.#current = this.#merged(this.#scanned);
    // Before anybody who waits goes on: the next to ask starts a scan of their own.
    this.#running = undefined;
    this.#tell(this.#current);
    return this.#current;
  }

  #merged(scanned: Snapshot): Snapshot {
    const state = this.#containers?.state ?? { services: [], isListed: false, warnings: [] };
    return mergeSnapshot(scanned, state, this.#context);
  }

  /** Known to every listener at once; a container's sockets in our own network only a scan shows. */
  #containersChanged(): void {
    if (this.#closed || !this.#scanned) return;
    this.#current = this.#merged(this.#scanned);
    this.#tell(this.#current);
    const needsScan = this.#containers?.state.services.some((service) => service.networkMode === 'host');
    if (needsScan) void this.refresh();
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
