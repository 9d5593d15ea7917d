/** Request bodies: read from Node's stream, bounded in size and time, then parsed. */
import { AppError } from '../core/errors.ts';
import type { AnyRequest, AnyResponse } from '../core/http-message.ts';

/** A mapping takes 200 bytes; nothing that we accept comes near this. */
export const MAX_BODY_BYTES = 64 * 1024;
/** A client that dribbles. */
const BODY_TIMEOUT_MS = 10_000;

/**
 * Read a whole body.
 * @throws {AppError} API_TOO_LARGE, at once when the length is announced · API_BAD_REQUEST when it is broken off
 */
export async function readBody(request: AnyRequest, response: AnyResponse): Promise<string> {
  const { headers } = request;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  // Node leaves `Expect` to whoever listens for it, and the proxy does (RFC 9110 section 10.1.1).
  if (typeof headers.expect === 'string' && /100-continue/i.test(headers.expect)) response.writeContinue();
  const bytes = await collect(request);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('API_BAD_REQUEST', 'The body is not valid UTF-8', { cause: error });
  }
}

function collect(request: AnyRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(
      () => finish(new AppError('API_BAD_REQUEST', 'The body did not arrive in time')),
      BODY_TIMEOUT_MS,
    );
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > MAX_BODY_BYTES) finish(tooLarge());
    };
    const onEnd = (): void => finish();
    const onBroken = (): void => finish(new AppError('API_BAD_REQUEST', 'The body was broken off'));
    const finish = (error?: AppError): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

/** Parse JSON. @throws {AppError} API_BAD_REQUEST */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const hint = 'Send { "type": "process" | "docker", "target": ..., "port": ... }';
    throw new AppError('API_BAD_REQUEST', 'The body is not JSON', { cause: error, hint });
  }
}

function tooLarge(): AppError {
  return new AppError('API_TOO_LARGE', `The body is larger than ${MAX_BODY_BYTES} bytes`);
}
