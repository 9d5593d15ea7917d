/**
 * HTTP to one Docker engine: over its socket, TCP, TLS or ssh. Answers are bounded in size and time; only the stream of
 * events may be silent for ever. Answers come out as `unknown`: engine-api.ts says what they should be.
 */
import type { Socket } from 'node:net';
import { Client, type Dispatcher, Pool } from 'undici';
import { dialStdio } from './dial-stdio.ts';
import type { EngineAddress } from './engine-address.ts';
import { JsonElements } from './json-elements.ts';

/** What an engine answered, when that is not what was asked for. */
export class EngineError extends Error {
  /** HTTP status; undefined when it gave no usable answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EngineError';
    this.status = status;
  }
}

/** Limits of one answer. */
export interface AnswerLimits {
  timeoutMs: number;
  maxBytes: number;
}

/** `{` */
const OBJECT = 0x7b;
/** Time for a connection; ssh has its own limit. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Inspections at once. */
const MAX_CONNECTIONS = 4;
/** An idle proxy holds no connection but the one of the events. */
const KEEP_ALIVE_MS = 2_000;

/** What an engine says with an error is not read; a little of it is, so that the connection can be used again. */
const MAX_COMPLAINT_BYTES = 64 * 1024;

type Body = Dispatcher.ResponseData['body'];
type ConnectCallback = (...args: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

/** See the file's header. */
export class EngineClient {
  readonly address: EngineAddress;
  readonly #options: Client.Options;
  readonly #origin: string;
  /** undici checks a certificate against the Host, so that is the engine's own where it has one. */
  readonly #headers: Record<string, string>;
  readonly #pool: Pool;
  #events: Client | undefined;

  /** @param env of ssh, for an engine behind it. Connects when something is asked. */
  constructor(address: EngineAddress, env: NodeJS.ProcessEnv) {
    this.address = address;
    this.#origin = address.kind === 'tcp' ? originOf(address) : 'http://docker';
    this.#headers = address.kind === 'tcp' ? {} : { host: 'docker' };
    this.#options = { connect: connectOf(address, env), pipelining: 1, keepAliveTimeout: KEEP_ALIVE_MS };
    // A login for each inspection would be slow and rude.
    const connections = address.kind === 'ssh' ? 1 : MAX_CONNECTIONS;
    this.#pool = new Pool(this.#origin, { ...this.#options, connections });
  }

  /**
   * GET a JSON answer.
   * @throws {EngineError} a status other than 200, not JSON, too large, too late, or no connection
   */
  getJson(path: string, { timeoutMs, maxBytes }: AnswerLimits): Promise<unknown> {
    return this.#get(path, timeoutMs, async (body) => parseJson(await readAll(body, maxBytes)));
  }

  /**
   * GET a JSON list of any length.
   * @param take is given each element as it comes
   * @returns were all elements taken? False when some were broken or larger than `maxBytes`
   * @throws {EngineError} as {@link getJson} does
   */
  getElements(path: string, { timeoutMs, maxBytes }: AnswerLimits, take: (element: unknown) => void): Promise<boolean> {
    return this.#get(path, timeoutMs, (body) => readElements(body, maxBytes, take));
  }

  /**
   * GET bytes of any length, of which the last are kept.
   * @throws {EngineError} as {@link getJson} does
   */
  getTail(path: string, { timeoutMs, maxBytes }: AnswerLimits): Promise<Buffer> {
    return this.#get(path, timeoutMs, (body) => readTail(body, maxBytes));
  }

  async #get<T>(path: string, timeoutMs: number, read: (body: Body) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await this.#pool.request({ path, method: 'GET', signal, headers: this.#headers });
      if (answer.statusCode === 200) return await read(answer.body);
      await answer.body.dump({ limit: MAX_COMPLAINT_BYTES, signal });
      throw new EngineError(`answered ${answer.statusCode}`, answer.statusCode);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (signal.aborted) throw new EngineError(`gave no answer in ${timeoutMs / 1000} s`, undefined, error);
      throw new EngineError(wordsOf(error, this.address), undefined, error);
    }
  }

  /**
   * GET an endless answer. Reading ends with an error when the connection does.
   * @param timeoutMs until the answer begins
   * @throws {EngineError} when it does not begin, or with another status than 200
   */
  async stream(path: string, timeoutMs: number): Promise<AsyncIterable<Uint8Array>> {
    const client = new Client(this.#origin, { ...this.#options, headersTimeout: timeoutMs, bodyTimeout: 0 });
    this.#destroyEvents();
    this.#events = client;
    try {
      const answer = await client.request({ path, method: 'GET', headers: this.#headers });
      if (answer.statusCode === 200) return answer.body;
      answer.body.on('error', () => {});
      throw new EngineError(`answered ${answer.statusCode}`, answer.statusCode);
    } catch (error) {
      this.#destroyEvents();
      throw error instanceof EngineError ? error : new EngineError(wordsOf(error, this.address), undefined, error);
    }
  }

  /** End everything at once. */
  close(): void {
    this.#destroyEvents();
    this.#pool.destroy().catch(() => {});
  }

  #destroyEvents(): void {
    this.#events?.destroy().catch(() => {});
    this.#events = undefined;
  }
}

function originOf({ host, port, tls }: Extract<EngineAddress, { kind: 'tcp' }>): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}

function connectOf(address: EngineAddress, env: NodeJS.ProcessEnv): NonNullable<Client.Options['connect']> {
  if (address.kind === 'unix') return { socketPath: address.path, timeout: CONNECT_TIMEOUT_MS };
  if (address.kind === 'tcp') {
    const { tls } = address;
    if (!tls) return { timeout: CONNECT_TIMEOUT_MS };
    const { verify, ...pems } = tls;
    return { timeout: CONNECT_TIMEOUT_MS, ...pems, rejectUnauthorized: verify };
  }
  return (_options: unknown, callback: ConnectCallback) => {
    const stream = dialStdio(address, env);
    // The pipes are there at once; whether ssh gets through shows with the first answer, or its complaint.
    stream.on('error', () => {});
    // undici takes of a socket what any duplex stream has, and asks before it uses more. It is not ready for an answer
    // before its own call has returned.
    setImmediate(() => callback(null, stream as unknown as Socket));
  };
}

async function readAll(body: Body, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes)
      throw new EngineError(`gave an answer of more than ${Math.floor(maxBytes / 1024 / 1024)} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readTail(body: Body, maxBytes: number): Promise<Buffer> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > maxBytes) tail = tail.subarray(-maxBytes);
  }
  return tail;
}

async function readElements(body: Body, maxBytes: number, take: (element: unknown) => void): Promise<boolean> {
  const elements = new JsonElements(maxBytes);
  let isWhole = true;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const { values, isBroken } = elements.push(chunk);
    if (isBroken) isWhole = false;
    for (const value of values) take(value);
  }
  if (elements.isComplete) return isWhole;
  const isJson = elements.first === OBJECT;
  throw new EngineError(
    isJson ? 'gave an answer that is no list of containers' : 'gave an answer that is not JSON',
    200,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EngineError('gave an answer that is not JSON', 200, error);
  }
}

/** For people: what undici says of a broken answer (`Parse Error: …`) means little to them. */
function wordsOf(error: unknown, address: EngineAddress): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const words = WORDS[code];
  const isTls = address.kind === 'tcp' && address.tls !== undefined;
  // With TLS 1.3 a client certificate is refused after the handshake, and the alert that says so is often lost.
  if (words === CLOSED && isTls)
    return `${CLOSED}: perhaps it does not take the client certificate (cert.pem, key.pem)`;
  if (words !== undefined) return words;
  if (code.startsWith('HPE_')) return 'does not speak HTTP';
  if (UNTRUSTED.test(code)) return 'has a certificate that is not vouched for by the ca.pem beside its cert.pem';
  if (/^ERR_SSL_.*ALERT/.test(code)) return 'does not take the client certificate: see cert.pem and key.pem';
  const message = error instanceof Error ? error.message : String(error);
  return `cannot be asked: ${message.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 300)}`;
}

/** What OpenSSL says of a chain that it does not trust, by Node's codes. */
const UNTRUSTED =
  /^(?:UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_(?:SIGNATURE_FAILURE|UNTRUSTED|REJECTED))$/;

const CLOSED = 'closed the connection';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ECONNREFUSED: 'is not running',
  EACCES: 'may not be asked: permission denied (add yourself to the group “docker” and log in again)',
  UND_ERR_CONNECT_TIMEOUT: 'does not accept connections',
  UND_ERR_HEADERS_TIMEOUT: 'does not answer',
  UND_ERR_SOCKET: CLOSED,
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
};
