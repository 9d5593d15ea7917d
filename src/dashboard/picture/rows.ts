/**
 * Who stands where in the picture. Every service is a block as high as the routes that lead to it, its routes beside it
 * on the left: so no edge crosses another, and the eye reads a line as a sentence. What would be too long to be read is
 * folded: a project is then one line, with how many of what it has and whether all of it is well. Pure.
 */
import type { RouteView, ServicesAnswer } from '../../api/wire.ts';
import { healthOf } from '../health.ts';
import { type Block, blocksOf, NO_PROJECTS } from './blocks.ts';

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
  state: 'up' | 'bad' | 'candidate' | 'folded';
}

/** A project: the name above its services, or all of it in one line. */
export interface GroupRow {
  title: string;
  row: number;
  isOpen: boolean;
  services: number;
  hostnames: number;
  /** Of its routes, how many lead to nobody who answers, or to nobody for sure. */
  bad: number;
}

/** The whole picture, in rows. */
export interface Picture {
  rows: number;
  left: LeftNode[];
  right: RightNode[];
  edges: Edge[];
  groups: GroupRow[];
  /** Key of a route -> the line that a request to it travels on. */
  lines: Map<string, Edge>;
}

/** What is shown how. */
export interface PictureOptions {
  /** Also services that no route leads to yet. */
  withCandidates: boolean;
  /** Part of a hostname, service, port or project; empty: everything. */
  text: string;
  /** Keys of routes that run and answer nobody. */
  failing: ReadonlySet<string>;
  /** Projects that somebody has folded or unfolded. */
  toggled: ReadonlySet<string>;
}

/** Three screens: with more rows than these nobody sees the whole, and projects are folded at first. */
const MAX_OPEN_ROWS = 48;

/** Lay it out. */
export function layoutPicture(
  routes: readonly RouteView[],
  services: Pick<ServicesAnswer, 'processes' | 'containers'>,
  options: PictureOptions,
): Picture {
  const blocks = blocksOf(routes, services, options.withCandidates, options.text);
  const isLong = blocks.reduce((rows, block) => rows + heightOf(block), 0) > MAX_OPEN_ROWS;
  const picture: Picture = { rows: 0, left: [], right: [], edges: [], groups: [], lines: new Map() };
  const groups = [...Map.groupBy(blocks, ({ group }) => group)];
  const isLone = ([title, members]: [string, Block[]]): boolean => needsNoName(title, members, isLong);
  // Those come first: behind the services of a project they would be read as more of them.
  for (const [, members] of groups.filter(isLone)) for (const block of members) place(picture, block, options.failing);
  for (const [title, members] of groups.filter((group) => !isLone(group))) {
    placeGroup(picture, title, members, options, isLong);
  }
  return picture;
}

/** One service of a project: its own name says the same. One line is no shorter when it is folded. */
function needsNoName(title: string, members: readonly Block[], isLong: boolean): boolean {
  return members.length === 1 && !NO_PROJECTS.includes(title) && (!isLong || heightOf(members[0]) === 1);
}

function placeGroup(
  picture: Picture,
  title: string,
  members: readonly Block[],
  { failing, toggled }: PictureOptions,
  isLong: boolean,
): void {
  const isOpen = isLong === toggled.has(title);
  const row = picture.rows;
  const keys = members.flatMap((block) => block.routes.map(({ key }) => key));
  const bad = members.flatMap((block) => block.routes.filter((route) => isBad(route, failing))).length;
  picture.groups.push({ title, row, isOpen, services: members.length, hostnames: keys.length, bad });
  picture.rows += 1;
  if (!isOpen && keys.length > 0) {
    const edge: Edge = { key: `group ${title}`, leftRow: row, rightRow: row, state: bad > 0 ? 'bad' : 'folded' };
    picture.edges.push(edge);
    for (const key of keys) picture.lines.set(key, edge);
  }
  if (isOpen) for (const block of members) place(picture, block, failing);
}

function place(
  picture: Picture,
  { id, label, ports, isUp, routes, candidate }: Block,
  failing: ReadonlySet<string>,
): void {
  const first = picture.rows;
  const height = Math.max(1, routes.length);
  const rightRow = first + (height - 1) / 2;
  picture.right.push({ id, label, ports, row: rightRow, isUp });
  for (const [i, route] of routes.entries()) {
    const { key } = route;
    picture.left.push({ key, row: first + i, route });
    const edge: Edge = { key, leftRow: first + i, rightRow, state: isBad(route, failing) ? 'bad' : 'up' };
    picture.edges.push(edge);
    picture.lines.set(key, edge);
  }
  if (routes.length === 0 && candidate !== undefined) {
    picture.left.push({ key: candidate, row: first, route: undefined });
    picture.edges.push({ key: candidate, leftRow: first, rightRow, state: 'candidate' });
  }
  picture.rows += height;
}

function heightOf(block: Block | undefined): number {
  return Math.max(1, block?.routes.length ?? 0);
}

function isBad(route: RouteView, failing: ReadonlySet<string>): boolean {
  return healthOf(route, failing.has(route.key)).tone !== 'good';
}
