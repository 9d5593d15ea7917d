/**
 * The address of a chat-completions endpoint, as people write it, and what may be sent there.
 */
import { AppError } from '../core/errors.ts';

/** Path of the endpoint below an API's base. */
const ENDPOINT = '/chat/completions';
/** An answer from a hosted API takes seconds. */
const CLOUD_TIMEOUT_MS = 30_000;
/** A local server may have to load the model first. */
const LOCAL_TIMEOUT_MS = 120_000;

/**
 * The full URL: `/chat/completions` is added where it is missing (a base ending in `/v1` is the commonest mistake, and
 * LM Studio answers it with 200), `/v1` too where there is no path at all. A query is kept.
 * @throws {AppError} LLM_URL for anything but http and https, and for a user name or password inside
 */
export function chatCompletionsUrl(text: string): URL {
  const url = parseUrl(text);
  if (url.username !== '' || url.password !== '') {
    throw new AppError('LLM_URL', `LLM URL of host "${url.host}" holds a user name or password`, {
      hint: 'put the key into LLM_API_KEY',
    });
  }
  url.hash = '';
  const path = url.pathname.replace(/\/+$/, '');
  if (path === '') url.pathname = `/v1${ENDPOINT}`;
  else url.pathname = path.endsWith(ENDPOINT) ? path : path + ENDPOINT;
  return url;
}

function parseUrl(text: string): URL {
  const hint = 'example: LLM_API_URL=http://127.0.0.1:11434/v1';
  if (!URL.canParse(text)) throw new AppError('LLM_URL', 'The LLM URL is no URL', { hint });
  const url = new URL(text);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new AppError('LLM_URL', `LLM URL has the protocol "${url.protocol}" instead of http or https`, { hint });
}

/** Does this URL stay on this machine? RFC 6761 section 6.3 and RFC 5735 section 3. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(?:localhost|(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])\.?$/.test(hostname);
}

/** Names by which a container reaches the machine that it runs on: Docker, Podman. */
const CONTAINER_HOST = /^(?:(?:host|gateway)\.docker|host\.containers)\.internal$/;
/** RFC 1918 and RFC 4193 addresses, RFC 6762 names, and names that only a local resolver knows. */
const PRIVATE_HOST =
  /^(?:10(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|\[f[cd][\da-f]{2}:.*\]|[^.[\]:]+|.+\.(?:local|lan|internal|home\.arpa))$/;

/** Does this URL stay on this machine, seen from here or from a container? */
function isThisMachine(url: URL): boolean {
  return isLoopback(url) || CONTAINER_HOST.test(url.hostname);
}

/** Is the server at this URL likely one of the user's own, on this machine or in the same network? */
export function isLocalServer(url: URL): boolean {
  return isThisMachine(url) || PRIVATE_HOST.test(url.hostname);
}

/** Time for a whole decision when nothing else is set, in milliseconds: a server at home loads models, too. */
export function defaultTimeoutMs(url: URL): number {
  return isLocalServer(url) ? LOCAL_TIMEOUT_MS : CLOUD_TIMEOUT_MS;
}

/** @throws {AppError} LLM_URL when a key would cross a network in the clear */
export function assertKeyStaysPrivate(url: URL, apiKey: string | undefined): void {
  if (apiKey === undefined || apiKey === '' || url.protocol === 'https:' || isThisMachine(url)) return;
  throw new AppError('LLM_URL', `The key is not sent to "${url.host}" over plain http`, {
    hint: 'use an https:// URL, or unset LLM_API_KEY if that server needs no key',
  });
}
