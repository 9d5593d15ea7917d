/**
 * Types of the control plane's answers, for the CLI and the dashboard: from `schemas.ts`, without its code.
 */
import type { z } from 'zod';
import type { Mapping } from '../core/mapping.ts';
import type * as schemas from './schemas.ts';

/** `GET /_debug` as JSON: the seed's shape. */
export interface DebugAnswer {
  mappings: MappingsAnswer;
  model: string;
  cache_file: string;
  version: string;
}

/** A service as it was discovered, with the hostname that it would get. */
export type Named<T> = T & { hostname?: string; label: string; ports: number[] };

/** See {@link schemas.mappingsSchema}. */
export type MappingsAnswer = Record<string, Mapping>;
/** See {@link schemas.servicesSchema}. */
export type ServicesAnswer = z.infer<typeof schemas.servicesSchema>;
/** See {@link schemas.statusSchema}. */
export type StatusAnswer = z.infer<typeof schemas.statusSchema>;
/** See {@link schemas.problemSchema}. */
export type Problem = z.infer<typeof schemas.problemSchema>;
/** See {@link schemas.routeSchema}. */
export type RouteView = z.infer<typeof schemas.routeSchema>;
/** See {@link schemas.routesSchema}. */
export type RoutesAnswer = z.infer<typeof schemas.routesSchema>;
/** See {@link schemas.trafficSchema}. */
export type TrafficAnswer = z.infer<typeof schemas.trafficSchema>;
/** See {@link schemas.requestSchema}. */
export type RequestLine = z.infer<typeof schemas.requestSchema>;
/** See {@link schemas.requestsSchema}. */
export type RequestsAnswer = z.infer<typeof schemas.requestsSchema>;
/** See {@link schemas.requestDetailSchema}. */
export type RequestDetail = z.infer<typeof schemas.requestDetailSchema>;
/** See {@link schemas.decisionSchema}. */
export type DecisionView = z.infer<typeof schemas.decisionSchema>;
/** See {@link schemas.decisionsSchema}. */
export type DecisionsAnswer = z.infer<typeof schemas.decisionsSchema>;
/** See {@link schemas.logLineSchema}. */
export type LogLine = z.infer<typeof schemas.logLineSchema>;
/** See {@link schemas.logsSchema}. */
export type LogsAnswer = z.infer<typeof schemas.logsSchema>;
/** See {@link schemas.serviceLogSchema}. */
export type ServiceLogAnswer = z.infer<typeof schemas.serviceLogSchema>;
/** See {@link schemas.settingSchema}. */
export type SettingView = z.infer<typeof schemas.settingSchema>;
/** See {@link schemas.settingsSchema}. */
export type SettingsAnswer = z.infer<typeof schemas.settingsSchema>;

/** What may have changed since it was last asked for. */
export type Topic = 'routes' | 'services' | 'status' | 'decisions';

/**
 * Events of `GET /_api/events` (SSE). `changed`: ask again for these. `requests`: begun or ended ones, at most every
 * 250 ms; the same id replaces the earlier line. `figures`: totals of the routes that these went to. `logs`: new lines.
 * `lag`: events were left out, ask for everything.
 */
export interface LiveEvents {
  changed: Topic[];
  requests: RequestLine[];
  figures: Record<string, RouteView['traffic']>;
  logs: LogLine[];
  lag: null;
}
