/**
 * One scan of the machine, from the kernel's tables to described services. Runs in the scan thread.
 */
import { platform } from 'node:process';
import { messageOf } from '../core/errors.ts';
import type { Snapshot } from '../core/service.ts';
import { Describer } from './describe.ts';
import { emptyMemory, type ProcMemory, scanProc } from './processes/linux-proc.ts';
import type { Found } from './processes/services.ts';
import { scanSs } from './processes/ss.ts';

/** How listening processes are found. `auto`: /proc, else ss. */
export type Backend = 'auto' | 'proc' | 'ss';

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
  /** Handed on to a new thread when this one ends. */
  readonly memory: ProcMemory;
  readonly #options: ScanOptions;
  readonly #describer = new Describer();

  constructor(options: ScanOptions, memory: ProcMemory = emptyMemory()) {
    this.#options = options;
    this.memory = memory;
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
    if (platform !== 'linux') return nothing(`processes cannot be listed on ${platform}`);
    const warnings: string[] = [];
    if (backend !== 'ss') {
      try {
        return scanProc(this.memory);
      } catch (error) {
        warnings.push(`listening sockets cannot be read from /proc: ${messageOf(error)}`);
        if (backend === 'proc') return { processes: [], warnings };
      }
    }
    try {
      const found = await scanSs();
      return { ...found, warnings: [...warnings, ...found.warnings] };
    } catch (error) {
      return { processes: [], warnings: [...warnings, messageOf(error)] };
    }
  }
}

function nothing(warning: string): Found {
  return { processes: [], warnings: [warning] };
}
