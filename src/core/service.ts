/**
 * What runs on this machine: processes and containers that listen, and the snapshot of both.
 * The JSON form is the snapshot format of `services --json` and `resolve --services`; unknown fields pass through.
 */
import { z } from 'zod';
import { isProgramName } from './program-name.ts';

/** A listening TCP socket of a process. */
export const listenSchema = z.looseObject({
  /** As discovered: `127.0.0.1`, `::1`, `0.0.0.0`, `::`, `*` (both families) or an interface's address. */
  address: z.string(),
  port: z.int().min(1).max(65_535),
  /**
   * Kernel inode of the socket (on macOS its address in the kernel, `0x...`), and the descriptor of the process that
   * holds it: on Linux the proof of identity.
   */
  inode: z.string().exactOptional(),
  fd: z.int().exactOptional(),
  /** Why this port is no candidate (a debugger's), though the process is. */
  noise: z.string().exactOptional(),
});
/** See {@link listenSchema}. */
export type Listen = z.infer<typeof listenSchema>;

/** The project that a process was started in: the nearest manifest above its working directory. */
export const projectSchema = z.looseObject({
  root: z.string(),
  /** As the manifest says it, scope included; the directory's name where it has none. */
  name: z.string(),
  /** Root of the monorepo that the project is a member of. */
  workspace: z.string().nullable(),
  /** Name that the workspace root's manifest says. */
  workspaceName: z.string().exactOptional(),
  /** Name that `"hostwise"` in its package.json asks for, if that lies below the user's home. */
  hostwise: z.string().exactOptional(),
  /** `vite`, `next`, ... where argv or the manifest tells it. */
  framework: z.string().exactOptional(),
});
/** See {@link projectSchema}. */
export type Project = z.infer<typeof projectSchema>;

/** The git checkout that a process was started in. */
export const gitSchema = z.looseObject({
  root: z.string(),
  /** null where HEAD is detached. */
  branch: z.string().nullable(),
  /** True in a linked worktree, not in the main checkout. */
  worktree: z.boolean(),
  /** Main checkout (or bare repository) of a linked worktree. */
  main: z.string().exactOptional(),
});
/** See {@link gitSchema}. */
export type Git = z.infer<typeof gitSchema>;

/** A process that listens. */
export const processSchema = z.looseObject({
  /** `p<pid>`; `s<inode>` where the owner of the socket may not be seen. */
  id: z.string().min(1),
  /** 0 where the owner may not be seen. */
  pid: z.int().min(0),
  ppid: z.int().min(0),
  /** Name of the executable; of argv[0] where the OS shows a thread's name. '' when unknown. */
  command: z.string(),
  /** Absent where the OS does not tell one argument from the next (macOS). */
  argv: z.array(z.string()).exactOptional(),
  /** Full command line, joined by spaces. */
  args: z.string(),
  /** null where it may not be read. */
  cwd: z.string().nullable(),
  listen: z.array(listenSchema),
  project: projectSchema.nullable(),
  git: gitSchema.nullable(),
  /** Start time in clock ticks since boot (Linux): with the pid it names one process for ever. */
  startTicks: z.number().exactOptional(),
  /** Start time to the second, ISO 8601, where the ticks are not known (macOS): with the pid the proof of identity there. */
  startedAt: z.string().exactOptional(),
  /** Id of the container that the process runs in, all 64 digits (its control group says so). */
  container: z.string().exactOptional(),
  uid: z.int().exactOptional(),
  /** Why this is no candidate (editor, browser, ourselves ...). */
  noise: z.string().exactOptional(),
});
/** See {@link processSchema}. */
export type ProcessService = z.infer<typeof processSchema>;

/** A hostname that a container's labels or variables ask for. */
export const containerHintSchema = z.looseObject({
  host: z.string(),
  /** Container port that goes with it, where one is named. */
  port: z.int().min(1).max(65_535).exactOptional(),
  /** Label or variable that says it. */
  source: z.string(),
  /** The image brought it along: not the user's wish, so it decides nothing. */
  image: z.boolean(),
  /** Says all there is to say; false for a rule with more conditions, which is evidence only. */
  decides: z.boolean(),
});
/** See {@link containerHintSchema}. */
export type ContainerHint = z.infer<typeof containerHintSchema>;

/** A running container. */
export const containerSchema = z.looseObject({
  /** `c<first 12 of the id>`. */
  id: z.string().min(1),
  name: z.string(),
  image: z.string(),
  expose: z.array(z.int().min(1).max(65_535)),
  publish: z.array(
    z.looseObject({
      container: z.int().min(1).max(65_535),
      host: z.int().min(1).max(65_535),
      ip: z.string(),
    }),
  ),
  /** Its own address; one that can be dialled from here, where any can. */
  ip: z.string().nullable().exactOptional(),
  /** Every address in every network. */
  addresses: z.array(z.looseObject({ network: z.string(), address: z.string() })).exactOptional(),
  /** Why its own address cannot be dialled from here, so that only published ports can. */
  unreachable: z.string().exactOptional(),
  /** Machine of its engine where that is another one: published ports are there, never on our loopback. */
  engineHost: z.string().exactOptional(),
  /** Sockets of its processes in this machine's own network (network_mode host), with the process that holds each. */
  hostListen: z
    .array(listenSchema.extend({ pid: z.int().min(1), startTicks: z.number().exactOptional() }))
    .exactOptional(),
  compose: z
    .looseObject({ project: z.string(), service: z.string(), workdir: z.string().nullable().exactOptional() })
    .nullable(),
  labels: z.record(z.string(), z.string()),
  /** Hostnames that the user (not the image) asked for by label or variable. */
  hints: z.array(z.string()).exactOptional(),
  hintDetails: z.array(containerHintSchema).exactOptional(),
  /** `host`: it has no address of its own, its sockets are in this machine's network. */
  networkMode: z.string().exactOptional(),
  /** Process 1 of the container as its engine's machine sees it. */
  pid: z.int().min(1).exactOptional(),
  /** Of its latest start, ISO 8601: a container that is started again keeps its id. */
  startedAt: z.string().exactOptional(),
  noise: z.string().exactOptional(),
});
/** See {@link containerSchema}. */
export type ContainerService = z.infer<typeof containerSchema>;

/** Either kind of service. */
export type Service = ProcessService | ContainerService;

/** What runs at one moment. */
export const snapshotSchema = z.looseObject({
  processes: z.array(processSchema),
  containers: z.array(containerSchema),
  /** What could not be seen, and why: shown by `status` and `doctor`, never thrown. */
  warnings: z.array(z.string()).exactOptional(),
});
/** See {@link snapshotSchema}. */
export type Snapshot = z.infer<typeof snapshotSchema>;

/** A machine where nothing runs. */
export const EMPTY_SNAPSHOT: Snapshot = Object.freeze({ processes: [], containers: [] });

/** Tell a container from a process. */
export function isContainer(service: Service): service is ContainerService {
  return 'image' in service;
}

/** Started by `docker compose run`: beside its service, never in its place. */
export function isOneOff({ labels }: ContainerService): boolean {
  return labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
}

/** Every service of a snapshot, noise included, processes first. */
export function allServices(snapshot: Snapshot): Service[] {
  return [...snapshot.processes, ...snapshot.containers];
}

/** The services that a hostname could mean: no noise, and at least one port that is none either. */
export function candidatesOf(snapshot: Snapshot): Service[] {
  return allServices(snapshot).filter(isCandidate);
}

/** Could a hostname mean this service? */
export function isCandidate(service: Service): boolean {
  if (service.noise !== undefined) return false;
  if (isContainer(service)) return service.expose.length > 0 || service.publish.length > 0;
  return service.listen.some((listen) => listen.noise === undefined);
}

/** The ports of a service that a hostname could mean, ascending, each once (container ports for a container). */
export function candidatePorts(service: Service): number[] {
  const ports = isContainer(service)
    ? [...service.expose, ...service.publish.map((published) => published.container)]
    : service.listen.filter((listen) => listen.noise === undefined).map((listen) => listen.port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Short human name, fit for any page: the container's name, or the project (else the folder's name) and the command. */
export function describeService(service: Service): string {
  if (isContainer(service)) return service.name;
  if (service.command === '') return 'a process that may not be inspected';
  const where = service.project?.name ?? service.cwd?.split('/').findLast((part) => part !== '');
  const program = isProgramName(service.command) ? service.command : 'program';
  return where ? `${where} (${program})` : program;
}
