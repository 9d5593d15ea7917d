/** The mapping that an ask may use, and where one that was decided for it is kept. */
import { type Mapping, mappingKey } from '../core/mapping.ts';
import type { RouteAsk } from '../core/route.ts';
import type { Logger } from '../platform/log.ts';
import type { MappingStore } from '../routes/mapping-store.ts';
import type { PathTable } from '../routes/path-table.ts';
import { ANY_REACH, reachesAnything } from './route-keys.ts';

/** What {@link AskMappings} are made of. */
export interface AskMappingParts {
  store: MappingStore;
  paths: PathTable;
  log: Logger;
}

/** See the file's header. */
export class AskMappings {
  readonly #parts: AskMappingParts;

  constructor(parts: AskMappingParts) {
    this.#parts = parts;
  }

  /**
   * The mapping that an ask may use. One that was decided for a caller with the seed's reach (any service) is none for
   * a page, which reaches only siblings of its origin and what the user set.
   */
  of(ask: RouteAsk): Mapping | undefined {
    const { store, paths } = this.#parts;
    if (ask.pathPrefix !== undefined) return paths.entry(ask.hostname, ask.pathPrefix)?.mapping;
    const mapping = store.get(mappingKey(ask.hostname, ask.service));
    return mapping && ask.siblingsOnly && mapping[ANY_REACH] === true ? undefined : mapping;
  }

  /** Remember what was decided. The answer does not wait for the disk, and a full disk does not fail the request. */
  keep(ask: RouteAsk, mapping: Mapping): void {
    const { store, log } = this.#parts;
    const key = mappingKey(ask.hostname, ask.service);
    // What a page may reach does not replace what the user's programs get; only its address is remembered.
    if (ask.siblingsOnly && store.get(key)?.[ANY_REACH] === true) return;
    if (reachesAnything(ask)) mapping[ANY_REACH] = true;
    store.set(key, mapping).catch((error: unknown) => {
      log.warn({ err: error, host: ask.hostname }, 'The mapping could not be written');
    });
  }
}
