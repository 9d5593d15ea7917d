/**
 * Is a process still the one that was seen? For systems without /proc, by pid and start time.
 *
 * Cost: one `ps` (on Linux 10 ms beside 100 processes, 57 ms beside 1,000) for each new upstream connection, none within {@link BELIEVED_MS} of the last.
 * What it does not see: a process that closed its socket and runs on, while another took the port.
 */

import { type RunTool, runTool as runRealTool } from './processes/os-tool.ts';
import { askPs } from './processes/ps.ts';

/**
 * A pid comes round again only after all others: at 99,998 pids that would take 50,000 new processes a second here.
 */
const BELIEVED_MS = 2_000;

/** What the check asks of the machine. */
export interface ProcessProofOptions {
  runTool?: RunTool;
  /** Monotonic, ms. */
  now?: () => number;
  /** Does a process of this pid run? */
  isAlive?: (pid: number) => boolean;
}

interface Check {
  startedAt: Promise<string | undefined>;
  atMs: number;
}

/** Checks pids against start times. */
export class ProcessProofs {
  readonly #runTool: RunTool;
  readonly #now: () => number;
  readonly #isAlive: (pid: number) => boolean;
  readonly #checks = new Map<number, Check>();

  constructor({ runTool = runRealTool, now = () => performance.now(), isAlive = isRunning }: ProcessProofOptions = {}) {
    this.#runTool = runTool;
    this.#now = now;
    this.#isAlive = isAlive;
  }

  /**
   * Does process `pid` run, and was it started then? Never rejects; what cannot be checked does not hold.
   * @param startedAt as the scan gave it, ISO 8601 to the second
   */
  async holds(pid: number, startedAt: string): Promise<boolean> {
    if (!this.#isAlive(pid)) return false;
    return (await this.#startOf(pid)) === startedAt;
  }

  /** Many connections to one upstream are opened at once: they share one call. */
  #startOf(pid: number): Promise<string | undefined> {
    const atMs = this.#now();
    for (const [known, check] of this.#checks) if (atMs - check.atMs >= BELIEVED_MS) this.#checks.delete(known);
    const known = this.#checks.get(pid);
    if (known) return known.startedAt;
    const startedAt = askPs([pid], this.#runTool).then((rows) => rows?.get(pid)?.startedAt);
    this.#checks.set(pid, { startedAt, atMs });
    return startedAt;
  }
}

/** EPERM, which throws too, means alive and somebody else's: ps tells. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
