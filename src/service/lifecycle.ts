/**
 * The daemon's side of `start`, `stop` and `restart`: who it is, and the request to end. Over the control socket only,
 * which is its user's alone; no page and no port leads here. Answers from the first moment on, also while it starts.
 */
import type http from 'node:http';
import { z } from 'zod';

/** Who started the program, and so who would start it again. */
export const RUN_BY = ['terminal', 'start', 'systemd', 'systemd-user', 'launchd', 'launchd-daemon'] as const;
/** One of {@link RUN_BY}. */
export type RunBy = (typeof RUN_BY)[number];

/** Which process this is. */
export const identitySchema = z.looseObject({
  program: z.literal('hostwise'),
  pid: z.int().positive(),
  version: z.string(),
  runBy: z.enum(RUN_BY),
  state: z.enum(['starting', 'running', 'stopping']),
  /** As `run` got them: for a restart with the same ones. */
  flags: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});

/** See {@link identitySchema}. */
export type Identity = z.infer<typeof identitySchema>;

/** A program that ends with this code asks whoever supervises it for a new start (sysexits.h: EX_TEMPFAIL). */
export const RESTART_EXIT_CODE = 75;

const IDENTITY_PATH = '/_daemon/identity';
const STOP_PATH = '/_daemon/stop';
const RESTART_PATH = '/_daemon/restart';

/** Paths below the control socket. */
export const LIFECYCLE_PATHS = { identity: IDENTITY_PATH, stop: STOP_PATH, restart: RESTART_PATH } as const;

/** What is asked of the program. */
export type EndRequest = 'stop' | 'restart';

/** See the file's header. */
export class Lifecycle {
  /** Settles when somebody asks for the end. */
  readonly requested: Promise<EndRequest>;
  readonly #about: Pick<Identity, 'version' | 'runBy' | 'flags'>;
  #state: Identity['state'] = 'starting';
  #request: (what: EndRequest) => void = () => {};

  constructor(about: Pick<Identity, 'version' | 'runBy' | 'flags'>) {
    this.#about = about;
    this.requested = new Promise((resolve) => {
      this.#request = resolve;
    });
  }

  /** Everything is there. */
  running(): void {
    if (this.#state === 'starting') this.#state = 'running';
  }

  /**
   * Answer a request of the control socket if it is for here.
   * The answer to `stop` and `restart` begins at once and ends with the socket, which is closed last of all: who waits
   * for its end knows that the ports are free.
   * @returns was it?
   */
  handle(request: http.IncomingMessage, response: http.ServerResponse): boolean {
    const { url, method } = request;
    if (url === IDENTITY_PATH && method === 'GET') {
      answer(response, this.#identity());
      response.end();
      return true;
    }
    if ((url !== STOP_PATH && url !== RESTART_PATH) || method !== 'POST') return false;
    this.#state = 'stopping';
    answer(response, this.#identity());
    this.#request(url === STOP_PATH ? 'stop' : 'restart');
    return true;
  }

  #identity(): Identity {
    return { program: 'hostwise', pid: process.pid, state: this.#state, ...this.#about };
  }
}

/** One line, so that it can be read before the end. */
function answer(response: http.ServerResponse, identity: Identity): void {
  // Whoever asked may be gone before the end.
  response.on('error', () => {});
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(`${JSON.stringify(identity)}\n`);
}
