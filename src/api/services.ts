/** Read-only views of the machine and of the program: services, a trial resolution, the status. */
import { Hono } from 'hono';
import type { Decision } from '../core/decision.ts';
import { AppError } from '../core/errors.ts';
import { oncePerObject } from '../core/once-per-object.ts';
import { candidatePorts, describeService, isCandidate, type Service, type Snapshot } from '../core/service.ts';
import { type Pausable, runInSlices } from '../core/slices.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { parseAppHostname, parseMappingKey } from './mapping-key.ts';
import { maskDecision, maskDeep, maskText } from './mask.ts';
import type { ControlParts, ResolveQuestion } from './parts.ts';
import type { Named, ServicesAnswer } from './wire.ts';

/** The routes below `/_api`, on the dashboard's host only. */
export function serviceRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/services', async () => jsonAnswer(await runInSlices(servicesView(parts, await parts.snapshot()))));
  routes.get('/status', async (c) => {
    // Our own commands have just changed a store, or are asked by a person how things are; others must not wait.
    const isSure = c.env.caller === 'control-socket' && c.req.query('trust') === 'now';
    if (isSure) await parts.lookAtTrust?.();
    else parts.onStatus?.();
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

/** A snapshot with the hostname of each service, secrets masked. Pauses after each. */
export function* servicesView(parts: ControlParts, snapshot: Snapshot): Pausable<ServicesAnswer> {
  const hostnames = parts.hostnames(snapshot);
  const answer: ServicesAnswer = { processes: [], containers: [], warnings: snapshot.warnings ?? [] };
  for (const service of snapshot.processes) {
    answer.processes.push(named(service, hostnames));
    yield;
  }
  for (const service of snapshot.containers) {
    answer.containers.push(named(service, hostnames));
    yield;
  }
  return answer;
}

function named<T extends Service>(service: T, hostnames: ReadonlyMap<string, string>): Named<T> {
  const view = maskedView(service) as Named<T>;
  const hostname = hostnames.get(service.id);
  return hostname === undefined ? view : { ...view, hostname };
}

/** What did not change is the same object in the next snapshot, and masking all of it takes 100 ms for 200 services. */
const maskedView = oncePerObject((service: Service): Named<Service> => {
  const ports = isCandidate(service) ? candidatePorts(service) : [];
  return { ...maskDeep(service), label: maskText(describeService(service)), ports };
});

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
    ...(query('explain') === undefined ? {} : { explain: true }),
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
