/**
 * One engine, followed: all running containers asked once, then kept by its stream of events until that ends.
 */

import { messageOf } from '../../core/errors.ts';
import type { ContainerService } from '../../core/service.ts';
import { publishedAddress } from '../../core/upstream.ts';
import { containerService, shortId } from './container.ts';
import type { ContainerFacts, ImageFacts } from './container-facts.ts';
import type { EngineAddress } from './engine-address.ts';
import { EngineApi, type EngineEvent } from './engine-api.ts';
import { EngineClient } from './engine-client.ts';
import { Reachability, remoteHost } from './reach.ts';

/** After these a container answers nobody until another event says so. */
const ENDS = new Set(['die', 'destroy', 'pause']);

interface Known {
  facts: ContainerFacts;
  service: ContainerService;
}

/** An inspection under way. */
interface Update {
  done: Promise<void>;
  /** Something happened meanwhile: the answer is out of date. */
  again: boolean;
}

/** See the file's header. */
export class EngineView {
  readonly address: EngineAddress;
  /** Resolves when the stream of events is over, with the reason. */
  readonly lost: Promise<string>;
  readonly #client: EngineClient;
  readonly #api: EngineApi;
  readonly #reachability: Reachability;
  readonly #onChange: () => void;
  readonly #known = new Map<string, Known>();
  readonly #updates = new Map<string, Update>();
  readonly #images = new Map<string, Promise<ImageFacts | undefined>>();
  #services: ContainerService[] | undefined;
  #warning: string | undefined;
  #isFollowing = true;
  #markLost: (reason: string) => void = () => {};

  private constructor(address: EngineAddress, client: EngineClient, onChange: () => void) {
    this.address = address;
    this.#client = client;
    this.#api = new EngineApi(client);
    this.#reachability = new Reachability(address);
    this.#onChange = onChange;
    this.lost = new Promise((resolve) => {
      this.#markLost = (reason) => {
        this.#isFollowing = false;
        resolve(reason);
      };
    });
  }

  /**
   * Connect, subscribe, then ask for everything: in this order nothing is missed between.
   * @param env of ssh, for an engine behind it
   * @param onChange called after each change
   * @throws {EngineError} when the list cannot be had
   */
  static async open(address: EngineAddress, env: NodeJS.ProcessEnv, onChange: () => void): Promise<EngineView> {
    const client = new EngineClient(address, env);
    const view = new EngineView(address, client, onChange);
    try {
      await view.#start();
      return view;
    } catch (error) {
      view.close();
      throw error;
    }
  }

  /** Is every change heard of? */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** Running containers, by name. */
  get services(): readonly ContainerService[] {
    this.#services ??= [...this.#known.values()]
      .map(({ facts, service }) => this.#complete(facts, service))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#services;
  }

  /** What could not be seen; undefined when all is well. */
  get warning(): string | undefined {
    return this.#warning;
  }

  /** Resolves when everything that was heard of is in {@link services}. */
  async settled(): Promise<void> {
    while (this.#updates.size > 0) await Promise.all([...this.#updates.values()].map(({ done }) => done));
  }

  /** Does this container own the address now, as far as is known? */
  owns(id: string, address: string, port: number): boolean {
    const service = this.services.find((one) => one.id === id);
    return service !== undefined && owns(service, address, port);
  }

  /** The same, asked of the engine: for when its events are not heard. Never rejects. */
  async askOwns(id: string, address: string, port: number): Promise<boolean> {
    try {
      const facts = await this.#api.inspect(id.slice(1));
      if (!facts?.isRunning) return false;
      const before = this.#known.get(id)?.service;
      const { ip, unreachable } = before ?? {};
      const own = before && {
        ...(ip === undefined ? {} : { ip }),
        ...(unreachable === undefined ? {} : { unreachable }),
      };
      return owns({ ...this.#complete(facts, containerService(facts, undefined)), ...own }, address, port);
    } catch {
      return false;
    }
  }

  /** End it. */
  close(): void {
    this.#client.close();
    this.#markLost('it was closed');
  }

  async #start(): Promise<void> {
    const subscribed = await this.#api.events().catch((error: unknown) => messageOf(error));
    await this.#askAll();
    if (typeof subscribed !== 'string') void this.#follow(subscribed);
    else {
      this.#warning ??= `does not tell of changes: it ${subscribed}`;
      this.#markLost(subscribed);
    }
  }

  async #askAll(): Promise<void> {
    const listed = await this.#api.list();
    await Promise.all(
      listed.map(async (facts) => {
        if (!facts.isRunning) return;
        const inspected = await this.#inspect(facts);
        if (inspected?.isRunning) await this.#keep(inspected);
      }),
    );
    this.#changed();
  }

  /** All there is to know of a listed container; what the list said, where that cannot be had. */
  async #inspect(listed: ContainerFacts): Promise<ContainerFacts | undefined> {
    try {
      return await this.#api.inspect(listed.id);
    } catch (error) {
      this.#warning = `${messageOf(error)} when it is asked about the container “${listed.name}”`;
      return listed;
    }
  }

  async #follow(events: AsyncGenerator<(EngineEvent | null)[]>): Promise<void> {
    let reason = 'ended its stream of events';
    try {
      for await (const heard of events) {
        for (const event of heard) {
          // Something was not understood: begin again, with the whole list.
          if (event === null) throw new Error('sent events that are not understood');
          this.#take(event);
        }
      }
    } catch (error) {
      reason = messageOf(error);
    }
    this.#markLost(reason);
  }

  #take({ action, containerId }: EngineEvent): void {
    if (containerId === '') return;
    if (ENDS.has(action)) {
      this.#forget(containerId);
      return;
    }
    void this.#update(containerId);
  }

  /** At once, so that from now on nobody is vouched for. */
  #forget(containerId: string): void {
    const update = this.#updates.get(containerId);
    if (update) update.again = true;
    if (this.#known.delete(shortId(containerId))) this.#changed();
  }

  /** Ask about one container, once more when something happens to it meanwhile. */
  #update(containerId: string): Promise<void> {
    const running = this.#updates.get(containerId);
    if (running) {
      running.again = true;
      return running.done;
    }
    const update: Update = { again: false, done: Promise.resolve() };
    this.#updates.set(containerId, update);
    update.done = this.#ask(containerId, update).finally(() => this.#updates.delete(containerId));
    return update.done;
  }

  async #ask(containerId: string, update: Update): Promise<void> {
    let facts: ContainerFacts | undefined;
    let service: ContainerService | undefined;
    do {
      update.again = false;
      try {
        facts = await this.#api.inspect(containerId);
        service = facts?.isRunning ? await this.#describe(facts) : undefined;
      } catch (error) {
        this.#warning = `${messageOf(error)} when it is asked about a container`;
        service = undefined;
      }
    } while (update.again && this.#isFollowing);
    if (facts && service) this.#known.set(service.id, { facts, service });
    else this.#known.delete(shortId(containerId));
    this.#changed();
  }

  async #keep(facts: ContainerFacts): Promise<void> {
    const service = await this.#describe(facts);
    this.#known.set(service.id, { facts, service });
  }

  async #describe(facts: ContainerFacts): Promise<ContainerService> {
    const [image, reach] = await Promise.all([this.#imageOf(facts), this.#reachability.of(facts)]);
    const service = containerService(facts, image);
    const { address, unreachable } = reach;
    return {
      ...service,
      ...(address === undefined ? {} : { ip: address }),
      ...(unreachable === undefined ? {} : { unreachable }),
    };
  }

  /** Asked once per image: its labels and variables never change. */
  #imageOf({ imageId }: ContainerFacts): Promise<ImageFacts | undefined> {
    if (imageId === '') return Promise.resolve(undefined);
    const known = this.#images.get(imageId);
    if (known) return known;
    const asked = this.#api.image(imageId).catch(() => {
      this.#images.delete(imageId);
      return undefined;
    });
    this.#images.set(imageId, asked);
    return asked;
  }

  /** What depends on the engine or on another container. */
  #complete(facts: ContainerFacts, service: ContainerService): ContainerService {
    const engineHost = remoteHost(this.address);
    const complete = engineHost === undefined ? service : { ...service, engineHost };
    const owner = this.#networkOwner(facts);
    if (!owner) return complete;
    // In the network of another container (a pod, a VPN): its address and its published ports are ours as well.
    const { unreachable: _none, ...rest } = complete;
    const publish = owner.publish.filter(({ container }) => service.expose.includes(container));
    const { ip = null, unreachable } = owner;
    return { ...rest, publish, ip, ...(unreachable === undefined ? {} : { unreachable }) };
  }

  #networkOwner({ networkMode }: ContainerFacts): ContainerService | undefined {
    const owner = /^container:([0-9a-f]{64})$/.exec(networkMode)?.[1];
    return owner === undefined ? undefined : this.#known.get(shortId(owner))?.service;
  }

  #changed(): void {
    this.#services = undefined;
    this.#onChange();
  }
}

function owns(service: ContainerService, address: string, port: number): boolean {
  const isPublished = service.publish.some(
    ({ ip, host }) => host === port && publishedAddress(ip, service.engineHost) === address,
  );
  return isPublished || (service.unreachable === undefined && service.ip === address);
}
