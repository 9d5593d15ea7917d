/**
 * The questions that discovery asks an engine. Paths carry no version: every engine answers them with its newest,
 * and what is read here has been the same since Docker 1.13.
 */
import { z } from 'zod';
import { type ContainerFacts, type ImageFacts, parseImage, parseInspected, parseListed } from './container-facts.ts';
import { type EngineClient, EngineError } from './engine-client.ts';
import { JsonLines } from './json-lines.ts';
import { logText } from './log-frames.ts';

/** A change of one container. */
export interface EngineEvent {
  /** `start`, `die`, `rename`, `connect` ... */
  action: string;
  /** Of the container; '' when the engine did not say. */
  containerId: string;
}

/** Nothing of a developer's engine takes longer; one that hangs is not waited for. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Containers with labels of a megabyte each make a list of any size. */
const LIST_TIMEOUT_MS = 10_000;
/** For one container or image: labels may be large. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** An event carries all labels of its container. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;
/** Of a container's log. */
const MAX_LOG_BYTES = 256 * 1024;
/** Replayed, so that nothing is lost between the answer's head and the subscription; told twice does no harm. */
const REPLAY_S = 1;

/** Those that change what is listed. Health checks every few seconds (`exec_*`) are not asked for. */
const EVENTS = {
  type: ['container', 'network'],
  event: ['start', 'die', 'destroy', 'rename', 'pause', 'unpause', 'connect', 'disconnect', 'health_status'],
};

const eventSchema = z.looseObject({
  Action: z.string(),
  Type: z.string().catch('container'),
  Actor: z.looseObject({
    ID: z.string().catch(''),
    Attributes: z.record(z.string(), z.unknown()).nullish().catch(null),
  }),
});

/** See the file's header. Every method throws {@link EngineError}. */
export class EngineApi {
  readonly #client: EngineClient;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  /** Running containers (paused ones are among them); entries that are none are left out. */
  async list(): Promise<{ listed: ContainerFacts[]; isWhole: boolean }> {
    const listed: ContainerFacts[] = [];
    const limits = { timeoutMs: LIST_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
    const isWhole = await this.#client.getElements('/containers/json', limits, (entry) => {
      const facts = parseListed(entry);
      if (facts) listed.push(facts);
    });
    return { listed, isWhole };
  }

  /** One container; undefined when there is none of this id. */
  async inspect(id: string): Promise<ContainerFacts | undefined> {
    const limits = { timeoutMs: ANSWER_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
    try {
      const facts = parseInspected(await this.#client.getJson(`/containers/${encodeURIComponent(id)}/json`, limits));
      if (facts) return facts;
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
    throw new EngineError('described a container in a way that is not understood', 200);
  }

  /** What an image brings with it; undefined when there is none of this id (any more). */
  async image(id: string): Promise<ImageFacts | undefined> {
    const limits = { timeoutMs: ANSWER_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
    try {
      return parseImage(await this.#client.getJson(`/images/${encodeURIComponent(id)}/json`, limits));
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The last lines that a container wrote, both streams in the order in which they came. */
  async log(id: string, lines: number): Promise<string> {
    const limits = { timeoutMs: ANSWER_TIMEOUT_MS, maxBytes: MAX_LOG_BYTES };
    const path = `/containers/${encodeURIComponent(id)}/logs?stdout=1&stderr=1&tail=${lines}`;
    return logText(await this.#client.getTail(path, limits));
  }

  /**
   * Follow the engine. The generator ends when the engine does.
   * @returns changes; null where something was not understood, and everything has to be asked again
   */
  async events(): Promise<AsyncGenerator<(EngineEvent | null)[]>> {
    const filters = encodeURIComponent(JSON.stringify(EVENTS));
    const since = Math.floor(Date.now() / 1000) - REPLAY_S;
    const body = await this.#client.stream(`/events?since=${since}&filters=${filters}`, ANSWER_TIMEOUT_MS);
    return readEvents(body);
  }
}

async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<(EngineEvent | null)[]> {
  const lines = new JsonLines(MAX_EVENT_CHARS);
  for await (const piece of body) {
    const { values, isBroken } = lines.push(piece);
    const events = values.map(parseEvent);
    yield isBroken ? [...events, null] : events;
  }
}

/** An event of the stream; null for one that is not understood. Pure. */
export function parseEvent(value: unknown): EngineEvent | null {
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) return null;
  const { Action, Type, Actor } = parsed.data;
  const id = Type === 'network' ? Actor.Attributes?.container : Actor.ID;
  return { action: Action, containerId: typeof id === 'string' && /^[0-9a-f]{12,64}$/.test(id) ? id : '' };
}
