/**
 * The containers of this machine's engine, from memory: connected when somebody asks, followed by its events, connected
 * again with growing patience when it restarts. An engine that was never there is asked for only when somebody looks.
 */

import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerLog } from '../../core/container-log.ts';
import { messageOf, systemCode } from '../../core/errors.ts';
import type { ContainerService } from '../../core/service.ts';
import { chooseEngine, type EngineAddress, type EngineSurroundings } from './engine-address.ts';
import { EngineThread } from './engine-thread.ts';
import type { Loss } from './engine-view.ts';

/** What containers there are, as far as is known. */
export interface ContainerState {
  services: readonly ContainerService[];
  /** Is there an engine that lists its containers? Then what forwards their ports is noise. */
  isListed: boolean;
  /** What could not be seen, and why. */
  warnings: string[];
}

/** The engine in a line. */
export interface EngineState {
  connected: boolean;
  detail: string;
}

/** Longest wait of a look for an engine that is slow, ms. Later looks do not wait for it again. */
const LOOK_WAIT_MS = 1_500;
/** An engine that was followed for so long does not merely accept and hang up. */
const STEADY_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;
/** Who looks at an engine that sends no events gets a list that is no older. */
const LAST_LOOK_PATIENCE_MS = 2_000;
/** After an engine went away it is tried for without being asked to for so long; then only when somebody looks. */
const RETRY_FOR_MS = 5 * 60_000;

/** See the file's header. */
export class Containers {
  readonly #surroundings: EngineSurroundings;
  readonly #onChange: () => void;
  #view: EngineThread | undefined;
  #opening: Promise<void> | undefined;
  /** The engine was too slow for a look: the next ones go on without it. */
  #isSlow = false;
  #failures = 0;
  #notBeforeMs = 0;
  #followedSinceMs = 0;
  #lostAtMs: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #warning: string | undefined;
  #isTold = false;
  #closed = false;

  /** Connects to nothing yet. @param onChange called after changes, several at once */
  constructor(surroundings: EngineSurroundings, onChange: () => void) {
    this.#surroundings = surroundings;
    this.#onChange = onChange;
  }

  /** What is known now. */
  get state(): ContainerState {
    const view = this.#view;
    const warnings = [this.#warning, view?.warning && `the Docker engine at ${view.address.called} ${view.warning}`];
    return {
      services: view?.services ?? [],
      isListed: view !== undefined,
      warnings: warnings.filter((warning) => warning !== undefined),
    };
  }

  /** For `status`: is an engine followed, and where, or what is wrong with it; '' when there is none. */
  get engine(): EngineState {
    const { warnings } = this.state;
    return { connected: this.#view !== undefined, detail: warnings[0] ?? this.#view?.address.called ?? '' };
  }

  /**
   * Bring {@link state} up to date: connect where that is to be done, and let what has happened come in. Never rejects,
   * never takes longer than {@link LOOK_WAIT_MS}.
   */
  async look(): Promise<void> {
    if (this.#closed) return;
    if (this.#view?.isFollowing) {
      const looked = this.#view.look().finally(() => {
        this.#isSlow = false;
      });
      if (!this.#isSlow) await this.#bounded(looked);
      return;
    }
    if (!this.#opening && performance.now() < this.#notBeforeMs) return;
    const opening = this.#connect();
    if (!this.#isSlow) await this.#bounded(opening);
  }

  /**
   * Does this container own this address and port now? From its thread's memory while the engine's events are heard,
   * else by asking it once.
   */
  async holds(id: string, address: string, port: number): Promise<boolean> {
    return this.#closed ? false : ((await this.#view?.holds(id, address, port)) ?? false);
  }

  /** The last lines that a container wrote, or why they cannot be had. @param id without our letter, or a name. Never rejects. */
  async log(id: string, lines: number): Promise<ContainerLog> {
    return (await this.#view?.log(id, lines)) ?? { problem: 'the Docker engine is not there' };
  }

  /** Disconnect; nothing is asked any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#view?.close();
  }

  async #bounded(work: Promise<void>): Promise<void> {
    const limit = new AbortController();
    const slow = delay(LOOK_WAIT_MS, 'slow', { signal: limit.signal, ref: false }).catch(() => 'aborted');
    if ((await Promise.race([work, slow])) === 'slow') this.#isSlow = true;
    limit.abort();
  }

  #connect(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    clearTimeout(this.#retry);
    const choice = await chooseEngine(this.#surroundings);
    if ('warning' in choice) return this.#failed(choice.warning);
    let warning: string | undefined;
    for (const address of choice.addresses) {
      try {
        if (await isNobodyThere(address)) continue;
        const env = { ...this.#surroundings.env };
        const view = await EngineThread.open({ address, env }, () => this.#tell());
        return this.#connected(view);
      } catch (error) {
        warning ??= isAbsent(address, error) ? undefined : `the Docker engine at ${address.called} ${messageOf(error)}`;
      }
    }
    this.#failed(warning);
  }

  #connected(view: EngineThread): void {
    if (this.#closed) {
      view.close();
      return;
    }
    this.#view?.close();
    this.#view = view;
    this.#warning = undefined;
    this.#isSlow = false;
    this.#followedSinceMs = performance.now();
    void view.lost.then((loss) => this.#lost(view, loss));
    this.#tell();
  }

  #lost(view: EngineThread, { isRefused }: Loss): void {
    if (this.#closed || this.#view !== view) return;
    // One that was followed for a while is worth a quick look; one that hangs up at once is given longer each time.
    if (performance.now() - this.#followedSinceMs > STEADY_MS) {
      this.#failures = 0;
      this.#lostAtMs = undefined;
    }
    this.#lostAtMs ??= performance.now();
    const patienceMs = this.#patienceMs();
    this.#notBeforeMs = performance.now() + Math.min(patienceMs, LAST_LOOK_PATIENCE_MS);
    // One that refuses to tell of changes is only looked at when somebody asks.
    if (!isRefused && this.#wasThere()) this.#again(patienceMs);
    this.#tell();
  }

  /** @param warning undefined: there is no engine, which is normal */
  #failed(warning: string | undefined): void {
    // Without an engine there are no containers; one that only does not answer may still run them.
    if (warning === undefined) {
      this.#view?.close();
      this.#view = undefined;
      this.#isSlow = false;
    }
    this.#warning = warning;
    if (this.#closed) return;
    if (this.#wasThere()) this.#again(this.#patienceMs());
    // A socket that is not there costs nothing to look for.
    else if (warning !== undefined) this.#notBeforeMs = performance.now() + this.#patienceMs();
    this.#tell();
  }

  #wasThere(): boolean {
    return this.#lostAtMs !== undefined && performance.now() - this.#lostAtMs < RETRY_FOR_MS;
  }

  #again(patienceMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), patienceMs);
    this.#retry.unref();
  }

  /** 0.25 s, doubled each time up to 30 s, with jitter so that several do not come at once. */
  #patienceMs(): number {
    const patience = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    return patience * (0.5 + Math.random() / 2);
  }

  /** Several changes at once (a whole compose project) are told of once. */
  #tell(): void {
    if (this.#isTold || this.#closed) return;
    this.#isTold = true;
    setImmediate(() => {
      this.#isTold = false;
      if (!this.#closed) this.#onChange();
    });
  }
}

/** Found out here: a machine without docker pays for no thread. */
function isNobodyThere(address: EngineAddress): Promise<boolean> {
  if (address.kind !== 'unix') return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = net.connect({ path: address.path, timeout: LOOK_WAIT_MS });
    const done = (isAbsent: boolean): void => {
      socket.destroy();
      resolve(isAbsent);
    };
    socket.once('connect', () => done(false));
    socket.once('timeout', () => done(false));
    socket.on('error', (error) => done(isAbsence(error)));
  });
}

function isAbsent(address: EngineAddress, error: unknown): boolean {
  return address.kind === 'unix' && error instanceof Error && isAbsence(error.cause);
}

/** A socket that is not there or that nobody listens on: docker is not installed or not running. */
function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(systemCode(error) ?? '');
}
