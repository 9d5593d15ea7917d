/** What the picture is made of: each service with the routes that lead to it, and each route that leads to none. Pure. */
import type { RouteView, ServicesAnswer } from '../../api/wire.ts';
import { CONTAINERS, compare, groupOf, OTHER, titleOf } from '../choice.ts';

/** A service, or what a route leads to instead. */
export interface Block {
  id: string;
  label: string;
  ports: string;
  /** Its project. */
  group: string;
  isUp: boolean;
  routes: RouteView[];
  /** Hostname that it would get. */
  candidate: string | undefined;
}

const AWAY = 'Not running';
const ADDRESSES = 'Addresses';

/** Groups that are no projects, in the order that they come in behind those. */
export const NO_PROJECTS: readonly string[] = [CONTAINERS, OTHER, ADDRESSES, AWAY];

/**
 * In the order that they are shown in: by project, then by name.
 * @param text part of a hostname, service, port or project; a service that has it is shown with all its routes
 */
export function blocksOf(
  routes: readonly RouteView[],
  { processes, containers }: Pick<ServicesAnswer, 'processes' | 'containers'>,
  withCandidates: boolean,
  text: string,
): Block[] {
  const blocks = new Map<string, Block>();
  for (const service of [...processes, ...containers]) {
    const { id, ports, hostname } = service;
    const label = titleOf(service);
    const portText = ports.map((port) => `:${port}`).join(' ');
    blocks.set(id, {
      id,
      label,
      ports: portText,
      group: groupOf(service),
      isUp: true,
      routes: [],
      candidate: hostname,
    });
  }
  for (const route of routes) {
    const block = blocks.get(idOf(route)) ?? unknownBlock(route);
    blocks.set(block.id, block);
    block.routes.push(route);
  }
  const wanted = text.trim().toLowerCase();
  return [...blocks.values()]
    .filter(({ routes: own, ports }) => own.length > 0 || (withCandidates && ports !== ''))
    .map((block) => narrowed(block, wanted))
    .filter((block) => block !== undefined)
    .sort(inOrder);
}

function narrowed(block: Block, wanted: string): Block | undefined {
  if (wanted === '') return block;
  const { label, ports, group, candidate, routes } = block;
  if (`${label} ${ports} ${group}`.toLowerCase().includes(wanted)) return block;
  const fitting = routes.filter(({ key }) => key.includes(wanted));
  if (fitting.length > 0) return { ...block, routes: fitting };
  return routes.length === 0 && candidate?.includes(wanted) ? block : undefined;
}

/** Where a route leads that is no service of the snapshot: an address of the user's, or somebody who is away. */
function unknownBlock(route: RouteView): Block {
  const { reach, label, port } = route;
  const isUp = reach.state === 'up';
  return {
    id: idOf(route),
    label: isUp ? reach.label : label,
    ports: isUp ? `${reach.address}:${reach.port}` : `:${port}`,
    group: isUp ? ADDRESSES : AWAY,
    isUp,
    routes: [],
    candidate: undefined,
  };
}

function idOf({ reach, label, port }: RouteView): string {
  if (reach.state !== 'up') return `away:${label}:${port}`;
  return reach.id ?? `at:${reach.address}:${reach.port}`;
}

function inOrder(a: Block, b: Block): number {
  return (
    NO_PROJECTS.indexOf(a.group) - NO_PROJECTS.indexOf(b.group) ||
    compare(a.group, b.group) ||
    compare(a.label, b.label) ||
    compare(a.id, b.id)
  );
}
