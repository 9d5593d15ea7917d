/**
 * Find an LLM server on this machine, for people who set up none: among the known ports, only where something listens
 * whose name fits, by one harmless GET without any key. What else runs on those ports never hears of us.
 */
import { argvOf, commandWords, imageName } from '../core/command-words.ts';
import type { ContainerService, ProcessService, Snapshot } from '../core/service.ts';
import { readBody } from './llm-response.ts';
import { type Get, LOCAL_SERVERS, type LocalModel, type LocalServerKind } from './local-llm-servers.ts';

/** A server of this machine answers at once, also a busy one. */
const PROBE_TIMEOUT_MS = 500;

/** How to look. */
export interface LocalLook {
  snapshot: Snapshot;
  /** What the user set as MODEL: taken where a server has it. */
  model?: string | undefined;
  fetch?: typeof fetch;
  /** For one GET, in milliseconds; default 500. */
  timeoutMs?: number;
  /** Ports by the server's title, where tests have them elsewhere. */
  ports?: Readonly<Record<string, number>>;
}

/** A server with a model to ask. */
export interface LocalLlm {
  /** `Ollama`. */
  title: string;
  /** Base URL. */
  url: string;
  model: string;
  loaded: boolean;
}

/** Somebody, or why nobody; no reason where nothing was seen. */
export interface LocalFinding {
  llm?: LocalLlm;
  reason?: string;
  /** Titles of servers that listen and did not answer as such. */
  silent?: string[];
}

/** Look at what listens now. Never rejects; takes at most three GETs for each server that is there. */
export async function findLocalLlm(look: LocalLook): Promise<LocalFinding> {
  const seen = LOCAL_SERVERS.filter((kind) => mayAsk(kind, portOf(kind, look), look.snapshot));
  const answers = await Promise.all(
    seen.map(async (kind) => ({ kind, models: await kind.models(getter(portOf(kind, look), look)) })),
  );
  const found = answers.filter(({ models }) => models !== undefined);
  const offers = found.flatMap(({ kind, models = [] }) => models.map((model) => offerOf(kind, model, look)));
  const llm = offers.find(({ model }) => model === look.model) ?? offers.find(({ loaded }) => loaded) ?? offers[0];
  if (llm) return { llm };
  const silent = answers.filter(({ models }) => models === undefined).map(({ kind }) => kind.title);
  const [empty] = found;
  if (!empty) return { silent };
  return { silent, reason: `${empty.kind.title} runs here but has no chat model: ${empty.kind.hint}` };
}

function offerOf(kind: LocalServerKind, { id, loaded }: LocalModel, look: LocalLook): LocalLlm {
  return { title: kind.title, url: `http://127.0.0.1:${portOf(kind, look)}/v1`, model: id, loaded };
}

function portOf(kind: LocalServerKind, { ports = {} }: LocalLook): number {
  return ports[kind.title] ?? kind.port;
}

/** Does a listener on this port look like the server? On ports that others use, too, only its name counts. */
function mayAsk({ name, ownPort }: LocalServerKind, port: number, { processes, containers }: Snapshot): boolean {
  if (containers.some((one) => publishes(one, port) && name.test(imageName(one)))) return true;
  const holders = processes.filter((one) => listensOn(one, port));
  if (holders.some((one) => namesOf(one).some((text) => name.test(text)))) return true;
  return ownPort && holders.length > 0 && holders.every(({ command }) => command === '');
}

/** Only what 127.0.0.1 reaches. */
const REACHABLE = new Set(['127.0.0.1', '0.0.0.0', '*', '::', '::ffff:127.0.0.1', '']);

function listensOn({ listen }: ProcessService, port: number): boolean {
  return listen.some((one) => one.port === port && REACHABLE.has(one.address));
}

function publishes({ publish, hostListen = [], engineHost }: ContainerService, port: number): boolean {
  if (engineHost !== undefined) return false;
  return (
    publish.some(({ host, ip }) => host === port && REACHABLE.has(ip)) ||
    hostListen.some((one) => one.port === port && REACHABLE.has(one.address))
  );
}

function namesOf(service: ProcessService): string[] {
  const { program, script = '' } = commandWords(service);
  const [first = ''] = argvOf(service);
  return [service.command, program, script, first.slice(0, 400)];
}

/** One GET: no key, no redirect, little time, little memory. */
function getter(port: number, { fetch: request = fetch, timeoutMs = PROBE_TIMEOUT_MS }: LocalLook): Get {
  return async (path) => {
    try {
      const response = await request(`http://127.0.0.1:${port}${path}`, {
        headers: { accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      const body = await readBody(response);
      const json: unknown = JSON.parse(body ?? '');
      return { status: response.status, json, server: response.headers.get('server') };
    } catch {
      return undefined;
    }
  };
}
