/**
 * Where the Docker engine is asked, by docker's own rules: DOCKER_HOST, else the context (DOCKER_CONTEXT, else the
 * current one of config.json), else the usual sockets. Read anew for each connection, since contexts are switched.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, systemCode } from '../../core/errors.ts';
import { readRegularFile } from '../../platform/regular-file.ts';

/** Certificates of a tcp engine. */
export interface EngineTls {
  ca?: string;
  cert?: string;
  key?: string;
  /** False: whoever answers is believed (`SkipTLSVerify`, or DOCKER_TLS without DOCKER_TLS_VERIFY). */
  verify: boolean;
}

/** One way to an engine. `called` is how the user would write it. */
export type EngineAddress =
  | { kind: 'unix'; path: string; called: string }
  | { kind: 'tcp'; host: string; port: number; tls?: EngineTls; called: string }
  | { kind: 'ssh'; host: string; user?: string; port?: number; path?: string; called: string };

/** What the rules are applied to. */
export interface EngineSurroundings {
  /** DOCKER_HOST, wherever it was set. */
  dockerHost?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** '' when there is none. */
  home: string;
}

/** Ways in the order to try them, or why there is none. Both empty is impossible. */
export type EngineChoice = { addresses: EngineAddress[] } | { warning: string };

/** The engine's port without and with TLS, where a tcp address names none. */
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;
/** config.json and meta.json are small; what is larger is something else. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Find out whom to ask. Never rejects: nonsense is a warning. */
export async function chooseEngine(surroundings: EngineSurroundings): Promise<EngineChoice> {
  const { dockerHost, env } = surroundings;
  try {
    if (dockerHost)
      return { addresses: [await withEnvTls(parseEngineAddress(dockerHost, 'DOCKER_HOST'), surroundings)] };
    const context = env.DOCKER_CONTEXT || (await currentContext(surroundings));
    if (context && context !== 'default') return { addresses: [await contextAddress(context, surroundings)] };
    return { addresses: usualSockets(surroundings) };
  } catch (error) {
    return { warning: messageOf(error) };
  }
}

/**
 * An address as docker writes it.
 * @param source how the user would find it: `DOCKER_HOST`
 * @throws with words for a person
 */
export function parseEngineAddress(text: string, source: string): EngineAddress {
  const nonsense = new Error(
    `${source} is “${shown(text)}”, which is no Docker address: expected unix:///path, tcp://host:port or ssh://user@host`,
  );
  const called = shown(text);
  const unix = /^unix:\/\/(\/[^\0]+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: 'unix', path: unix, called };
  // WHATWG URLs do not know these schemes' hosts: parsed as http, they are checked like any other host.
  const scheme = /^(tcp|http|https|ssh):\/\//.exec(text)?.[1];
  const asHttp = scheme && `http://${text.slice(scheme.length + 3)}`;
  if (!asHttp || !URL.canParse(asHttp)) throw nonsense;
  const url = new URL(asHttp);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '' || host.startsWith('-') || url.password !== '' || url.search !== '') throw nonsense;
  if (scheme === 'ssh') return { ...sshParts(url), kind: 'ssh', host, called };
  if (url.username !== '' || (url.pathname !== '/' && url.pathname !== '')) throw nonsense;
  const port = url.port === '' ? portWithout(asHttp, scheme) : Number(url.port);
  if (port === 0) throw nonsense;
  return { kind: 'tcp', host, port, called, ...(scheme === 'https' ? { tls: { verify: true } } : {}) };
}

/** `http://h:80` loses its port when it is parsed, since 80 is http's own. */
function portWithout(asHttp: string, scheme: string | undefined): number {
  if (/:80\/?$/.test(asHttp)) return 80;
  return scheme === 'https' ? TLS_PORT : PLAIN_PORT;
}

function sshParts(url: URL): { user?: string; port?: number; path?: string } {
  const user = decodeURIComponent(url.username);
  if (user.startsWith('-')) throw new Error(`the user “${shown(user)}” of the ssh address starts with a hyphen`);
  return {
    ...(user === '' ? {} : { user }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.pathname === '/' || url.pathname === '' ? {} : { path: url.pathname }),
  };
}

/** Printable, and without what somebody may have put before an @ as a password. */
function shown(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/^([a-z]+:\/\/[^:@/]*):.*@/i, '$1:…@')
    .slice(0, 200);
}

/** DOCKER_TLS_VERIFY and DOCKER_CERT_PATH belong to DOCKER_HOST; contexts bring their own. */
async function withEnvTls(address: EngineAddress, surroundings: EngineSurroundings): Promise<EngineAddress> {
  const { env } = surroundings;
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  if (address.kind !== 'tcp' || !(verify || env.DOCKER_TLS)) return address;
  const folder = env.DOCKER_CERT_PATH || configFolder(surroundings);
  const port = address.port === PLAIN_PORT && !/:2375\/?$/.test(address.called) ? TLS_PORT : address.port;
  return { ...address, port, tls: { ...(await certificates(folder)), verify } };
}

async function certificates(folder: string): Promise<Omit<EngineTls, 'verify'>> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => text(path.join(folder, name))),
  );
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

function configFolder({ env, home }: EngineSurroundings): string {
  return env.DOCKER_CONFIG || path.join(home || '/nonexistent', '.docker');
}

const configSchema = z.looseObject({ currentContext: z.string().exactOptional() });
const metaSchema = z.looseObject({
  Endpoints: z.looseObject({
    docker: z.looseObject({ Host: z.string(), SkipTLSVerify: z.boolean().exactOptional() }),
  }),
});

async function currentContext(surroundings: EngineSurroundings): Promise<string | undefined> {
  const file = path.join(configFolder(surroundings), 'config.json');
  const config = await text(file);
  if (config === undefined) return undefined;
  const parsed = configSchema.safeParse(json(config));
  // docker itself goes on with a broken config.json, with a word about it.
  return parsed.success ? parsed.data.currentContext : undefined;
}

/** A context lies in a folder named by the digest of its name. */
async function contextAddress(name: string, surroundings: EngineSurroundings): Promise<EngineAddress> {
  const digest = createHash('sha256').update(name).digest('hex');
  const contexts = path.join(configFolder(surroundings), 'contexts');
  const meta = await text(path.join(contexts, 'meta', digest, 'meta.json'));
  if (meta === undefined) throw new Error(`the Docker context “${shown(name)}” is not there: see docker context ls`);
  const parsed = metaSchema.safeParse(json(meta));
  if (!parsed.success) throw new Error(`the Docker context “${shown(name)}” has no usable meta.json`);
  const { Host, SkipTLSVerify } = parsed.data.Endpoints.docker;
  const address = parseEngineAddress(Host, `the host of the Docker context “${shown(name)}”`);
  if (address.kind !== 'tcp') return address;
  const tls = await certificates(path.join(contexts, 'tls', digest, 'docker'));
  const isTls = address.tls !== undefined || Object.keys(tls).length > 0;
  return isTls ? { ...address, tls: { ...tls, verify: SkipTLSVerify !== true } } : address;
}

/** Docker's own, then rootless, Docker Desktop, OrbStack, Colima and Rancher Desktop, which set a context as a rule. */
function usualSockets({ env, home }: EngineSurroundings): EngineAddress[] {
  const inHome = ['.docker/run', '.docker/desktop', '.orbstack/run', '.colima/default', '.colima', '.rd'];
  const files = [
    '/var/run/docker.sock',
    ...(env.XDG_RUNTIME_DIR ? [path.join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    ...(home === '' ? [] : inHome.map((folder) => path.join(home, folder, 'docker.sock'))),
  ];
  return files.map((file) => ({ kind: 'unix', path: file, called: `unix://${file}` }));
}

/** A file's text; undefined where there is none. @throws when it may not be read or is no such file */
async function text(file: string): Promise<string | undefined> {
  try {
    return await readRegularFile(file, MAX_FILE_BYTES);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw new Error(`the Docker configuration cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function json(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
