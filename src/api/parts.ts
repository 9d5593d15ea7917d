/**
 * What the control plane asks of the rest of the program. The composition root plugs in the real ones.
 */
import type { Socket } from 'node:net';
import type { ResolvedDecision } from '../core/decision.ts';
import type { Mapping, MappingInput } from '../core/mapping.ts';
import type { Service, Snapshot } from '../core/service.ts';
import type { StatusAnswer } from './wire.ts';

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
}

/** A log of structured lines. */
export interface ControlLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** See the file's header. */
export interface ControlParts {
  store: MappingAccess;
  /** What runs now: a fresh look at the machine. */
  snapshot(): Promise<Snapshot>;
  /** Service id -> the unique hostname that it answers to. */
  hostnames(snapshot: Snapshot): ReadonlyMap<string, string>;
  resolve(question: ResolveQuestion): Promise<ResolvedDecision>;
  /** A PUT body as a mapping of the user's. @throws {AppError} ROUTE_BAD_TARGET */
  mappingFromInput(input: MappingInput, snapshot: Snapshot): Mapping | Promise<Mapping>;
  /** A mapping of the user's to this live service. */
  mappingForChoice(service: Service, port: number): Mapping;
  /** Settings and state as they are now. Cheap: asked with every page. */
  info(): StatusAnswer;
  /** Content of the 0600 token file. */
  apiToken: string;
  /** Made at this start; lives in our pages only. */
  pageToken: string;
  /** Owner of the other end of a loopback connection; undefined when it cannot be told. */
  peerUid(socket: Socket): Promise<number | undefined>;
  /** Our user. */
  ownUid: number;
  log: ControlLog;
}
