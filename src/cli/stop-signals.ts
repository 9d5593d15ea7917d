/** Signals that ask the program to stop: the first gracefully, a second at once. */

/** A terminal that is closed, Ctrl-C, and a service manager. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * npm hands its Ctrl-C on to a script that has got the terminal's already: the same press, some milliseconds apart
 * (@npmcli/run-script, signal-manager.js).
 */
const SAME_PRESS_MS = 400;

/**
 * Listens from its making on, so that a signal during the start is not lost, until the process is over, so that npm's
 * copy of one does not turn a clean end into a kill. Listening keeps no process alive.
 */
export class StopSignals {
  /** The first signal. Never settles without one. */
  readonly requested: Promise<NodeJS.Signals>;
  #firstAtMs: number | undefined;
  #resolve: (signal: NodeJS.Signals) => void = () => {};

  constructor() {
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of SIGNALS) process.on(signal, this.#heard);
  }

  readonly #heard = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = now;
      this.#resolve(signal);
    } else if (now - this.#firstAtMs > SAME_PRESS_MS) {
      // Without our listener the signal ends the process as it would any other.
      for (const one of SIGNALS) process.off(one, this.#heard);
      process.kill(process.pid, signal);
    }
  };
}
