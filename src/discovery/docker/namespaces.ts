/**
 * Containers in the network of another one (a pod, a VPN): its address and its published ports are theirs as well, but
 * each port has one listener. So a port of a shared network belongs to at most one container: to the one that its user
 * named it for, else to the only one that exposes it. Where that is ambiguous it is nobody's. Pure.
 */
import type { ContainerService } from '../../core/service.ts';
import { publishedAddress } from '../../core/upstream.ts';
import { shortId } from './container.ts';
import type { ContainerFacts, ImageFacts } from './container-facts.ts';

/** A container as the engine tells of it. */
export interface Member {
  facts: ContainerFacts;
  service: ContainerService;
  /** undefined when it could not be asked. */
  image: ImageFacts | undefined;
}

/** A container with what depends on others. */
export interface Placed {
  service: ContainerService;
  /** Others have the same addresses: a port that is not told of is not vouched for. */
  isShared: boolean;
}

/** How sure it is that a container listens on a port of a network that it shares. */
const PUBLISHED_ONLY = 0;
const EXPOSED = 1;
const NAMED = 2;

/** All containers, placed. @param members by {@link shortId} */
export function placeAll(members: ReadonlyMap<string, Member>, engineHost: string | undefined): Map<string, Placed> {
  const groups = new Map<string, Member[]>();
  for (const member of members.values()) {
    const holder = holderOf(member, members);
    groups.set(holder, [...(groups.get(holder) ?? []), member]);
  }
  const placed = new Map<string, Placed>();
  for (const [holder, group] of groups) {
    for (const one of placeGroup(members.get(holder), group)) {
      const service = engineHost === undefined ? one.service : { ...one.service, engineHost };
      placed.set(service.id, { ...one, service });
    }
  }
  return placed;
}

/** Does this container own the address and the port, as far as is known? */
export function ownsAddress({ service, isShared }: Placed, address: string, port: number): boolean {
  const isPublished = service.publish.some(
    ({ ip, host }) => host === port && publishedAddress(ip, service.engineHost) === address,
  );
  if (isPublished) return true;
  return service.unreachable === undefined && service.ip === address && (!isShared || service.expose.includes(port));
}

/** Id of the container whose network it is in: its own as a rule. Networks are handed on any number of times. */
function holderOf({ facts, service }: Member, members: ReadonlyMap<string, Member>): string {
  let holder = service.id;
  let mode = facts.networkMode;
  for (const seen = new Set([holder]); ; seen.add(holder)) {
    const next = /^container:([0-9a-f]{64})$/.exec(mode)?.[1];
    if (next === undefined || seen.has(shortId(next))) return holder;
    holder = shortId(next);
    mode = members.get(holder)?.facts.networkMode ?? '';
  }
}

/** @param holder undefined when it does not run or is not known */
function placeGroup(holder: Member | undefined, group: readonly Member[]): Placed[] {
  const [only] = group;
  if (only && group.length === 1 && (!holder || holder === only)) return [{ service: only.service, isShared: false }];
  const claims = new Map(group.map((member) => [member, claimsOf(member, member === holder)]));
  return group.map((member) => {
    const expose = [...(claims.get(member)?.keys() ?? [])].filter((port) => ownerOf(port, claims) === member);
    return {
      service: share(
        member,
        holder,
        expose.sort((a, b) => a - b),
      ),
      isShared: true,
    };
  });
}

function share({ service }: Member, holder: Member | undefined, expose: number[]): ContainerService {
  const network = holder?.service ?? service;
  const { unreachable: _own, ...rest } = service;
  const publish = network.publish.filter(({ container }) => expose.includes(container));
  const { ip = null, unreachable } = network;
  return { ...rest, expose, publish, ip, ...(unreachable === undefined ? {} : { unreachable }) };
}

/** Ports that a container may listen on, with how sure that is. */
function claimsOf({ facts, service, image }: Member, isHolder: boolean): Map<number, number> {
  const claims = new Map<number, number>();
  for (const port of service.expose) {
    // Without the image it is unknown whose wish it was.
    const isImages = image === undefined || image.exposed.includes(port);
    const isPublished = isHolder && facts.published.some(({ container }) => container === port);
    // Ports of all who share a network can only be published by its holder: that it does so says nothing of itself,
    // unless it is known to listen there.
    if (isPublished) claims.set(port, !isImages ? PUBLISHED_ONLY : image === undefined ? EXPOSED : NAMED);
    else claims.set(port, isImages ? EXPOSED : NAMED);
  }
  for (const { port, image: isImages } of service.hintDetails ?? []) {
    if (port !== undefined && !isImages) claims.set(port, NAMED);
  }
  return claims;
}

/** The only one of those that claim it most surely. */
function ownerOf(port: number, claims: ReadonlyMap<Member, ReadonlyMap<number, number>>): Member | undefined {
  const sure = [...claims].map(([member, ports]) => ({ member, sureness: ports.get(port) ?? -1 }));
  const best = Math.max(...sure.map(({ sureness }) => sureness));
  const owners = sure.filter(({ sureness }) => sureness === best);
  return owners.length === 1 ? owners[0]?.member : undefined;
}
