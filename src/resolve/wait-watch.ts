/**
 * Watches hostnames that somebody waits for, and tells what happens: how far the decision is, what is missing, and when
 * the app is there. One loop a hostname, while somebody listens; each look is a route that whoever comes next shares.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouteOutcome } from '../core/route.ts';
import type { Upstream } from '../core/upstream.ts';
import { awayNews, chooseNews, type DecisionUnderWay, decidingNews, readyNews, type WaitNews } from '../core/wait.ts';

/** While a decision is made its progress is looked at this often, from memory. */
const PROGRESS_MS = 200;
/** Between two looks at the machine: at first often, since a dev server starts within seconds... */
const FIRST_LOOK_MS = 500;
/** ... and seldom for a page that somebody forgot. */
const LAST_LOOK_MS = 5_000;
/** The pause grows with the time waited so far, by this part of it. */
const GROWTH = 1 / 30;
/** Pages that listen at once for one hostname, and in all: the others load themselves again. */
const MAX_PER_HOSTNAME = 6;
const MAX_LISTENERS = 64;

/** What it asks. */
export interface WaitParts {
  /** The router's: decides, remembers and locates like for any request. Rejects only on a bug. */
  route: (ask: { hostname: string; navigation: boolean }) => Promise<RouteOutcome>;
  /** Does it take connections by now? Asked of what was found, before it is said to be there. Never rejects. */
  answers: (upstream: Upstream) => Promise<boolean>;
  underWay: (hostname: string) => DecisionUnderWay | undefined;
  /** The loop ended by a bug. */
  onBug: (error: unknown) => void;
  /** Default: the constants above. */
  firstLookMs?: number;
}

/** Called with every change. Must not throw. */
export type WaitListener = (news: WaitNews) => void;

interface Watch {
  listeners: Set<WaitListener>;
  news: WaitNews | undefined;
  /** The same as text, to see whether it changed. */
  told: string;
}

/** See the file's header. */
export class WaitWatch {
  readonly #parts: WaitParts;
  readonly #watches = new Map<string, Watch>();
  #listeners = 0;

  constructor(parts: WaitParts) {
    this.#parts = parts;
  }

  /**
   * Be told how it stands, now and with every change, until it is ready or has to be chosen.
   * @param hostname normalized, an app's
   * @returns stops it; undefined: too many listen already
   */
  listen(hostname: string, listener: WaitListener): (() => void) | undefined {
    const known = this.#watches.get(hostname);
    if (this.#listeners >= MAX_LISTENERS || (known?.listeners.size ?? 0) >= MAX_PER_HOSTNAME) return undefined;
    const watch = known ?? { listeners: new Set<WaitListener>(), news: undefined, told: '' };
    watch.listeners.add(listener);
    this.#listeners += 1;
    if (watch.news) listener(watch.news);
    if (!known) {
      this.#watches.set(hostname, watch);
      this.#run(hostname, watch)
        .catch(this.#parts.onBug)
        .finally(() => this.#watches.delete(hostname));
    }
    return () => {
      if (watch.listeners.delete(listener)) this.#listeners -= 1;
    };
  }

  async #run(hostname: string, watch: Watch): Promise<void> {
    const startedAt = performance.now();
    const firstLookMs = this.#parts.firstLookMs ?? FIRST_LOOK_MS;
    while (watch.listeners.size > 0) {
      const outcome = await this.#look(hostname, watch);
      if (outcome.kind === 'upstream') {
        const { upstream } = outcome;
        if (await this.#parts.answers(upstream)) return this.#tell(watch, readyNews(watch.news));
        this.#tell(watch, awayNews(upstream.label, `it runs, and nothing answers on its port ${upstream.port} yet`));
      }
      if (outcome.kind === 'unknown') return this.#tell(watch, chooseNews(watch.news));
      if (outcome.kind === 'away') this.#tell(watch, awayNews(outcome.label, outcome.detail));
      const waitedMs = performance.now() - startedAt;
      await delay(Math.min(LAST_LOOK_MS, firstLookMs + waitedMs * GROWTH), undefined, { ref: false });
    }
  }

  /** Route once; what a decision comes to on the way is told. */
  async #look(hostname: string, watch: Watch): Promise<RouteOutcome> {
    // Not as a navigation: whoever only waits spends nothing of what is kept for those.
    const routed = this.#parts.route({ hostname, navigation: false });
    for (;;) {
      const pause = new AbortController();
      const slow = delay(PROGRESS_MS, undefined, { signal: pause.signal, ref: false }).catch(() => undefined);
      const outcome = await Promise.race([routed, slow]);
      pause.abort();
      if (outcome) return outcome;
      const underWay = this.#parts.underWay(hostname);
      if (underWay || !watch.news) this.#tell(watch, decidingNews(underWay));
    }
  }

  #tell(watch: Watch, news: WaitNews): void {
    const text = JSON.stringify(news);
    if (text === watch.told) return;
    watch.told = text;
    watch.news = news;
    for (const listener of watch.listeners) listener(news);
  }
}
