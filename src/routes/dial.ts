/**
 * A live service and one of its ports -> the address to dial now, with the proof that it is still the one meant.
 */
import { type ContainerService, describeService, type Listen, type ProcessService } from '../core/service.ts';
import { dialAddress, hostPort, publishedAddress, type Upstream, type UpstreamProof } from '../core/upstream.ts';

/**
 * Address of a process on one of its ports. Of several sockets on that port an explicit loopback address goes first: a
 * wildcard beside it may be another program's idea of the same port.
 * @returns undefined when the process does not listen on that port
 */
export function processUpstream(service: ProcessService, port: number): Upstream | undefined {
  const listens = service.listen.filter((listen) => listen.port === port);
  const [best] = listens.sort((a, b) => addressRank(a.address) - addressRank(b.address));
  if (!best) return undefined;
  const address = dialAddress(best.address);
  return {
    // With the start time, so that a pid that came round again is another key; with the inode, so is a reopened socket.
    key: `${service.id}/${service.startTicks ?? service.startedAt ?? 0}/${best.inode ?? ''}@${hostPort(address, port)}`,
    address,
    port,
    serviceId: service.id,
    label: describeService(service),
    proof: proofOf(service, best),
  };
}

/** Order of preference of listening addresses. */
function addressRank(address: string): number {
  if (address === '127.0.0.1') return 0;
  if (address.startsWith('127.')) return 1;
  if (address === '::1') return 2;
  if (address === '0.0.0.0') return 3;
  return address === '::' || address === '*' ? 4 : 5;
}

function proofOf(
  { pid, startedAt }: { pid: number; startedAt?: string | undefined },
  { inode, fd, port }: Listen,
): UpstreamProof {
  // macOS has an address in the kernel instead (`0x...`), which nothing cheap can look up.
  const isInode = inode !== undefined && /^\d+$/.test(inode);
  if (isInode && fd !== undefined && pid > 0) return { kind: 'socket', pid, fd, inode };
  if (isInode) return { kind: 'inode', inode, port };
  if (pid > 0 && startedAt !== undefined) return { kind: 'process', pid, startedAt };
  // A snapshot without the sockets behind it: the last scan has to do.
  return { kind: 'fixed' };
}

/**
 * Address of a container for one of its ports: a socket in this machine's own network, else the published port, else
 * the container's own address.
 * @param port a container port; a published host port that is no container port is understood too
 * @returns undefined when there is no way to it from here: {@link ContainerService.unreachable} says why
 */
export function containerUpstream(service: ContainerService, port: number): Upstream | undefined {
  const held = heldSocket(service, port);
  if (held) return held;
  const published = publishedAt(service, port);
  const own = service.unreachable === undefined ? (service.ip ?? undefined) : undefined;
  const address = published?.address ?? own;
  if (!address) return undefined;
  const dialled = published?.port ?? port;
  return {
    key: `${service.id}@${hostPort(address, dialled)}`,
    address,
    port: dialled,
    serviceId: service.id,
    label: service.name,
    proof: { kind: 'container', id: service.id, address, port: dialled },
  };
}

/** A container in this machine's own network is dialled, and proven, like the process that it is. */
function heldSocket(service: ContainerService, port: number): Upstream | undefined {
  const [best] = (service.hostListen ?? [])
    .filter((listen) => listen.port === port)
    .sort((a, b) => addressRank(a.address) - addressRank(b.address));
  if (!best) return undefined;
  const address = dialAddress(best.address);
  return {
    key: `${service.id}/${best.pid}/${best.startTicks ?? 0}/${best.inode ?? ''}@${hostPort(address, port)}`,
    address,
    port,
    serviceId: service.id,
    label: service.name,
    proof: proofOf(best, best),
  };
}

function publishedAt(
  { publish, expose, engineHost }: ContainerService,
  port: number,
): { address: string; port: number } | undefined {
  const inside = publish.filter((one) => one.container === port);
  const isInside = inside.length > 0 || expose.includes(port);
  const meant = isInside ? inside : publish.filter((one) => one.host === port);
  const ways = meant.flatMap((one) => {
    const address = publishedAddress(one.ip, engineHost);
    return address === undefined ? [] : [{ address, port: one.host }];
  });
  return ways.sort((a, b) => addressRank(a.address) - addressRank(b.address))[0];
}
