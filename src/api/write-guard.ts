/** A browser's write: beside the origin it needs the token that only our own pages hold. */
import { AppError } from '../core/errors.ts';
import { parseJson, readBody } from './body.ts';
import type { CallContext } from './env.ts';
import { sameSecret, TOKEN_HEADER } from './guard.ts';

/** Refuse a browser without the page's token. @throws {AppError} API_FORBIDDEN */
export function requirePageToken(call: CallContext, pageToken: string, formToken?: string): void {
  if (call.caller !== 'browser') return;
  const given = formToken ?? call.incoming.headers[TOKEN_HEADER];
  if (sameSecret(typeof given === 'string' ? given : undefined, pageToken)) return;
  throw new AppError('API_FORBIDDEN', 'The page is from before a restart, or not ours', {
    hint: 'Load the dashboard again',
  });
}

/**
 * JSON of a write. From a browser it has to call itself JSON, which no form and no request without a preflight can do.
 * @throws {AppError} API_MEDIA_TYPE · API_BAD_REQUEST · API_TOO_LARGE
 */
export async function readJson(call: CallContext): Promise<unknown> {
  const type = call.incoming.headers['content-type'];
  if (call.caller === 'browser' && !isType(type, 'application/json')) {
    throw new AppError('API_MEDIA_TYPE', 'The body must be application/json');
  }
  return parseJson(await readBody(call.incoming, call.outgoing));
}

/** Fields of a form's POST, the page's token checked. @throws {AppError} API_MEDIA_TYPE · API_FORBIDDEN · API_TOO_LARGE */
export async function readForm(call: CallContext, pageToken: string): Promise<URLSearchParams> {
  if (!isType(call.incoming.headers['content-type'], 'application/x-www-form-urlencoded')) {
    throw new AppError('API_MEDIA_TYPE', 'The body must be application/x-www-form-urlencoded');
  }
  const form = new URLSearchParams(await readBody(call.incoming, call.outgoing));
  requirePageToken(call, pageToken, form.get('token') ?? '');
  return form;
}

function isType(header: string | undefined, type: string): boolean {
  return header?.split(';', 1)[0]?.trim().toLowerCase() === type;
}
