/** `/_api/logs`: the last lines of the log. */
import { Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import type { RingLine } from '../platform/log-ring.ts';
import { jsonAnswer } from './answers.ts';
import { type ControlEnv, MethodError } from './env.ts';
import { maskDeep, maskText } from './mask.ts';
import type { ControlParts } from './parts.ts';
import type { LogLine, LogsAnswer } from './wire.ts';

const LEVELS: readonly LogLine['level'][] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const MAX_LINES = 500;
const MAX_TEXT_CHARS = 200;

/** The route. `level`: this and worse; `text`: anywhere in the line. */
export function logRoutes(parts: ControlParts): Hono<ControlEnv> {
  const routes = new Hono<ControlEnv>({ strict: false });
  routes.get('/logs', (c) => jsonAnswer(list(parts, c.req.query('level'), c.req.query('text'))));
  routes.all('/logs', (c) => {
    throw new MethodError(c.req.method, ['GET', 'HEAD']);
  });
  return routes;
}

/** A line as it may be shown. */
export function logLine({ id, time, level, message, fields }: RingLine): LogLine {
  return { id, time, level, message: maskText(message), fields: maskDeep(fields) };
}

function list({ logs }: ControlParts, level: string | undefined, text: string | undefined): LogsAnswer {
  const least = level === undefined || level === '' ? 0 : (LEVELS as readonly string[]).indexOf(level);
  if (least === -1) {
    const given = level?.slice(0, 20);
    throw new AppError('API_BAD_REQUEST', `“${given}” is no level`, { hint: `One of ${LEVELS.join(', ')}` });
  }
  const wanted = text?.slice(0, MAX_TEXT_CHARS).toLowerCase() ?? '';
  const lines: LogLine[] = [];
  for (const line of logs.newest()) {
    if (LEVELS.indexOf(line.level) < least) continue;
    const shown = logLine(line);
    if (wanted !== '' && !JSON.stringify(shown).toLowerCase().includes(wanted)) continue;
    lines.push(shown);
    if (lines.length === MAX_LINES) break;
  }
  return { lines };
}
