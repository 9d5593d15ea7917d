/**
 * One engine, followed: all running containers asked once, then kept by its stream of events until that ends. What could
 * not be asked is asked again by later looks. Runs in a thread of its own (engine.worker.ts).
 */

import { setImmediate as turn } from 'node:timers/promises';
import type { ContainerLog } from '../../core/container-log.ts';
import { messageOf } from '../../core/errors.ts';
import type { ContainerService } from '../../core/service.ts';
import { containerService, shortId } from './container.ts';
import type { ContainerFacts } from './container-facts.ts';
import { Doubts, type Uncertainty } from './doubts.ts';
import type { EngineAddress } from './engine-address.ts';
import { EngineApi, type EngineEvent } from './engine-api.ts';
import { EngineClient, EngineError } from './engine-client.ts';
import { Images } from './images.ts';
import { type Member, ownsAddress, type Placed, placeAll } from './namespaces.ts';
import { namesNoPorts, portsListenedOn } from './own-ports.ts';
import { Reachability, remoteHost } from './reach.ts';

/** After these a container answers nobody until another event says so. */
const ENDS = new Set(['die', 'destroy', 'pause']);

/** Why an engine is not followed any more. */
export interface Loss {
  reason: string;
  /** It refuses to tell of changes: asking it again and again is no use. */
  isRefused: boolean;
}

/** An inspection under way. */
interface Update {
  done: Promise<void>;
  /** Something happened meanwhile: the answer is out of date. */
  again: boolean;
  /** Does {@link EngineView.settled} wait for it? */
  isAwaited: boolean;
}

/** What an inspection gave; undefined: there is no such container, or it does not run. */
interface Inspection {
  member: Member | undefined;
  doubt?: Uncertainty;
}

/** See the file's header. */
export class EngineView {
  readonly address: EngineAddress;
  /** Resolves when the stream of events is over. */
  readonly lost: Promise<Loss>;
  readonly #client: EngineClient;
  readonly #api: EngineApi;
  readonly #reachability: Reachability;
  readonly #onChange: () => void;
  /** By short id. */
  readonly #known = new Map<string, Member>();
  readonly #updates = new Map<string, Update>();
  readonly #doubts = new Doubts();
  readonly #images: Images;
  #placed: Map<string, Placed> | undefined;
  #warning: string | undefined;
  #isFollowing = true;
  #markLost: (loss: Loss) => void = () => {};

  private constructor(address: EngineAddress, client: EngineClient, onChange: () => void) {
    this.address = address;
    this.#client = client;
    this.#api = new EngineApi(client);
    this.#images = new Images(this.#api);
    this.#reachability = new Reachability(address);
    this.#onChange = onChange;
    this.lost = new Promise((resolve) => {
      this.#markLost = (loss) => {
        this.#isFollowing = false;
        resolve(loss);
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

  /** Running containers. */
  get services(): ContainerService[] {
    return [...this.#places().values()].map(({ service }) => service);
  }

  /** What could not be seen; undefined when all is well. */
  get warning(): string | undefined {
    return this.#warning ?? this.#doubts.warning;
  }

  /** Let in what the engine has said by now, and ask again about what is doubtful. Waits for no engine that hangs. */
  async look(): Promise<void> {
    await pastEvents();
    for (const { id, isFirst } of this.#doubts.due()) void this.#update(id, isFirst);
    await this.settled();
    this.#lookAtPorts();
  }

  /** A server opens its port some time after its container's start, and no event says so. */
  #lookAtPorts(): void {
    if (this.address.kind !== 'unix') return;
    let isNew = false;
    for (const [id, member] of this.#known) {
      if (!namesNoPorts(member.facts)) continue;
      const expose = portsListenedOn(member.facts);
      if (expose.join() === member.service.expose.join()) continue;
      this.#known.set(id, { ...member, service: { ...member.service, expose } });
      isNew = true;
    }
    if (isNew) this.#changed();
  }

  /** Resolves when everything that was heard of is in {@link services}. */
  async settled(): Promise<void> {
    for (;;) {
      const awaited = [...this.#updates.values()].filter(({ isAwaited }) => isAwaited);
      if (awaited.length === 0) return;
      await Promise.all(awaited.map(({ done }) => done));
    }
  }

  /** Does this container own the address now? From memory, or by asking where that may be out of date. Never rejects. */
  async holds(id: string, address: string, port: number): Promise<boolean> {
    await pastEvents();
    const member = this.#known.get(id);
    if (!this.#isFollowing || (member && this.#doubts.isStale(member.facts.id))) {
      return this.#askOwns(id, address, port);
    }
    const placed = this.#places().get(id);
    return placed !== undefined && ownsAddress(placed, address, port);
  }

  /** The last lines that a container wrote, or why they cannot be had. Never rejects. */
  async log(container: string, lines: number): Promise<ContainerLog> {
    try {
      return { text: await this.#api.log(container, lines) };
    } catch (error) {
      return { problem: `the Docker engine ${messageOf(error)}` };
    }
  }

  /** End it. */
  close(): void {
    this.#client.close();
    this.#markLost({ reason: 'it was closed', isRefused: false });
  }

  async #start(): Promise<void> {
    const subscribed = await this.#api.events().catch((error: unknown) => error);
    await this.#askAll();
    if (!isStream(subscribed)) {
      const status = subscribed instanceof EngineError ? subscribed.status : undefined;
      this.#warning ??= `does not tell of changes: it ${messageOf(subscribed)}`;
      this.#markLost({
        reason: messageOf(subscribed),
        isRefused: status !== undefined && status >= 400 && status < 500,
      });
      return;
    }
    void this.#follow(subscribed);
  }

  async #askAll(): Promise<void> {
    const { listed, isWhole } = await this.#api.list();
    if (!isWhole) this.#warning = 'lists containers in a way that is not understood, or too long: those are left out';
    const running = listed.filter(({ isRunning }) => isRunning);
    await Promise.all(running.map(async (facts) => this.#apply(facts.id, await this.#inspect(facts.id, facts))));
    this.#changed();
  }

  /** @param listed what the list said: shown where the container cannot be inspected */
  async #inspect(id: string, listed?: ContainerFacts): Promise<Inspection | Uncertainty> {
    try {
      const facts = await this.#api.inspect(id);
      return facts?.isRunning ? await this.#describe(facts) : { member: undefined };
    } catch (error) {
      const name = listed?.name ?? this.#known.get(shortId(id))?.service.name;
      const called = name === undefined ? 'a container' : `the container “${name}”`;
      const doubt = { words: `${messageOf(error)} when it is asked about ${called}`, isStale: true };
      return listed ? { member: (await this.#describe(listed)).member, doubt } : doubt;
    }
  }

  #apply(id: string, inspection: Inspection | Uncertainty): void {
    if (!('member' in inspection)) {
      // What was known may still be true: an end would have been heard of.
      this.#doubts.add(id, inspection);
      return;
    }
    const { member, doubt } = inspection;
    if (member) this.#known.set(member.service.id, member);
    else this.#remove(id);
    if (doubt) this.#doubts.add(id, doubt);
    else this.#doubts.clear(id);
  }

  #remove(id: string): void {
    this.#known.delete(shortId(id));
    this.#doubts.clear(id);
    this.#images.keepOnly([...this.#known.values()].map(({ facts }) => facts));
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
    this.#markLost({ reason, isRefused: false });
  }

  #take({ action, containerId }: EngineEvent): void {
    if (containerId === '') return;
    if (ENDS.has(action)) {
      this.#forget(containerId);
      return;
    }
    void this.#update(containerId, true);
  }

  /** At once, so that from now on nobody is vouched for. */
  #forget(containerId: string): void {
    const update = this.#updates.get(containerId);
    if (update) update.again = true;
    this.#remove(containerId);
    this.#changed();
  }

  /** Ask about one container, once more when something happens to it meanwhile. */
  #update(containerId: string, isAwaited: boolean): Promise<void> {
    const running = this.#updates.get(containerId);
    if (running) {
      running.again = true;
      running.isAwaited ||= isAwaited;
      return running.done;
    }
    const update: Update = { again: false, done: Promise.resolve(), isAwaited };
    this.#updates.set(containerId, update);
    update.done = this.#ask(containerId, update);
    return update.done;
  }

  async #ask(containerId: string, update: Update): Promise<void> {
    let inspection: Inspection | Uncertainty;
    do {
      update.again = false;
      inspection = await this.#inspect(containerId);
    } while (update.again && this.#isFollowing);
    // Together with the check above: an event that is heard from now on asks anew.
    this.#updates.delete(containerId);
    this.#apply(containerId, inspection);
    this.#changed();
  }

  async #describe(facts: ContainerFacts): Promise<Inspection> {
    const failure: { words?: string } = {};
    const asked = this.#images.of(facts).catch((error: unknown) => {
      failure.words = `${messageOf(error)} when it is asked about the image of “${facts.name}”`;
      return undefined;
    });
    const [image, reach] = await Promise.all([asked, this.#reachability.of(facts)]);
    const { address, unreachable, isDoubtful } = reach;
    const service = {
      ...containerService(facts, image),
      ...(address === undefined ? {} : { ip: address }),
      ...(unreachable === undefined ? {} : { unreachable }),
    };
    const isCertain = failure.words === undefined && !isDoubtful;
    return {
      member: { facts, service, image },
      ...(isCertain ? {} : { doubt: { words: failure.words, isStale: false } }),
    };
  }

  /** Asked of the engine: for when its events are not heard. */
  async #askOwns(id: string, address: string, port: number): Promise<boolean> {
    try {
      const facts = await this.#api.inspect(id.slice(1));
      if (!facts?.isRunning) return false;
      const before = this.#known.get(id);
      const image = before?.facts.imageId === facts.imageId ? before.image : undefined;
      const { ip, unreachable } = before?.service ?? {};
      const addresses = facts.networks.flatMap((network) => network.addresses);
      // The address that could be dialled, if it is still its own.
      const own = ip && addresses.includes(ip) ? { ip, ...(unreachable === undefined ? {} : { unreachable }) } : {};
      const service = { ...containerService(facts, image), ...own };
      const member = { facts, service, image };
      const placed = placeAll(new Map(this.#known).set(service.id, member), remoteHost(this.address)).get(service.id);
      return placed !== undefined && ownsAddress(placed, address, port);
    } catch {
      return false;
    }
  }

  #places(): Map<string, Placed> {
    this.#placed ??= placeAll(this.#known, remoteHost(this.address));
    return this.#placed;
  }

  #changed(): void {
    this.#placed = undefined;
    this.#onChange();
  }
}

/**
 * What the engine has said by now is heard after two turns of the event loop: one to fetch it, one to read it. An engine
 * says that a container ended before it gives its port or address to another one.
 */
async function pastEvents(): Promise<void> {
  await turn();
  await turn();
}

function isStream(value: unknown): value is AsyncGenerator<(EngineEvent | null)[]> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
