/** A control plane over real sockets, with stand-ins for what it asks: HTTP/1.1 and HTTP/2 as the proxy calls it. */
import { once } from 'node:events';
import http, { type IncomingHttpHeaders } from 'node:http';
import http2, { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { type ControlPlaneServer, createControlPlane } from '../../../src/api/control-plane.ts';
import type { ControlParts } from '../../../src/api/parts.ts';
import { AppError } from '../../../src/core/errors.ts';
import { classifyHostname, parseAuthority } from '../../../src/core/hostname.ts';
import type { AnyRequest, AnyResponse } from '../../../src/core/http-message.ts';
import type { Mapping } from '../../../src/core/mapping.ts';
import { candidatesOf, isContainer, type Snapshot } from '../../../src/core/service.ts';
import { LogRing } from '../../../src/platform/log-ring.ts';
import { Decisions } from '../../../src/resolve/decisions.ts';
import { WaitWatch } from '../../../src/resolve/wait-watch.ts';
import { Traffic } from '../../../src/traffic/traffic.ts';

export const API_TOKEN = 'api-token-of-this-start';
export const PAGE_TOKEN = 'page-token-of-this-start';
const OWN_UID = 4242;

export const SNAPSHOT: Snapshot = {
  processes: [
    {
      id: 'p1',
      pid: 1,
      ppid: 0,
      command: 'node',
      args: 'node server.js --api-key sk-1234567890abcdefgh',
      cwd: '/home/kim/shop',
      listen: [{ address: '127.0.0.1', port: 5173 }],
      project: { root: '/home/kim/shop', name: 'shop', workspace: null },
      git: null,
    },
  ],
  containers: [
    {
      id: 'c1',
      name: 'shop-db-1',
      image: 'postgres:16',
      expose: [5432],
      publish: [],
      compose: null,
      labels: {},
    },
  ],
};

export interface ControlServer {
  control: ControlPlaneServer;
  mappings: Map<string, Mapping>;
  /** What `peerUid` answers from now on. */
  peer: { uid: number | undefined; calls: number };
  port: number;
  h2Port: number;
  logged: string[];
  request(options: Ask): Promise<Answer>;
  close(): Promise<void>;
}

export interface Ask {
  path: string;
  host?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  version?: '1.1' | '2';
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  json(): unknown;
}

/** Headers of our own dashboard's fetch. */
export function fromDashboard(server: ControlServer, headers: Record<string, string> = {}): Record<string, string> {
  return {
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    origin: `http://proxy.localhost:${server.port}`,
    ...headers,
  };
}

/** Headers of a typed URL. */
export const TYPED: Readonly<Record<string, string>> = {
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html,*/*;q=0.8',
};

export async function serveControl(overrides: Partial<ControlParts> = {}): Promise<ControlServer> {
  const mappings = new Map<string, Mapping>();
  const peer: ControlServer['peer'] = { uid: OWN_UID, calls: 0 };
  const logged: string[] = [];
  const ports: { https: number | null; http: number | null } = { https: null, http: null };
  const control = createControlPlane({ ...standIns(mappings, peer, logged, ports), ...overrides });
  const h1 = http.createServer((request, response) => dispatch(control, request, response));
  // Like the proxy's listener: Expect is for whoever answers.
  h1.on('checkContinue', (request, response) => dispatch(control, request, response));
  const h2 = http2.createServer();
  // The proxy builds the compatibility objects itself, from the stream.
  h2.on('stream', (given, headers, _flags, rawHeaders) => {
    const stream = given as http2.ServerHttp2Stream;
    stream.on('error', () => {});
    const request = new Http2ServerRequest(stream, headers, {}, rawHeaders as unknown as string[]);
    dispatch(control, request, new Http2ServerResponse(stream));
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  h2.on('session', (session) => sessions.add(session));
  const [port, h2Port] = await Promise.all([listen(h1), listen(h2)]);
  ports.http = port;
  return {
    control,
    mappings,
    peer,
    port,
    h2Port,
    logged,
    request: (ask) => (ask.version === '2' ? askHttp2(h2Port, ask) : askHttp1(port, ask)),
    close: async () => {
      for (const session of sessions) session.destroy();
      h1.closeAllConnections();
      await Promise.all([new Promise((done) => h1.close(done)), new Promise((done) => h2.close(done))]);
    },
  };
}

function standIns(
  mappings: Map<string, Mapping>,
  peer: ControlServer['peer'],
  logged: string[],
  ports: { https: number | null; http: number | null },
): ControlParts {
  return {
    store: {
      get: (key) => mappings.get(key),
      all: () => Object.fromEntries(mappings),
      set: async (key, mapping) => void mappings.set(key, mapping),
      delete: async (key) => mappings.delete(key),
    },
    onMappings: () => () => {},
    snapshot: async () => SNAPSHOT,
    recentSnapshot: async () => SNAPSHOT,
    lastSnapshot: () => SNAPSHOT,
    onSnapshot: () => () => {},
    traffic: new Traffic(),
    replay: async () => ({ status: 200, totalMs: 3 }),
    decisions: new Decisions(),
    decideAgain: async () => {},
    containerLog: async () => ({ problem: 'the Docker engine is not there' }),
    stoppedContainerLog: async () => ({ problem: 'the Docker engine is not there' }),
    waits: new WaitWatch({
      route: async () => ({ kind: 'away', label: 'shop', detail: 'it stopped' }),
      answers: async () => true,
      underWay: () => undefined,
      onBug: (error) => void logged.push(String(error)),
    }),
    logs: new LogRing(),
    settings: () => [],
    dashboardAssets: async () => undefined,
    hostnames: (snapshot) => new Map(snapshot.processes.map(({ id }) => [id, 'shop.localhost'])),
    resolve: async ({ host, service }) => ({
      host,
      ...(service === undefined ? {} : { service }),
      decision: 'none',
      target: null,
      confidence: 0,
      reason: 'no name fits',
      steps: [],
      resolved: null,
      candidates: candidatesOf(SNAPSHOT),
    }),
    mappingFromInput: ({ type, target, port }) => {
      if (target === 'nowhere') throw new AppError('ROUTE_BAD_TARGET', 'There is no container “nowhere”');
      return { type, target, port, createdAt: '2026-01-01T00:00:00.000Z', llmReason: 'Set by you', source: 'user' };
    },
    mappingForChoice: (service, port) => ({
      type: isContainer(service) ? 'docker' : 'process',
      target: isContainer(service) ? service.name : 'localhost',
      port,
      createdAt: '2026-01-01T00:00:00.000Z',
      llmReason: 'Chosen by you',
      source: 'user',
    }),
    info: () => ({
      version: '1.2.3',
      pid: 4711,
      startedAt: '2026-01-01T00:00:00.000Z',
      dataDir: '/home/kim/.local/share/hostwise',
      cacheFile: '/home/kim/.local/share/hostwise/mappings.json',
      domains: ['localhost', 'dev.test'],
      ports,
      model: 'some/model',
      llm: { usable: false, reason: 'no key is set' },
      warnings: ['Docker does not answer'],
      docker: { connected: false, detail: '' },
      routes: 2,
      lastError: null,
      trust: { trusted: false, command: 'hostwise trust', commands: ['sudo hostwise trust'], stores: [] },
    }),
    apiToken: API_TOKEN,
    pageToken: PAGE_TOKEN,
    peerUid: async (_socket: Socket) => {
      peer.calls++;
      return peer.uid;
    },
    ownUid: OWN_UID,
    log: {
      warn: (_fields, message) => void logged.push(message),
      error: (fields, message) => void logged.push(`${message} ${String((fields as { err?: unknown }).err)}`),
    },
  };
}

/** The proxy's part: which hostname, and whose. */
function dispatch(control: ControlPlaneServer, request: AnyRequest, response: AnyResponse): void {
  const authority = request.headers[':authority'] ?? request.headers.host;
  const hostname = parseAuthority(String(authority))?.hostname ?? '';
  const host = classifyHostname(hostname, ['localhost', 'dev.test']);
  if (host.kind !== 'foreign') {
    control.handle(request, response, host.kind, hostname);
    return;
  }
  response.statusCode = 421;
  response.end();
}

async function listen(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function askHttp1(
  port: number,
  { path, host = 'shop.localhost', method = 'GET', headers, body }: Ask,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: {
        host: `${host}:${port}`,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    });
    let answered = false;
    request.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(toAnswer(response.statusCode ?? 0, response.headers, chunks)));
      response.on('error', reject);
    });
    // After an early refusal the rest of the body has nobody to go to.
    request.on('error', (error) => (answered ? undefined : reject(error)));
    request.end(body);
  });
}

function askHttp2(
  port: number,
  { path, host = 'shop.localhost', method = 'GET', headers, body }: Ask,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 64 });
    session.on('error', reject);
    const stream = session.request({
      ':method': method,
      ':path': path,
      ':authority': `${host}:${port}`,
      ...headers,
    });
    let status = 0;
    let answer: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (got) => {
      status = Number(got[':status']);
      answer = got;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => (status === 0 ? reject(error) : undefined));
    stream.on('close', () => {
      session.destroy();
      resolve(toAnswer(status, answer, chunks));
    });
    stream.end(body);
  });
}

function toAnswer(status: number, headers: IncomingHttpHeaders, chunks: Buffer[]): Answer {
  const body = Buffer.concat(chunks).toString();
  return { status, headers, body, json: () => JSON.parse(body) as unknown };
}
