/**
 * A remembered decision: hostname -> who answers. The shape is the seed's; our own fields are additional and optional.
 */
import { z } from 'zod';
import { parseAuthority } from './hostname.ts';
import { identitySchema } from './identity.ts';

/** Where a mapping came from. `user` mappings are never moved or forced by the program. */
export const sourceSchema = z.enum(['hint', 'name', 'llm', 'user']);
/** See {@link sourceSchema}. */
export type MappingSource = z.infer<typeof sourceSchema>;

/**
 * Host that the upstream is sent: `preserve`, as the client sent it · `target`, the `localhost:PORT` that is dialled · or
 * a fixed `name[:port]`.
 */
export const hostSettingSchema = z
  .string()
  .refine((text) => text === 'preserve' || text === 'target' || parseAuthority(text) !== null, {
    message: 'expected preserve, target or a name[:port]',
  });

/** One entry of mappings.json. Unknown fields survive a rewrite. */
export const mappingSchema = z.looseObject({
  type: z.enum(['process', 'docker']),
  /** `localhost` (or a directory) for a process, the container's name for docker, a host for a fixed address. */
  target: z.string().min(1).max(4096),
  port: z.int().min(1).max(65_535),
  createdAt: z.string().max(64),
  llmReason: z.string().max(4096).default(''),
  processIdentifier: z
    .looseObject({ workdir: z.string().max(4096), commandPattern: z.string().max(4096).exactOptional() })
    .exactOptional(),
  identity: identitySchema.exactOptional(),
  source: sourceSchema.exactOptional(),
  /** 0..1, as the step that decided it said. */
  confidence: z.number().min(0).max(1).exactOptional(),
  /** Default: `preserve`; for a related service its own name. */
  host: hostSettingSchema.exactOptional(),
  /** `rewritten`: X-Forwarded-Host names {@link host}, too, for servers that check it (Rails). */
  forwardedHost: z.enum(['original', 'rewritten']).exactOptional(),
  /** Of a related service: pages send it the origin's cookies, and it sets cookies of the origin. Default: false. */
  cookies: z.boolean().exactOptional(),
  /** Path prefix -> who answers there. Each is checked by itself: mapping-paths.ts. */
  paths: z.record(z.string(), z.unknown()).exactOptional(),
});
/** See {@link mappingSchema}. */
export type Mapping = z.infer<typeof mappingSchema>;

/** What a PUT may say: the rest is derived. */
export const mappingInputSchema = z.looseObject({
  type: z.enum(['process', 'docker']),
  target: z.string().min(1).max(4096),
  port: z.int().min(1).max(65_535),
});
/** See {@link mappingInputSchema}. */
export type MappingInput = z.infer<typeof mappingInputSchema>;

/** The key of a mapping: the hostname, or `hostname:service` for a related service (`/_proxy/{service}/`). */
export function mappingKey(hostname: string, service?: string): string {
  return service === undefined ? hostname : `${hostname}:${service}`;
}

/** The parts of a {@link mappingKey}. */
export function splitMappingKey(key: string): { hostname: string; service?: string } {
  const colon = key.indexOf(':');
  return colon === -1 ? { hostname: key } : { hostname: key.slice(0, colon), service: key.slice(colon + 1) };
}

/** Form of the service in `/_proxy/{service}/` and in a key, in lower case. */
export const SERVICE_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?$/;

/** For people: the container, project or folder that a mapping means. Names only, fit for any page. */
export function describeMapping({ identity, processIdentifier, target, port }: Mapping): string {
  if (identity?.kind === 'container') return identity.name;
  const directory = identity?.root ?? identity?.workdir ?? processIdentifier?.workdir ?? target;
  const name = directory.split('/').findLast((part) => part !== '');
  return name === undefined || name === 'localhost' ? `port ${port}` : name;
}

/** Zod's issues as one line for people: `port: expected number, got "abc"`. */
export function issuesText(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ');
}
