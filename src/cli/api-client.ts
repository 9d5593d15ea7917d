/**
 * Talks to the running daemon over its control socket. The socket is our user's alone (0600), so no token is needed;
 * its answers are checked all the same, since another version may run.
 */
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { StatusAnswer } from '../api/wire.ts';
import type { Decision } from '../core/decision.ts';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { issuesText, type Mapping, mappingSchema } from '../core/mapping.ts';
import { type Snapshot, snapshotSchema } from '../core/service.ts';

/** A daemon that works answers at once, or after one scan. */
const USUAL_TIMEOUT_MS = 20_000;
const ASK_AGAIN_MS = 50;
/** A decision may wait for a local model that is loaded first. */
const RESOLVE_TIMEOUT_MS = 180_000;
/** A thousand services with long command lines are under 10 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The part of the status that the commands use. */
export type DaemonStatus = Pick<StatusAnswer, 'version' | 'ports' | 'domains' | 'cacheFile'> & { trusted: boolean };

const statusSchema = z.looseObject({
  version: z.string(),
  cacheFile: z.string(),
  domains: z.array(z.string()).min(1),
  ports: z.object({ https: z.number().nullable(), http: z.number().nullable() }),
  trust: z.looseObject({ trusted: z.boolean().nullable() }),
});

const stepSchema = z.looseObject({
  step: z.enum(['hint', 'name', 'llm']),
  outcome: z.enum(['decided', 'ambiguous', 'nothing', 'skipped', 'failed']),
  detail: z.string(),
  candidates: z.array(z.string()).exactOptional(),
  prompt: z.string().exactOptional(),
  answer: z.string().exactOptional(),
  model: z.string().exactOptional(),
  tokens: z.object({ prompt: z.number(), completion: z.number() }).exactOptional(),
  cost: z.number().exactOptional(),
  durationMs: z.number(),
});

const decisionSchema = z.looseObject({
  host: z.string(),
  service: z.string().exactOptional(),
  decision: z.enum(['hint', 'name', 'llm', 'none']),
  target: z.object({ id: z.string(), port: z.number() }).nullable(),
  confidence: z.number(),
  reason: z.string(),
  steps: z.array(stepSchema),
});

const refusalSchema = z.looseObject({ detail: z.string(), hint: z.string().exactOptional() });

/** A question for the daemon's resolver. */
export interface DaemonQuestion {
  host: string;
  service?: string;
  mode?: string;
  prompt?: string;
  /** '' for yes. */
  explain?: string;
}

/** What the LLM has cost. */
const spendSchema = z.looseObject({
  calls: z.number(),
  failures: z.number(),
  promptTokens: z.number(),
  completionTokens: z.number(),
  cost: z.number().nullable(),
});

/** What `status` shows. What an older daemon does not say is what is usual. */
const reportSchema = z.looseObject({
  version: z.string(),
  startedAt: z.string(),
  dataDir: z.string(),
  cacheFile: z.string(),
  domains: z.array(z.string()),
  ports: z.object({ https: z.number().nullable(), http: z.number().nullable() }),
  llm: z.looseObject({ usable: z.boolean(), reason: z.string(), spend: spendSchema.exactOptional() }),
  docker: z.looseObject({ connected: z.boolean(), detail: z.string() }).default({ connected: false, detail: '' }),
  routes: z.number().default(0),
  trust: z.looseObject({
    trusted: z.boolean().nullable(),
    stores: z.array(z.looseObject({ id: z.string(), title: z.string(), trusted: z.boolean() })).default([]),
  }),
  lastError: z.looseObject({ time: z.string(), message: z.string() }).nullable().default(null),
  warnings: z.array(z.string()),
});

/** See {@link reportSchema}. */
export type DaemonReport = z.infer<typeof reportSchema>;

/** See the file's header. */
export class ApiClient {
  readonly status: DaemonStatus;
  readonly #socketPath: string;

  private constructor(socketPath: string, status: DaemonStatus) {
    this.#socketPath = socketPath;
    this.status = status;
  }

  /**
   * The daemon behind this socket; undefined when there is none: no socket, or one that nobody listens on any more.
   * @throws {AppError} DAEMON_UNREACHABLE when somebody is there but does not answer as a daemon does
   */
  static async find(socketPath: string): Promise<ApiClient | undefined> {
    const answer = await askOnceStarted(socketPath);
    if (answer === undefined) return undefined;
    const { version, ports, domains, cacheFile, trust } = read(answer, statusSchema, 'status');
    return new ApiClient(socketPath, { version, ports, domains, cacheFile, trusted: trust.trusted === true });
  }

  /** All of its state, with trust as it is at this moment. */
  async report(): Promise<DaemonReport> {
    return read(await this.#ask('GET', '/_api/status?trust=now'), reportSchema, 'status');
  }

  /** What runs now, hostname with each. */
  async services(): Promise<Snapshot> {
    return read(await this.#ask('GET', '/_api/services'), snapshotSchema, 'services');
  }

  /** All mappings. */
  async mappings(): Promise<Record<string, Mapping>> {
    const mappings = z.record(z.string(), mappingSchema);
    return read(await this.#ask('GET', '/_api/mappings/'), mappings, 'mappings');
  }

  /** Remember what the user says. @param key a mapping's, or with a path behind it. @throws {AppError} ROUTE_BAD_TARGET with the daemon's words */
  async setMapping(key: string, input: object): Promise<void> {
    await this.#ask('PUT', `/_api/mappings/${encodeURIComponent(key)}`, input);
  }

  /** Forget a mapping; nothing happens when there is none. */
  async deleteMapping(key: string): Promise<void> {
    await this.#ask('DELETE', `/_api/mappings/${encodeURIComponent(key)}`);
  }

  /** Decide without remembering. */
  async resolve(question: DaemonQuestion): Promise<Decision> {
    const query = new URLSearchParams({ ...question });
    const answer = await this.#ask('GET', `/_api/resolve?${query}`, undefined, RESOLVE_TIMEOUT_MS);
    return read(answer, decisionSchema, 'decision');
  }

  async #ask(method: string, path: string, body?: unknown, timeoutMs = USUAL_TIMEOUT_MS): Promise<Answer> {
    const answer = await call(this.#socketPath, { method, path, timeoutMs, ...(body === undefined ? {} : { body }) });
    if (answer === undefined) throw unreachable('it stopped meanwhile');
    if (answer.status < 300) return answer;
    throw refusal(answer);
  }
}

interface Question {
  method: string;
  path: string;
  body?: unknown;
  timeoutMs: number;
}

interface Answer {
  status: number;
  text: string;
}

/** A daemon that is still starting says so, and is asked again. */
async function askOnceStarted(socketPath: string): Promise<Answer | undefined> {
  const deadline = Date.now() + USUAL_TIMEOUT_MS;
  for (;;) {
    const answer = await call(socketPath, { method: 'GET', path: '/_api/status', timeoutMs: USUAL_TIMEOUT_MS });
    if (answer?.status !== 503 || Date.now() > deadline) return answer;
    await delay(ASK_AGAIN_MS);
  }
}

/** One request. @returns undefined when nobody listens */
async function call(socketPath: string, question: Question): Promise<Answer | undefined> {
  try {
    return await send(socketPath, question);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES' || code === 'EPERM') throw unreachable(`"${socketPath}" belongs to another user`, error);
    throw unreachable(messageOf(error), error);
  }
}

function send(socketPath: string, { method, path, body, timeoutMs }: Question): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    host: 'proxy.localhost',
    accept: 'application/json',
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request({ socketPath, method, path, headers, agent: false, signal }, (incoming) => {
      collect(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, text }), reject);
    });
    outgoing.on('error', (error) => reject(signal.aborted ? new Error(`no answer in ${timeoutMs / 1000} s`) : error));
    outgoing.end(payload);
  });
}

async function collect(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function read<Shape extends z.ZodType>({ status, text }: Answer, shape: Shape, what: string): z.output<Shape> {
  if (status >= 300) throw refusal({ status, text });
  const parsed = shape.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw unreachable(`its ${what} is not what this version understands: ${issuesText(parsed.error)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The daemon's own words, or the status where it has none. */
function refusal({ status, text }: Answer): AppError {
  const parsed = refusalSchema.safeParse(parseJson(text));
  if (!parsed.success) return unreachable(`it answered with status ${status}`);
  const { detail, hint } = parsed.data;
  const code = status >= 400 && status < 500 ? 'ROUTE_BAD_TARGET' : 'DAEMON_UNREACHABLE';
  return new AppError(code, detail, hint === undefined ? {} : { hint });
}

function unreachable(reason: string, cause?: unknown): AppError {
  return new AppError('DAEMON_UNREACHABLE', `The running hostwise cannot be asked: ${reason}`, {
    hint: 'hostwise restart, or use another --data-dir',
    ...(cause === undefined ? {} : { cause }),
  });
}
