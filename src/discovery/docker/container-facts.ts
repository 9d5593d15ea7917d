/**
 * What the engine says of one container, reduced to what discovery reads. Everything in it was written by whoever made
 * the image or the container, and may be anything.
 */
import { z } from 'zod';
import { keptLabels } from './labels.ts';

/** A network that a container is in. */
export interface ContainerNetwork {
  name: string;
  /** '' where the engine does not say. */
  id: string;
  /** IPv4 first. */
  addresses: string[];
}

/** A port that the engine publishes. */
export interface PublishedPort {
  container: number;
  host: number;
  /** As the engine says it: `0.0.0.0`, `::`, an address; never bracketed. */
  ip: string;
}

/** See the file's header. */
export interface ContainerFacts {
  /** All 64 digits. */
  id: string;
  name: string;
  /** As the user called it: `postgres:16`. */
  image: string;
  /** Digest of the image; '' when unknown. */
  imageId: string;
  isRunning: boolean;
  /** Process 1 of the container on the engine's machine; 0 when unknown. */
  pid: number;
  /** `host`, `container:<id>`, `bridge`, the name of a network ... */
  networkMode: string;
  /** TCP only, ascending. */
  exposed: number[];
  published: PublishedPort[];
  networks: ContainerNetwork[];
  /** Only those that discovery reads. */
  labels: Record<string, string>;
  /** `NAME=value`, only what hints are read from. */
  env: string[];
  health: string | undefined;
  /** Of its latest start, ISO 8601 by the engine's clock; undefined where the engine does not say. */
  startedAt: string | undefined;
}

/** The image's own labels and variables: a container's are these plus the user's, without a mark between them. */
export interface ImageFacts {
  labels: Record<string, string>;
  env: string[];
  /** TCP only, ascending. */
  exposed: number[];
}

/** A longer list of hostnames is nobody's. */
const MAX_ENV_CHARS = 8192;

const portSchema = z.coerce.number().int().min(1).max(65_535);
const idSchema = z.string().regex(/^[0-9a-f]{12,64}$/);
/** Go writes `null` for an empty list or map. */
const labelsSchema = z.record(z.string(), z.unknown()).nullish();
const envSchema = z.array(z.unknown()).nullish();
const networksSchema = z
  .record(
    z.string(),
    z
      .looseObject({
        NetworkID: z.string().catch(''),
        IPAddress: z.string().catch(''),
        GlobalIPv6Address: z.string().catch(''),
      })
      .nullish()
      .catch(null),
  )
  .nullish()
  .catch(null);

const inspectSchema = z.looseObject({
  Id: idSchema,
  Name: z.string(),
  Image: z.string().catch(''),
  State: z.looseObject({
    Running: z.boolean().catch(false),
    Paused: z.boolean().catch(false),
    Restarting: z.boolean().catch(false),
    Dead: z.boolean().catch(false),
    Pid: z.int().min(0).catch(0),
    StartedAt: z.string().catch(''),
    Health: z.looseObject({ Status: z.string() }).nullish().catch(null),
  }),
  Config: z.looseObject({
    Image: z.string().catch(''),
    Env: envSchema.catch(null),
    Labels: labelsSchema.catch(null),
    ExposedPorts: z.record(z.string(), z.unknown()).nullish().catch(null),
  }),
  HostConfig: z
    .looseObject({ NetworkMode: z.string().catch('') })
    .nullish()
    .catch(null),
  NetworkSettings: z
    .looseObject({
      Ports: z
        .record(
          z.string(),
          z
            .array(z.looseObject({ HostIp: z.string().catch(''), HostPort: z.string().catch('') }))
            .nullish()
            .catch(null),
        )
        .nullish()
        .catch(null),
      Networks: networksSchema,
    })
    .nullish()
    .catch(null),
});

const listedSchema = z.looseObject({
  Id: idSchema,
  Names: z.array(z.string()).nullish().catch(null),
  Image: z.string().catch(''),
  ImageID: z.string().catch(''),
  State: z.string().catch(''),
  Status: z.string().catch(''),
  Labels: labelsSchema.catch(null),
  Ports: z
    .array(
      z.looseObject({
        IP: z.string().catch(''),
        PrivatePort: z.unknown().optional(),
        PublicPort: z.unknown().optional(),
        Type: z.string().catch(''),
      }),
    )
    .nullish()
    .catch(null),
  HostConfig: z
    .looseObject({ NetworkMode: z.string().catch('') })
    .nullish()
    .catch(null),
  NetworkSettings: z.looseObject({ Networks: networksSchema }).nullish().catch(null),
});

const imageSchema = z.looseObject({
  Config: z
    .looseObject({
      Env: envSchema.catch(null),
      Labels: labelsSchema.catch(null),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

/** An answer of `/containers/ID/json`; undefined for one that is none. */
export function parseInspected(answer: unknown): ContainerFacts | undefined {
  const parsed = inspectSchema.safeParse(answer);
  if (!parsed.success) return undefined;
  const { Id, Name, Image, State, Config, HostConfig, NetworkSettings } = parsed.data;
  const published = Object.entries(NetworkSettings?.Ports ?? {}).flatMap(([key, ways]) => {
    const [container] = tcpPorts([key]);
    return container === undefined
      ? []
      : (ways ?? []).flatMap((way) => publishedPort(container, way.HostPort, way.HostIp));
  });
  return {
    id: Id,
    name: nameOf(Name, Id),
    image: Config.Image || Image,
    imageId: Image,
    isRunning: State.Running && !State.Paused && !State.Restarting && !State.Dead,
    pid: State.Pid,
    networkMode: HostConfig?.NetworkMode ?? '',
    exposed: tcpPorts([...Object.keys(Config.ExposedPorts ?? {}), ...Object.keys(NetworkSettings?.Ports ?? {})]),
    published: sorted(published),
    networks: networksOf(NetworkSettings?.Networks),
    labels: keptLabels(Config.Labels),
    env: hintEnv(Config.Env),
    health: State.Health?.Status,
    startedAt: timeOf(State.StartedAt),
  };
}

/** One entry of `/containers/json`, for a container that cannot be inspected; undefined for one that is none. */
export function parseListed(entry: unknown): ContainerFacts | undefined {
  const parsed = listedSchema.safeParse(entry);
  if (!parsed.success) return undefined;
  const { Id, Names, Image, ImageID, State, Status, Labels, Ports, HostConfig, NetworkSettings } = parsed.data;
  const tcp = (Ports ?? []).filter(({ Type }) => Type === 'tcp');
  return {
    id: Id,
    // A container that others link to has their names for it as well, with a slash inside.
    name: nameOf(Names?.find((name) => name.lastIndexOf('/') <= 0) ?? Names?.[0] ?? '', Id),
    image: Image,
    imageId: ImageID,
    isRunning: State === 'running' && !Status.includes('(Paused)'),
    pid: 0,
    networkMode: HostConfig?.NetworkMode ?? '',
    exposed: tcpPorts(tcp.map(({ PrivatePort }) => `${PrivatePort}/tcp`)),
    published: sorted(
      tcp.flatMap(({ PrivatePort, PublicPort, IP }) => publishedPort(Number(PrivatePort), PublicPort, IP)),
    ),
    networks: networksOf(NetworkSettings?.Networks),
    labels: keptLabels(Labels),
    env: [],
    health: undefined,
    startedAt: undefined,
  };
}

/** An answer of `/images/ID/json`. Images without labels and variables, and answers that are none, give none. */
export function parseImage(answer: unknown): ImageFacts {
  const parsed = imageSchema.safeParse(answer);
  const { Labels, Env, ExposedPorts } = parsed.data?.Config ?? {};
  return { labels: keptLabels(Labels), env: hintEnv(Env), exposed: tcpPorts(Object.keys(ExposedPorts ?? {})) };
}

/** Names come with a slash. Control characters have no place on pages and in tables. */
function nameOf(name: string, id: string): string {
  const clean = name
    .replace(/^\//, '')
    .replace(/[\x00-\x1f\x7f-\x9f]/g, '')
    .slice(0, 255);
  return clean === '' ? id.slice(0, 12) : clean;
}

/** Go's zero time, of the year 1, means never. */
function timeOf(text: string): string | undefined {
  const ms = Date.parse(text);
  return ms > 0 ? new Date(ms).toISOString() : undefined;
}

/** `8080/tcp` -> 8080. UDP and SCTP are no HTTP; each port once, ascending. */
function tcpPorts(keys: readonly string[]): number[] {
  const ports = keys.flatMap((key) => {
    const port = portSchema.safeParse(/^(\d{1,5})(?:\/tcp)?$/.exec(key)?.[1]);
    return port.success ? [port.data] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

function publishedPort(container: number, hostPort: unknown, ip: string): PublishedPort[] {
  const inside = portSchema.safeParse(container);
  const host = portSchema.safeParse(hostPort);
  if (!inside.success || !host.success) return [];
  // An engine before 20.10 says '' for every address.
  const address = ip === '' ? '0.0.0.0' : ip.replace(/^\[(.*)\]$/, '$1');
  return /^[0-9a-fA-F.:%\w]{2,64}$/.test(address) ? [{ container: inside.data, host: host.data, ip: address }] : [];
}

function sorted(published: readonly PublishedPort[]): PublishedPort[] {
  return [...published].sort((a, b) => a.container - b.container || a.host - b.host || (a.ip < b.ip ? -1 : 1));
}

/** By name: the engine's own order changes from answer to answer. */
function networksOf(networks: z.infer<typeof networksSchema>): ContainerNetwork[] {
  return Object.entries(networks ?? {})
    .map(([name, network]) => ({
      name: name.slice(0, 255),
      id: network?.NetworkID ?? '',
      addresses: [network?.IPAddress ?? '', network?.GlobalIPv6Address ?? ''].filter((address) => address !== ''),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The rest of a container's environment holds passwords, and is not even kept in memory. */
function hintEnv(env: readonly unknown[] | null | undefined): string[] {
  return (env ?? []).filter(
    (entry): entry is string =>
      typeof entry === 'string' && entry.length <= MAX_ENV_CHARS && /^VIRTUAL_(?:HOST|PORT)=/.test(entry),
  );
}
