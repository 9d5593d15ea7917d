/** Keeps knowing whether browsers on this machine take our certificates, without asking the stores per request. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Authority } from '../authority.ts';
import type { TrustOptions } from './surroundings.ts';
import { type TrustReport, trustReport } from './trust-report.ts';

/** The stores are asked by running certutil: not more often than this. */
const MIN_INTERVAL_MS = 5_000;

/** See the file's header. */
export class TrustWatch {
  report: TrustReport;
  /** Is there another CA on the disk by now? The one of this start goes on. */
  replaced = false;
  readonly #authority: Authority;
  readonly #home: string;
  readonly #options: TrustOptions;
  #lookedAt = performance.now();
  #looks = 0;
  #newest = 0;

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
    void this.lookNow();
  }

  /** Look, however recent the last look is: somebody has just changed a store. Never rejects. */
  async lookNow(): Promise<void> {
    this.#lookedAt = performance.now();
    const turn = ++this.#looks;
    const [report, replaced] = await Promise.all([
      trustReport(this.#authority, this.#home, this.#options),
      isReplaced(this.#authority),
    ]);
    // A look that began before the change may end after the one that began behind it.
    if (turn < this.#newest) return;
    this.#newest = turn;
    this.report = report;
    this.replaced = replaced;
  }
}

/** A file that is missing or broken is not another CA. */
async function isReplaced({ rootFile, rootFingerprint }: Authority): Promise<boolean> {
  try {
    const { fingerprint256 } = new X509Certificate(await readFile(rootFile));
    return fingerprint256.replaceAll(':', '').toLowerCase() !== rootFingerprint;
  } catch {
    return false;
  }
}
