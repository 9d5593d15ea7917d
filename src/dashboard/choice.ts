/** A live service as something to choose, and as the body of the PUT that routes to it. Pure. */
import type { ServicesAnswer } from '../api/wire.ts';

/** A process as the API gives it. */
export type ProcessLine = ServicesAnswer['processes'][number];
/** A container as the API gives it. */
export type ContainerLine = ServicesAnswer['containers'][number];
/** Either. */
export type ServiceLine = ProcessLine | ContainerLine;

/** Body of `PUT /_api/mappings/{key}`. */
export interface MappingBody {
  type: 'process' | 'docker';
  target: string;
  port: number;
}

/** One service in a list to choose from. */
export interface Choice {
  id: string;
  label: string;
  ports: number[];
  /** Project, compose project or `Other`: choices are listed by it. */
  group: string;
}

/** Tell a container from a process. */
export function isContainerLine(service: ServiceLine): service is ContainerLine {
  return 'image' in service;
}

/** All that a hostname could mean, by group and label. */
export function choicesOf({ processes, containers }: Pick<ServicesAnswer, 'processes' | 'containers'>): Choice[] {
  return [...processes, ...containers]
    .filter(({ ports }) => ports.length > 0)
    .map((service) => ({ id: service.id, label: titleOf(service), ports: service.ports, group: groupOf(service) }))
    .sort((a, b) => compare(a.group, b.group) || compare(a.label, b.label) || compare(a.id, b.id));
}

/** What a service is called: its label, and of a linked worktree the branch, since both checkouts have one label. */
export function titleOf(service: ServiceLine): string {
  const { label } = service;
  if (isContainerLine(service) || service.git?.worktree !== true || !service.git.branch) return label;
  return `${label} · ${service.git.branch}`;
}

/** What belongs to no project. */
export const CONTAINERS = 'Containers';
export const OTHER = 'Other';

/** Whose a service is: those of one group belong together. */
export function groupOf(service: ServiceLine): string {
  if (isContainerLine(service)) return service.compose?.project ?? CONTAINERS;
  const { project, git, cwd } = service;
  if (project) return project.workspaceName ?? project.name;
  return lastPart(git?.root ?? cwd ?? '') || OTHER;
}

/**
 * What routes to a service. The port names a process exactly, and the server then remembers who it is; where two
 * processes have the same port on different addresses, the directory tells them apart.
 */
export function bodyFor(service: ServiceLine, port: number, all: readonly ProcessLine[]): MappingBody {
  if (isContainerLine(service)) return { type: 'docker', target: service.name, port };
  const isShared = all.some((other) => other.id !== service.id && other.listen.some((one) => one.port === port));
  return { type: 'process', target: (isShared ? service.cwd : null) ?? 'localhost', port };
}

function lastPart(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? '';
}

/** Names as people sort them. One collator: a localeCompare each takes ten times as long, and there are thousands. */
export const { compare } = new Intl.Collator('en', { numeric: true });
