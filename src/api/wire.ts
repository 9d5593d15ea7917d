/**
 * The JSON bodies of the control plane: what the CLI, the dashboard and other programs read.
 */
import type { Mapping } from '../core/mapping.ts';
import type { ContainerService, ProcessService } from '../core/service.ts';

/** Key (`hostname` or `hostname:service`) -> mapping. `GET /_api/mappings/`. */
export type MappingsAnswer = Record<string, Mapping>;

/** `GET /_debug` as JSON. */
export interface DebugAnswer {
  mappings: MappingsAnswer;
  model: string;
  cache_file: string;
  version: string;
}

/** A service as it was discovered, with the hostname that it would get. */
export type Named<T> = T & { hostname?: string };

/** `GET /_api/services`: the snapshot format, a hostname with each. */
export interface ServicesAnswer {
  processes: Named<ProcessService>[];
  containers: Named<ContainerService>[];
  warnings: string[];
}

/** `GET /_api/status`. */
export interface StatusAnswer {
  version: string;
  /** ISO time. */
  startedAt: string;
  dataDir: string;
  cacheFile: string;
  domains: readonly string[];
  /** null where nothing listens. */
  ports: { https: number | null; http: number | null };
  /** '' when no model is set. */
  model: string;
  llm: LlmStatus;
  /** What does not work as it should, in words. */
  warnings: readonly string[];
  trust: TrustStatus;
}

/** Whether an LLM would be asked, and why not. */
export interface LlmStatus {
  usable: boolean;
  /** Which one would be asked, or why none is. */
  reason: string;
}

/** Whether browsers on this machine take our certificates. */
export interface TrustStatus {
  /** null when it is not known. */
  trusted: boolean | null;
  /** What makes the system and the browsers trust the CA, to copy. */
  commands: readonly string[];
}

/** Any refusal or failure. */
export interface ErrorAnswer {
  error: string;
  /** One of the error codes. */
  code: string;
  hint?: string;
}
