/**
 * Who stands where in the picture. Every service is a block as high as the routes that lead to it, its routes beside it
 * on the left: so no edge crosses another, and the eye reads a line as a sentence. Pure.
 */
import type { RouteView, ServicesAnswer } from '../../api/wire.ts';
import { groupOf } from '../choice.ts';

/** A hostname on the left. */
export interface LeftNode {
  /** Of the route; of a candidate the hostname that it would get. */
  key: string;
  row: number;
  /** undefined: nobody has asked for it yet. */
  route: RouteView | undefined;
}

/** A service on the right. */
export interface RightNode {
  id: string;
  label: string;
  ports: string;
  /** In rows from the top; half ones between two routes. */
  row: number;
  /** false: a route leads here, but nobody answers. */
  isUp: boolean;
}

/** A line between the two. */
export interface Edge {
  key: string;
  leftRow: number;
  rightRow: number;
  state: 'up' | 'away' | 'candidate';
}

/** A name above the services of one project. */
export interface GroupTitle {
  title: string;
  row: number;
}

/** The whole picture, in rows. */
export interface Picture {
  rows: number;
  left: LeftNode[];
  right: RightNode[];
  edges: Edge[];
  groups: GroupTitle[];
}

interface Block {
  id: string;
  label: string;
  ports: string;
  group: string;
  isUp: boolean;
  routes: RouteView[];
  /** Hostname that it would get. */
  candidate: string | undefined;
}

/** Lay it out. @param withCandidates also services that no route leads to yet */
export function layoutPicture(
  routes: readonly RouteView[],
  services: Pick<ServicesAnswer, 'processes' | 'containers'>,
  withCandidates: boolean,
): Picture {
  const blocks = blocksOf(routes, services, withCandidates);
  const picture: Picture = { rows: 0, left: [], right: [], edges: [], groups: [] };
  for (const [title, members] of [...Map.groupBy(blocks, ({ group }) => group)].sort(byGroup)) {
    // One service needs no name above it: its own says the same.
    if (members.length > 1) {
      picture.groups.push({ title, row: picture.rows });
      picture.rows += 1;
    }
    for (const block of members.sort((a, b) => compare(a.label, b.label) || compare(a.id, b.id))) place(picture, block);
  }
  return picture;
}

function place(picture: Picture, { id, label, ports, isUp, routes, candidate }: Block): void {
  const first = picture.rows;
  const height = Math.max(1, routes.length);
  const rightRow = first + (height - 1) / 2;
  picture.right.push({ id, label, ports, row: rightRow, isUp });
  for (const [i, route] of routes.entries()) {
    picture.left.push({ key: route.key, row: first + i, route });
    picture.edges.push({ key: route.key, leftRow: first + i, rightRow, state: isUp ? 'up' : 'away' });
  }
  if (routes.length === 0 && candidate !== undefined) {
    picture.left.push({ key: candidate, row: first, route: undefined });
    picture.edges.push({ key: candidate, leftRow: first, rightRow, state: 'candidate' });
  }
  picture.rows += height;
}

function blocksOf(
  routes: readonly RouteView[],
  { processes, containers }: Pick<ServicesAnswer, 'processes' | 'containers'>,
  withCandidates: boolean,
): Block[] {
  const blocks = new Map<string, Block>();
  for (const service of [...processes, ...containers]) {
    const { id, label, ports, hostname } = service;
    const text = ports.map((port) => `:${port}`).join(' ');
    blocks.set(id, { id, label, ports: text, group: groupOf(service), isUp: true, routes: [], candidate: hostname });
  }
  for (const route of routes) {
    const block = blocks.get(idOf(route)) ?? unknownBlock(route);
    blocks.set(block.id, block);
    block.routes.push(route);
  }
  const isShown = ({ routes: own, ports }: Block): boolean => own.length > 0 || (withCandidates && ports !== '');
  return [...blocks.values()].filter(isShown);
}

/** Where a route leads that is no service of the snapshot: an address of the user's, or somebody who is away. */
function unknownBlock(route: RouteView): Block {
  const { reach, label, port } = route;
  const isUp = reach.state === 'up';
  return {
    id: idOf(route),
    label: isUp ? reach.label : label,
    ports: isUp ? `${reach.address}:${reach.port}` : `:${port}`,
    group: isUp ? 'Addresses' : AWAY,
    isUp,
    routes: [],
    candidate: undefined,
  };
}

const AWAY = 'Not running';

function idOf({ reach, label, port }: RouteView): string {
  if (reach.state !== 'up') return `away:${label}:${port}`;
  return reach.id ?? `at:${reach.address}:${reach.port}`;
}

function byGroup([a]: [string, unknown], [b]: [string, unknown]): number {
  return Number(a === AWAY) - Number(b === AWAY) || compare(a, b);
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
