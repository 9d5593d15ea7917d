/** Read-only views of the machine and of the program: services, a trial resolution, the status. */
import { Hono } from 'hono';
import type { Decision } from '../core/decision.ts';
import { AppError } from '../core/errors.ts';
import { candidatePorts, describeService, isCandidate, type Service, type Snapshot } from '../core/service.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseAppHostname, parseMappingKey } from './mapping-key.ts';
import { maskDecision, maskDeep, maskText } from './mask.ts';
import type { ControlParts, ResolveQuestion } from './parts.ts';
import type { Named, ServicesAnswer } from './wire.ts';

/** The routes below `/_api`, on the dashboard's host only. */
export function serviceRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/services', async () => jsonAnswer(servicesView(parts, await parts.snapshot())));
  routes.get('/status', () => {
    parts.onStatus?.();
    return jsonAnswer(maskDeep(parts.info()));
  });
  routes.get('/resolve', async (c) => jsonAnswer(maskDecision(await trial(parts, (name) => c.req.query(name)))));
  for (const path of ['/services', '/status', '/resolve']) {
    routes.all(path, (c) => {
      throw new MethodError(c.req.method, ['GET', 'HEAD']);
    });
  }
  return routes;
}

/** A snapshot with the hostname of each service, secrets masked. */
export function servicesView(parts: ControlParts, snapshot: Snapshot): ServicesAnswer {
  const hostnames = parts.hostnames(snapshot);
  const named = <T extends Service>(service: T): Named<T> => {
    const hostname = hostnames.get(service.id);
    const label = maskText(describeService(service));
    const ports = isCandidate(service) ? candidatePorts(service) : [];
    return { ...maskDeep(service), label, ports, ...(hostname === undefined ? {} : { hostname }) };
  };
  return {
    processes: snapshot.processes.map(named),
    containers: snapshot.containers.map(named),
    warnings: snapshot.warnings ?? [],
  };
}

/** Longest hint for the LLM. */
const MAX_PROMPT_LENGTH = 500;
const MODES = ['auto', 'llm', 'names'] as const;

async function trial(parts: ControlParts, query: (name: string) => string | undefined): Promise<Decision> {
  const host = query('host');
  if (host === undefined || host === '') throw new AppError('API_BAD_REQUEST', 'Say which host: ?host=shop.localhost');
  const question = readQuestion(host, query);
  const invalid = invalidHost(parts, question);
  if (invalid !== undefined) return nothing(question, invalid);
  const decision = await parts.resolve(question);
  const { service, target, confidence, reason, steps } = decision;
  // Field by field: the services that the decision carries along are no part of this answer.
  return {
    host: decision.host,
    ...(service === undefined ? {} : { service }),
    decision: decision.decision,
    target,
    confidence,
    reason,
    steps,
  };
}

function readQuestion(host: string, query: (name: string) => string | undefined): ResolveQuestion {
  const service = query('service');
  const prompt = query('prompt')?.slice(0, MAX_PROMPT_LENGTH);
  const given = query('mode');
  const mode = MODES.find((one) => one === given);
  if (given !== undefined && mode === undefined) {
    throw new AppError('API_BAD_REQUEST', `“${given.slice(0, 40)}” is no mode`, { hint: `One of ${MODES.join(', ')}` });
  }
  return {
    host: host.toLowerCase(),
    ...(service === undefined ? {} : { service }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(mode === undefined ? {} : { mode }),
  };
}

function invalidHost(parts: ControlParts, { host, service }: ResolveQuestion): string | undefined {
  const { domains } = parts.info();
  try {
    if (service === undefined) parseAppHostname(host, domains);
    else parseMappingKey(`${host}:${service}`, domains);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

function nothing({ host, service }: ResolveQuestion, reason: string): Decision {
  return {
    host: host.slice(0, 300),
    ...(service === undefined ? {} : { service }),
    decision: 'none',
    target: null,
    confidence: 0,
    reason,
    steps: [],
  };
}
