/**
 * The control plane's answers, as schemas: the OpenAPI document is made from them, tests hold every answer to them, and
 * `wire.ts` has their types for the dashboard and the CLI.
 */
import { z } from 'zod';
import { mappingSchema, sourceSchema } from '../core/mapping.ts';
import { containerSchema, processSchema } from '../core/service.ts';

/** ISO 8601. */
const timeSchema = z.string();
const msSchema = z.number().min(0);
const masked = 'Secrets are masked.';

/** RFC 9457: any refusal or failure. */
export const problemSchema = z
  .object({
    type: z.string().describe('urn:hostwise:error: and the code in lower case'),
    title: z.string().describe('The words of the status'),
    status: z.int(),
    detail: z.string().describe('What is wrong, in words'),
    code: z.string().describe('Stable, for programs: ROUTE_NOT_FOUND ...'),
    hint: z.string().exactOptional().describe('What to do'),
  })
  .meta({ id: 'Problem' });

/** Key (`hostname` or `hostname:service`) -> mapping. */
export const mappingsSchema = z.record(z.string(), mappingSchema).meta({ id: 'Mappings' });

const namedFields = {
  hostname: z.string().exactOptional().describe('The unique hostname that it answers to'),
  label: z.string().describe('Short, for people'),
  ports: z.array(z.int()).describe('Those that a hostname could mean; none where it is noise'),
};

/** The snapshot format, a hostname with each. */
export const servicesSchema = z
  .object({
    processes: z.array(processSchema.extend(namedFields)),
    containers: z.array(containerSchema.extend(namedFields)),
    warnings: z.array(z.string()),
  })
  .describe(masked)
  .meta({ id: 'Services' });

/** Totals of one hostname since the start. */
export const routeTrafficSchema = z.object({
  requests: z.int(),
  errors: z.int().describe('Answers of 500 and above, and requests that nobody answered'),
  open: z.int().describe('Requests and tunnels under way'),
  lastAtMs: z.number().nullable().describe('Epoch ms'),
  lastError: z.object({ atMs: z.number(), text: z.string() }).nullable(),
  failing: z
    .object({
      sinceMs: z.number().describe('Epoch ms'),
      id: z.string().nullable().describe('Of the service in /services'),
    })
    .nullable()
    .describe('Who has not answered since when; null while somebody does'),
});

/** What a route reaches at this moment. */
export const reachSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('up'),
    id: z.string().nullable().describe('Of the service in /services; null for an address that the user named'),
    label: z.string(),
    address: z.string(),
    port: z.int(),
    startedAtMs: z.number().nullable().describe('Epoch ms of a container’s latest start; null where it is not known'),
  }),
  z.object({ state: z.enum(['away', 'ambiguous']), detail: z.string() }),
]);

/** One remembered hostname. */
export const routeSchema = z
  .object({
    key: z.string().describe('hostname, or hostname:service'),
    hostname: z.string(),
    service: z.string().nullable(),
    label: z.string().describe('Who is meant, for people'),
    source: sourceSchema.nullable().describe('Who decided; null in files of the first program'),
    confidence: z.number().nullable(),
    reason: z.string(),
    port: z.int(),
    createdAt: z.string(),
    etag: z.string().describe('For If-Match of a PUT or DELETE'),
    reach: reachSchema,
    traffic: routeTrafficSchema,
  })
  .meta({ id: 'Route' });

/** All of them, those of one parent together. */
export const routesSchema = z.object({ routes: z.array(routeSchema) }).meta({ id: 'Routes' });

/** 30 s of a hostname's last 15 minutes. */
export const sliceSchema = z.object({
  atMs: z.number().describe('Epoch ms of its beginning'),
  requests: z.int(),
  errors: z.int(),
  p50Ms: msSchema.nullable().describe('Time to the first byte'),
  p95Ms: msSchema.nullable(),
});

/** hostname -> chart of the last 15 minutes, oldest first. */
export const trafficSchema = z
  .object({ sliceMs: msSchema, hosts: z.record(z.string(), z.array(sliceSchema)) })
  .meta({ id: 'Traffic' });

const requestFields = {
  id: z.int(),
  startedAt: timeSchema,
  kind: z.enum(['request', 'upgrade']),
  version: z.enum(['1.1', '2']),
  secure: z.boolean(),
  method: z.string(),
  hostname: z.string(),
  service: z.string().nullable(),
  target: z.string().describe(`Path and query as sent. ${masked}`),
  status: z.int().describe('0: the client left before there was an answer'),
  upstream: z.object({ label: z.string(), address: z.string(), port: z.int() }).nullable(),
  bytesIn: z.int(),
  bytesOut: z.int(),
  totalMs: msSchema.nullable().describe('null while it runs'),
  error: z.string().nullable(),
};

/** One request, as lists show it. */
export const requestSchema = z.object(requestFields).meta({ id: 'Request' });

/** The last requests that fit the filter, newest first. */
export const requestsSchema = z
  .object({
    requests: z.array(requestSchema),
    next: z.int().nullable().describe('?before= of the next page; null where there is none'),
  })
  .meta({ id: 'Requests' });

const headersSchema = z.array(z.tuple([z.string(), z.string()])).describe(masked);

/** One request with all that is kept of it. Bodies are not. */
export const requestDetailSchema = z
  .object({
    ...requestFields,
    attempts: z.int(),
    requestHeaders: headersSchema,
    responseHeaders: headersSchema,
    timings: z.object({
      queueMs: msSchema.nullable().describe('Until it was known where to'),
      connectMs: msSchema.nullable().describe('Until a connection was there'),
      firstByteMs: msSchema.nullable().describe('From there to the head of the answer'),
      totalMs: msSchema.nullable(),
    }),
    curl: z.string().describe('The same request for a shell, secrets masked'),
    replayable: z.boolean().describe('GET or HEAD without a body'),
  })
  .meta({ id: 'RequestDetail' });

/** The answer to a request that was sent once more; it is among the requests like any other. */
export const replaySchema = z.object({ status: z.int(), totalMs: msSchema }).meta({ id: 'Replay' });

/** Ask for a new decision. */
export const decideAgainSchema = z
  .object({
    key: z.string().max(400).describe('hostname, or hostname:service'),
    prompt: z.string().max(500).exactOptional().describe('Context for the LLM'),
  })
  .meta({ id: 'DecideAgain' });

/** What one step of a decision said. */
export const decisionStepSchema = z.object({
  step: z.enum(['hint', 'name', 'llm']),
  outcome: z.enum(['decided', 'ambiguous', 'nothing', 'skipped', 'failed']),
  detail: z.string(),
  code: z.string().exactOptional(),
  candidates: z.array(z.string()).exactOptional(),
  prompt: z.string().exactOptional().describe('Exactly what left the machine, redacted'),
  requests: z.array(z.string()).exactOptional().describe('The requests with it, byte for byte'),
  answer: z.string().exactOptional(),
  model: z.string().exactOptional(),
  tokens: z.object({ prompt: z.int(), completion: z.int() }).exactOptional(),
  cost: z.number().exactOptional(),
  durationMs: msSchema,
});

/** An outcome without its place in time: what `resolve` prints. */
export const resolutionSchema = z
  .object({
    host: z.string(),
    service: z.string().exactOptional(),
    decision: z.enum(['hint', 'name', 'llm', 'none']),
    target: z.object({ id: z.string(), port: z.int() }).nullable(),
    confidence: z.number(),
    reason: z.string(),
    steps: z.array(decisionStepSchema),
  })
  .meta({ id: 'Resolution' });

/** A resolution that was made for a request or on demand. */
export const decisionSchema = resolutionSchema
  .extend({
    id: z.string(),
    at: timeSchema,
    occasion: z.string().describe('request, or second look'),
    durationMs: msSchema,
    candidateCount: z.int().describe('candidates has the first of them'),
    candidates: z.array(z.object({ id: z.string(), name: z.string(), ports: z.array(z.int()) })),
  })
  .meta({ id: 'Decision' });

/** The last decisions, newest first. */
export const decisionsSchema = z.object({ decisions: z.array(decisionSchema) }).meta({ id: 'Decisions' });

/** One line of the log. */
export const logLineSchema = z
  .object({
    id: z.int(),
    time: timeSchema,
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
    message: z.string(),
    fields: z.record(z.string(), z.unknown()).describe(masked),
  })
  .meta({ id: 'LogLine' });

/** The last lines that fit the filter, newest first. */
export const logsSchema = z.object({ lines: z.array(logLineSchema) }).meta({ id: 'Logs' });

/** The last lines that a container wrote, oldest first. */
export const serviceLogSchema = z.object({ lines: z.array(z.string().describe(masked)) }).meta({ id: 'ServiceLog' });

/** A setting as it is in force. */
export const settingSchema = z.object({
  environment: z.string().describe('Name of the variable'),
  flag: z.string().nullable(),
  value: z.string().describe(masked),
  source: z.enum(['flag', 'environment', 'file', 'caddyfile', 'default']),
  meaning: z.string(),
});

/** All settings. */
export const settingsSchema = z.object({ settings: z.array(settingSchema) }).meta({ id: 'Settings' });

/** What the LLM has cost since the start. */
export const spendSchema = z.object({
  calls: z.int(),
  failures: z.int(),
  promptTokens: z.int(),
  completionTokens: z.int(),
  cost: z.number().nullable().describe('In the currency of the server; null where none says'),
  budgetPerMinute: z.int(),
  leftThisMinute: z.int(),
});

/** How the program is. */
export const statusSchema = z
  .object({
    version: z.string(),
    pid: z.int(),
    startedAt: timeSchema,
    dataDir: z.string(),
    cacheFile: z.string(),
    domains: z.array(z.string()),
    ports: z.object({ https: z.int().nullable(), http: z.int().nullable() }).describe('null where nothing listens'),
    model: z.string().describe('Empty when no model is set'),
    llm: z.object({
      usable: z.boolean(),
      reason: z.string().describe('Which one would be asked, or why none is'),
      spend: spendSchema.exactOptional(),
    }),
    warnings: z.array(z.string()).describe('What does not work as it should, in words'),
    trust: z.object({
      trusted: z.boolean().nullable().describe('null when it is not known'),
      command: z.string().describe('Makes the system and the browsers trust the CA, to copy'),
      commands: z.array(z.string()).describe('The same by hand, store by store'),
      stores: z.array(z.object({ id: z.string(), title: z.string(), trusted: z.boolean() })),
    }),
    docker: z.object({
      connected: z.boolean(),
      detail: z.string().describe('How the engine is reached, or what is wrong with it; empty when there is none'),
    }),
    routes: z.int().describe('How many mappings there are'),
    lastError: z
      .object({ time: timeSchema, message: z.string() })
      .nullable()
      .describe('The last error of this run’s log'),
  })
  .meta({ id: 'Status' });
