/**
 * Which LLM is asked, or why none is. What the user set is settled at start and never overridden; without key and URL
 * a server of this machine is looked for, again whenever an LLM is needed: it may be started later.
 */
import { messageOf } from '../core/errors.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../core/service.ts';
import { LlmClient } from './llm-client.ts';
import { findLocalLlm, type LocalFinding, type LocalLlm, type LocalLook } from './local-llm.ts';

/** Shortest time between two looks for a local server, in milliseconds. */
const LOOK_AGAIN_MS = 30_000;

/** The settings that matter here. */
export interface LlmSettings {
  llmUrl: string;
  /** The URL was set by the user, not the default. */
  llmUrlExplicit: boolean;
  llmApiKey?: string;
  model: string;
  resolve: 'auto' | 'llm' | 'names';
  /** Setting -> where its value came from. */
  sources?: Readonly<Record<string, string>>;
}

/** What a look for a local server needs. */
export interface LocalDeps {
  /** What runs now. Default: nothing, so that none is found. */
  snapshot?: () => Promise<Snapshot>;
  find?: (look: LocalLook) => Promise<LocalFinding>;
  /** Milliseconds; default `performance.now`. */
  now?: () => number;
}

/** The client, or the reason for having none in words for the start page. */
export interface ChosenLlm {
  readonly client: LlmClient | null;
  readonly reason?: string | undefined;
  /** The server that was found on this machine, where the user set up none: `Ollama`. */
  readonly found?: string | undefined;
}

/** See the file's header. */
export class LlmChoice implements ChosenLlm {
  readonly #settings: LlmSettings;
  readonly #deps: Required<LocalDeps>;
  #chosen: ChosenLlm;
  #lookedAt: number | undefined;
  #looking: Promise<void> | undefined;

  constructor(settings: LlmSettings, deps: LocalDeps = {}) {
    this.#settings = settings;
    this.#deps = {
      snapshot: deps.snapshot ?? (async () => EMPTY_SNAPSHOT),
      find: deps.find ?? findLocalLlm,
      now: deps.now ?? (() => performance.now()),
    };
    this.#chosen = bySettings(settings);
  }

  get client(): LlmClient | null {
    return this.#chosen.client;
  }

  get reason(): string | undefined {
    return this.#chosen.reason;
  }

  get found(): string | undefined {
    return this.#chosen.found;
  }

  /** The choice now. Where the user set up nothing it looks for a local server, at most once in 30 s. Never rejects. */
  async current(): Promise<ChosenLlm> {
    if (isSetUp(this.#settings)) return this.#chosen;
    const now = this.#deps.now();
    if (this.#lookedAt === undefined || now - this.#lookedAt >= LOOK_AGAIN_MS) {
      this.#lookedAt = now;
      this.#looking = this.#look().catch(() => undefined);
    }
    await this.#looking;
    return this.#chosen;
  }

  /** Break off what is asked now. */
  close(): void {
    this.#chosen.client?.close();
  }

  async #look(): Promise<void> {
    const { model, sources = {} } = this.#settings;
    const snapshot = await this.#deps.snapshot();
    const wanted = sources.model === 'default' ? undefined : model;
    const { llm, reason, silent = [] } = await this.#deps.find({ snapshot, model: wanted });
    const { found } = this.#chosen;
    if (llm) this.#take(llm);
    // One that computes on every core is slow to say hello, and still the one that is meant.
    else if (found === undefined || !silent.includes(found))
      this.#chosen = reason ? { client: null, reason } : NOTHING_SET;
  }

  /** The same server with the same model keeps its client: it knows by now how to talk to it. */
  #take({ title, url, model, loaded }: LocalLlm): void {
    const { client } = this.#chosen;
    if (client?.model === model && client.endpoint.startsWith(url)) return;
    this.#chosen = { client: new LlmClient({ url, model, loaded }), found: title };
  }
}

/** Choose. The default URL is a hosted one and needs a key; a URL that the user set may need none. */
export function chooseLlm(settings: LlmSettings, deps: LocalDeps = {}): LlmChoice {
  return new LlmChoice(settings, deps);
}

/** Why nobody is asked where the user set up none, and none was found. */
export const NONE_SET_UP =
  'neither LLM_API_KEY nor LLM_API_URL is set, and no LLM server was found here; exact names work without';
const NOTHING_SET: ChosenLlm = { client: null, reason: NONE_SET_UP };

/** Did the user decide, one way or the other? */
function isSetUp({ resolve, llmApiKey, llmUrlExplicit }: LlmSettings): boolean {
  return resolve === 'names' || llmApiKey !== undefined || llmUrlExplicit;
}

function bySettings(settings: LlmSettings): ChosenLlm {
  if (settings.resolve === 'names') return { client: null, reason: '--resolve names was set' };
  if (!isSetUp(settings)) return NOTHING_SET;
  try {
    const { llmUrl: url, model, llmApiKey: apiKey } = settings;
    return { client: new LlmClient({ url, model, ...(apiKey === undefined ? {} : { apiKey }) }) };
  } catch (error) {
    return { client: null, reason: messageOf(error) };
  }
}
