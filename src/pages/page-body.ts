/** A page, JSON or text as it is sent on an app's hostname, with the headers that keep it harmless there. */
import { type DocumentParts, documentPolicy, NO_DOCUMENT_POLICY, renderDocument } from '../core/document.ts';
import { withoutControls } from '../core/html.ts';
import type { PageBody } from '../core/http-message.ts';

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
const NO_DOCUMENT = { 'content-security-policy': NO_DOCUMENT_POLICY };

/** HTML, under our mark. */
export function page(status: number, parts: DocumentParts, extra: Record<string, string> = {}): PageBody {
  return {
    status,
    headers: {
      ...COMMON_HEADERS,
      ...extra,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': documentPolicy([], parts.script),
      'referrer-policy': 'no-referrer',
    },
    body: renderDocument({ ...parts, branded: true }),
  };
}

/** For programs. */
export function json(status: number, body: unknown, extra: Record<string, string> = {}): PageBody {
  return {
    status,
    headers: { ...COMMON_HEADERS, ...extra, 'content-type': 'application/json', ...NO_DOCUMENT },
    body: `${JSON.stringify(body)}\n`,
  };
}

/** For a terminal: a name must not bring escape sequences along. */
export function text(status: number, lines: readonly string[], extra: Record<string, string> = {}): PageBody {
  return {
    status,
    headers: { ...COMMON_HEADERS, ...extra, 'content-type': 'text/plain; charset=utf-8', ...NO_DOCUMENT },
    body: `${withoutControls(lines.filter((line, i) => line !== '' || i > 0).join('\n'))}\n`,
  };
}
