/**
 * `/_api/openapi.json`: the control plane as OpenAPI 3.1, made from the schemas that tests hold the answers to.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { mappingInputSchema, mappingSchema } from '../core/mapping.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import * as schemas from './schemas.ts';

interface Operation {
  method: 'get' | 'put' | 'post' | 'delete';
  path: string;
  summary: string;
  /** Query parameter -> meaning. */
  query?: Record<string, string>;
  body?: z.ZodType;
  /** JSON of a 200; a text otherwise. */
  answer?: z.ZodType;
}

const HOST_QUERY = {
  host: 'shop.localhost',
  service: 'Sibling of it',
  mode: 'auto, llm or names',
  prompt: 'Context',
  explain: 'Also what is sent, byte for byte',
};

const OPERATIONS: readonly Operation[] = [
  { method: 'get', path: '/_api/status', summary: 'How the program is', answer: schemas.statusSchema },
  { method: 'get', path: '/_api/services', summary: 'What runs on this machine', answer: schemas.servicesSchema },
  {
    method: 'get',
    path: '/_api/services/{id}/log',
    summary: 'The last lines that a container wrote',
    answer: schemas.serviceLogSchema,
  },
  { method: 'get', path: '/_api/mappings/', summary: 'Every mapping', answer: schemas.mappingsSchema },
  { method: 'get', path: '/_api/mappings/{key}', summary: 'One mapping, with its ETag', answer: mappingSchema },
  {
    method: 'put',
    path: '/_api/mappings/{key}',
    summary: 'Set a mapping; with If-Match only if it is still the one that was read',
    body: mappingInputSchema,
  },
  { method: 'delete', path: '/_api/mappings/{key}', summary: 'Forget a mapping; If-Match as with PUT' },
  {
    method: 'get',
    path: '/_api/routes',
    summary: 'Every mapping with what it reaches now',
    answer: schemas.routesSchema,
  },
  {
    method: 'get',
    path: '/_api/traffic',
    summary: 'The last 15 minutes of each route',
    query: { route: 'Only of this one; several times for several' },
    answer: schemas.trafficSchema,
  },
  {
    method: 'get',
    path: '/_api/requests',
    summary: 'The last requests, newest first',
    query: {
      route: 'Key of a route',
      status: '404, 4xx, error or open',
      text: 'In method, URL or error',
      before: 'Only older ones than this id',
      limit: 'At most this many',
    },
    answer: schemas.requestsSchema,
  },
  { method: 'get', path: '/_api/requests/{id}', summary: 'One request in full', answer: schemas.requestDetailSchema },
  {
    method: 'post',
    path: '/_api/requests/{id}/replay',
    summary: 'Send a GET or HEAD once more',
    answer: schemas.replaySchema,
  },
  {
    method: 'get',
    path: '/_api/resolve',
    summary: 'Decide without remembering',
    query: HOST_QUERY,
    answer: schemas.resolutionSchema,
  },
  {
    method: 'get',
    path: '/_api/decisions',
    summary: 'The last decisions with their trace',
    answer: schemas.decisionsSchema,
  },
  {
    method: 'post',
    path: '/_api/decisions',
    summary: 'Decide a hostname anew and remember the outcome',
    body: schemas.decideAgainSchema,
    answer: schemas.decisionSchema,
  },
  {
    method: 'get',
    path: '/_api/logs',
    summary: 'The last lines of the log, newest first',
    query: { level: 'This and worse', text: 'Anywhere in the line' },
    answer: schemas.logsSchema,
  },
  { method: 'get', path: '/_api/settings', summary: 'Settings in force', answer: schemas.settingsSchema },
];

/** The route. */
export function openapiRoutes(version: () => string): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  let made: unknown;
  routes.get('/openapi.json', () => {
    made ??= openapiDocument(version());
    return jsonAnswer(made);
  });
  routes.all('/openapi.json', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  return routes;
}

/** The whole document. */
export function openapiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) };
  }
  paths['/_api/events'] = { get: eventsObject() };
  return {
    openapi: '3.1.0',
    info: { title: 'hostwise', version, description: 'What goes where on this machine, and how to change it.' },
    servers: [{ url: 'https://proxy.localhost' }],
    paths,
  };
}

function operationObject({ path, summary, query = {}, body, answer }: Operation): Record<string, unknown> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter('path', name ?? '', ''));
  const parameters = [...inPath, ...Object.entries(query).map(([name, meaning]) => parameter('query', name, meaning))];
  return {
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: json(body, 'input') } } : {}),
    responses: {
      200: answer
        ? { description: 'OK', content: json(answer, 'output') }
        : { description: 'OK', content: { 'text/plain': { schema: { type: 'string' } } } },
      default: {
        description: 'A refusal or failure (RFC 9457)',
        content: { 'application/problem+json': { schema: schemaOf(schemas.problemSchema, 'output') } },
      },
    },
  };
}

function eventsObject(): Record<string, unknown> {
  const description = 'Server-sent events: changed, requests, figures, logs, lag';
  return {
    summary: 'What changes, as it happens',
    responses: { 200: { description, content: { 'text/event-stream': { schema: { type: 'string' } } } } },
  };
}

function parameter(place: 'path' | 'query', name: string, description: string): Record<string, unknown> {
  return {
    name,
    in: place,
    required: place === 'path',
    schema: { type: 'string' },
    ...(description === '' ? {} : { description }),
  };
}

function json(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return { 'application/json': { schema: schemaOf(schema, io) } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return rest;
}
