/** Keeps knowing whether browsers on this machine take our certificates, without asking the stores per request. */
import type { Authority } from '../authority.ts';
import type { TrustOptions } from './surroundings.ts';
import { type TrustReport, trustReport } from './trust-report.ts';

/** The stores are asked by running certutil: not more often than this. */
const MIN_INTERVAL_MS = 5_000;

/** See the file's header. */
export class TrustWatch {
  report: TrustReport;
  readonly #authority: Authority;
  readonly #home: string;
  readonly #options: TrustOptions;
  #lookedAt = performance.now();

  private constructor(authority: Authority, home: string, options: TrustOptions, report: TrustReport) {
    this.#authority = authority;
    this.#home = home;
    this.#options = options;
    this.report = report;
  }

  /** Look once, then keep the answer. */
  static async start(authority: Authority, home: string, options: TrustOptions = {}): Promise<TrustWatch> {
    return new TrustWatch(authority, home, options, await trustReport(authority, home, options));
  }

  /** A good moment to look again; returns at once, and does nothing when the last look is recent. */
  look(): void {
    if (performance.now() - this.#lookedAt < MIN_INTERVAL_MS) return;
    this.#lookedAt = performance.now();
    trustReport(this.#authority, this.#home, this.#options).then(
      (report) => {
        this.report = report;
      },
      () => {},
    );
  }
}
