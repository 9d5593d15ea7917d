/** What images say, each asked of its engine once: their labels and variables never change. */
import type { ContainerFacts, ImageFacts } from './container-facts.ts';
import type { EngineApi } from './engine-api.ts';

/** See the file's header. */
export class Images {
  readonly #api: Pick<EngineApi, 'image'>;
  readonly #asked = new Map<string, Promise<ImageFacts | undefined>>();

  constructor(api: Pick<EngineApi, 'image'>) {
    this.#api = api;
  }

  /**
   * The image of a container.
   * @returns undefined for a container without one, or one whose image is gone
   * @throws {EngineError} when it cannot be asked; the next ask tries again
   */
  of({ imageId }: ContainerFacts): Promise<ImageFacts | undefined> {
    if (imageId === '') return Promise.resolve(undefined);
    const known = this.#asked.get(imageId);
    if (known) return known;
    const asked = this.#api.image(imageId);
    this.#asked.set(imageId, asked);
    asked.catch(() => this.#asked.delete(imageId));
    return asked;
  }

  /** Forget all that none of these containers uses. */
  keepOnly(containers: Iterable<ContainerFacts>): void {
    const used = new Set<string>();
    for (const { imageId } of containers) used.add(imageId);
    for (const imageId of this.#asked.keys()) if (!used.has(imageId)) this.#asked.delete(imageId);
  }
}
