/**
 * Can a container's own address be dialled from here? On Linux its bridges are ours; an engine in a virtual machine has
 * them inside, and a VPN may own the same addresses. Found out once for each network by opening a connection, without
 * a byte sent, only to ports that the container itself offers.
 */
import net from 'node:net';
import { systemCode } from '../../core/errors.ts';
import type { ContainerFacts, ContainerNetwork } from './container-facts.ts';
import type { EngineAddress } from './engine-address.ts';

/** A container that is reached. */
export interface Reach {
  /** The address to dial; undefined when none can be. */
  address: string | undefined;
  /** Why ports that are not published cannot be dialled; undefined when they can. */
  unreachable: string | undefined;
  /** Nothing answered, which may have been a bad moment. */
  isDoubtful?: true;
}

/** A bridge answers in microseconds, and refuses at once; silence means there is no way. */
const PROBE_TIMEOUT_MS = 400;
/** Tried where a container offers no port: refused is an answer too. */
const ANY_PORT = 80;

/** Open a connection and close it: does anybody at this address answer, be it by refusing? */
export type Probe = (address: string, port: number) => Promise<boolean>;

/** The machine that an engine runs on, when that is another one. */
export function remoteHost(address: EngineAddress): string | undefined {
  if (address.kind === 'unix') return undefined;
  // Through ssh even “localhost” may be a forwarded port, but it is the only name there is for the machine.
  return isLoopback(address.host) ? undefined : address.host;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Answers from memory for networks that were tried. */
export class Reachability {
  readonly #remote: string | undefined;
  readonly #probe: Probe;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(engine: EngineAddress, probe: Probe = probeTcp) {
    this.#remote = remoteHost(engine);
    this.#probe = probe;
  }

  /** How to reach a container beside its published ports. Never rejects; at most one probe per network. */
  async of(facts: ContainerFacts): Promise<Reach> {
    const first = facts.networks.flatMap((network) => network.addresses)[0];
    if (this.#remote !== undefined) {
      // The same private address may be somebody else's here.
      return {
        address: undefined,
        unreachable: `its engine runs on ${this.#remote}, so its ports have to be published there`,
      };
    }
    if (first === undefined) return { address: undefined, unreachable: 'it is in no network of its own' };
    const [port = ANY_PORT] = facts.exposed;
    const ways = facts.networks.flatMap((network) => network.addresses.map((address) => ({ network, address })));
    const answers = await Promise.all(ways.map(({ network, address }) => this.#answers(network, address, port)));
    const reached = ways[answers.indexOf(true)];
    if (reached) return { address: reached.address, unreachable: undefined };
    return {
      address: undefined,
      unreachable: `nothing answers at ${first} from here, so its port has to be published`,
      isDoubtful: true,
    };
  }

  #answers(network: ContainerNetwork, address: string, port: number): Promise<boolean> {
    const family = net.isIPv6(address) ? 6 : 4;
    const key = `${network.id || network.name}/${family}`;
    const known = this.#known.get(key);
    if (known) return known;
    const answer = net.isIP(address) === 0 ? Promise.resolve(false) : this.#probe(address, port);
    this.#known.set(key, answer);
    // No answer may have been a bad moment of a busy machine: the next container of this network is tried again.
    void answer.then((answers) => answers || this.#known.delete(key));
    return answer;
  }
}

/** See {@link Probe}. */
export function probeTcp(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port });
    const done = (answers: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answers);
    };
    const timer = setTimeout(() => done(false), PROBE_TIMEOUT_MS);
    socket.once('connect', () => done(true));
    socket.on('error', (error) => done(systemCode(error) === 'ECONNREFUSED'));
  });
}
