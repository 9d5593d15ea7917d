/**
 * What an engine's thread tells the main thread: only what changed, a few containers at a time, the next ones when those
 * were taken in, so that a thousand containers hold up nobody.
 */
import type { ContainerService } from '../../core/service.ts';

/** Changes of what is known. They count together, with the last of them. */
export interface StateChange {
  set: ContainerService[];
  /** Ids. */
  gone: string[];
  warning: string | undefined;
  isLast: boolean;
}

/** Of usual size, they are read in half a millisecond. */
const CONTAINERS_AT_ONCE = 20;
/** One with the most labels that are kept is worth some dozen usual ones. */
const CHARS_AT_ONCE = 64 * 1024;

/** See the file's header. */
export class StateSender {
  readonly #send: (change: StateChange) => Promise<void>;
  /** What the other side has, as text, by id. */
  #sent = new Map<string, string>();
  #warning: string | undefined;
  #last: Promise<void> = Promise.resolve();

  /** @param send resolves when it was taken in */
  constructor(send: (change: StateChange) => Promise<void>) {
    this.#send = send;
  }

  /** Resolves when the other side knows everything that `view` knows by then. */
  flush(view: { readonly services: readonly ContainerService[]; readonly warning: string | undefined }): Promise<void> {
    this.#last = this.#last.then(() => this.#flush(view.services, view.warning));
    return this.#last;
  }

  async #flush(services: readonly ContainerService[], warning: string | undefined): Promise<void> {
    const texts = new Map(services.map((service) => [service.id, JSON.stringify(service)]));
    const changed = services.filter(({ id }) => texts.get(id) !== this.#sent.get(id));
    const gone = [...this.#sent.keys()].filter((id) => !texts.has(id));
    if (changed.length === 0 && gone.length === 0 && warning === this.#warning) return;
    this.#sent = texts;
    this.#warning = warning;
    let set: ContainerService[] = [];
    let chars = 0;
    for (const service of changed) {
      chars += texts.get(service.id)?.length ?? 0;
      if (set.length > 0 && (set.length >= CONTAINERS_AT_ONCE || chars > CHARS_AT_ONCE)) {
        await this.#send({ set, gone: [], warning, isLast: false });
        set = [];
        chars = texts.get(service.id)?.length ?? 0;
      }
      set.push(service);
    }
    await this.#send({ set, gone, warning, isLast: true });
  }
}
