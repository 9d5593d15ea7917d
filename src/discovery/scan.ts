/**
 * One scan of the machine, from the kernel's tables to described services. Runs in the scan thread.
 */
import { platform } from 'node:process';
import { messageOf } from '../core/errors.ts';
import type { Snapshot } from '../core/service.ts';
import { Describer } from './describe.ts';
import { emptyMemory, scanProc } from './processes/linux-proc.ts';
import { scanLsof } from './processes/lsof.ts';
import { scanMac } from './processes/mac.ts';
import type { Found } from './processes/services.ts';
import { scanSs } from './processes/ss.ts';

/** A way to find listening processes. */
type Way = 'proc' | 'ss' | 'lsof' | 'mac';

/** How listening processes are found. `auto`: on Linux /proc, else ss, else lsof; on macOS lsof together with netstat. */
export type Backend = 'auto' | Way;

/** The ways of `auto`: the next one where one fails. */
const WAYS: Partial<Record<NodeJS.Platform, readonly Way[]>> = { linux: ['proc', 'ss', 'lsof'], darwin: ['mac'] };

/** What a scan is asked for. */
export interface ScanOptions {
  backend: Backend;
  /** Processes that are ours, to be left out. */
  ownPids: readonly number[];
  /** Our entry script, absolute. */
  ownScript?: string | undefined;
}

/** Scans, and remembers between scans what makes the next one cheap. */
export class Scanner {
  /** Of the way by /proc. */
  readonly memory = emptyMemory();
  readonly #options: ScanOptions;
  readonly #describer = new Describer();

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  /** Never rejects: what could not be seen is in the snapshot's `warnings`. */
  async scan(): Promise<Snapshot> {
    const takenAt = new Date().toISOString();
    const { processes, warnings } = await this.#find();
    const described = this.#describer.describe(processes, {
      ownPids: new Set(this.#options.ownPids),
      ownScript: this.#options.ownScript,
      // Who puts the snapshot together takes the mark away again where no engine lists containers.
      listsContainers: true,
    });
    return { processes: described, containers: [], ...(warnings.length > 0 ? { warnings } : {}), takenAt };
  }

  async #find(): Promise<Found> {
    const { backend } = this.#options;
    const ways = backend === 'auto' ? WAYS[platform] : [backend];
    const warnings = ways ? [] : [`processes cannot be listed on ${platform}`];
    for (const way of ways ?? []) {
      try {
        const found = await this.#findBy(way);
        return { ...found, warnings: [...warnings, ...found.warnings] };
      } catch (error) {
        warnings.push(
          way === 'proc' ? `listening sockets cannot be read from /proc: ${messageOf(error)}` : messageOf(error),
        );
      }
    }
    return { processes: [], warnings };
  }

  #findBy(way: Way): Found | Promise<Found> {
    switch (way) {
      case 'proc':
        return scanProc(this.memory);
      case 'ss':
        return scanSs();
      case 'lsof':
        return scanLsof();
      case 'mac':
        return scanMac();
    }
  }
}
