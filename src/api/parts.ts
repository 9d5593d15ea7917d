/**
 * What the control plane asks of the rest of the program. The composition root plugs in the real ones.
 */
import type { Socket } from 'node:net';
import type { ContainerLog } from '../core/container-log.ts';
import type { ResolvedDecision } from '../core/decision.ts';
import type { Mapping, MappingInput } from '../core/mapping.ts';
import type { Service, Snapshot } from '../core/service.ts';
import type { TrafficRecord } from '../core/traffic.ts';
import type { LogRing } from '../platform/log-ring.ts';
import type { DecisionReader } from '../resolve/decisions.ts';
import type { WaitWatch } from '../resolve/wait-watch.ts';
import type { Traffic } from '../traffic/traffic.ts';
import type { DashboardAssets } from './dashboard-assets.ts';
import type { SettingView, StatusAnswer } from './wire.ts';

/** The remembered mappings. */
export interface MappingAccess {
  get(key: string): Mapping | undefined;
  all(): Record<string, Mapping>;
  /** Resolves when it is on disk. @throws {AppError} ROUTE_STORE_UNWRITABLE */
  set(key: string, mapping: Mapping): Promise<void>;
  /** @returns whether there was one */
  delete(key: string): Promise<boolean>;
}

/** A question for the resolver; existing mappings are ignored, nothing is stored. */
export interface ResolveQuestion {
  host: string;
  service?: string;
  mode?: 'auto' | 'llm' | 'names';
  prompt?: string;
  /** Show what is sent, or would be. */
  explain?: boolean;
}

/** A log of structured lines. */
export interface ControlLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** See the file's header. */
export interface ControlParts {
  store: MappingAccess;
  /** @returns stops it */
  onMappings(listener: () => void): () => void;
  /** What runs now: a fresh look at the machine. */
  snapshot(): Promise<Snapshot>;
  /** The same, a second old at most: for views that are asked for often. */
  recentSnapshot(): Promise<Snapshot>;
  /** The last one, however old; undefined before the first. */
  lastSnapshot(): Snapshot | undefined;
  /** @returns stops it */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void;
  /** Service id -> the unique hostname that it answers to. */
  hostnames(snapshot: Snapshot): ReadonlyMap<string, string>;
  resolve(question: ResolveQuestion): Promise<ResolvedDecision>;
  /** A PUT body as a mapping of the user's. @throws {AppError} ROUTE_BAD_TARGET */
  mappingFromInput(input: MappingInput, snapshot: Snapshot): Mapping | Promise<Mapping>;
  /** A mapping of the user's to this live service. */
  mappingForChoice(service: Service, port: number): Mapping;
  /** What went through the proxy. */
  traffic: Pick<Traffic, 'ring' | 'figures' | 'failingSince' | 'listen'>;
  /** Send a recorded GET or HEAD once more, through the proxy. */
  replay(record: TrafficRecord): Promise<{ status: number; totalMs: number }>;
  /** The last decisions. */
  decisions: Pick<DecisionReader, 'list' | 'onAdd'>;
  /** Decide this hostname (or sibling) anew and remember it. @param prompt context for the LLM */
  decideAgain(ask: { hostname: string; service?: string }, prompt: string | undefined): Promise<void>;
  /** The last lines that a container wrote, or why they cannot be had. @param id in the snapshot. Never rejects. */
  containerLog(id: string, lines: number): Promise<ContainerLog>;
  /** The same of one that stopped, by its name; the engine has it until somebody removes it. */
  stoppedContainerLog(name: string, lines: number): Promise<ContainerLog>;
  /** Hostnames that a waiting page listens to. */
  waits: Pick<WaitWatch, 'listen'>;
  /** The last lines of the log. */
  logs: Pick<LogRing, 'newest' | 'listen'>;
  /** Settings with where each came from, secrets left out. */
  settings(): SettingView[];
  /** Settings and state as they are now. Cheap: asked with every page. */
  info(): StatusAnswer;
  /** Somebody asks how things are: a moment to look at what is not looked at otherwise. Returns at once. */
  onStatus?(): void;
  /** Ask the trust stores now: a second where there is a Java. Never rejects. */
  lookAtTrust?(): Promise<void>;
  /** The dashboard's files; undefined where they were not built. Cheap: asked with every page. */
  dashboardAssets(): Promise<DashboardAssets | undefined>;
  /** Content of the 0600 token file. */
  apiToken: string;
  /** Made at this start; lives in our pages only. */
  pageToken: string;
  /** Owner of the other end of a loopback connection; undefined when it cannot be told. */
  peerUid(socket: Socket): Promise<number | undefined>;
  /** Our user. */
  ownUid: number;
  /** As root: the user who called sudo, whose browser it is. */
  desktopUid?: number | undefined;
  log: ControlLog;
}
