/** The last lines of the log in memory, for the dashboard: as they were written, with secrets masked already. */
import type { LogLevel } from './log.ts';

const MAX_LINES = 1_000;
/** An error's stack takes 2 kB; more than this of a line is not worth keeping. */
const MAX_LINE_CHARS = 8_192;

/** One line. */
export interface RingLine {
  /** Ascending from 1. */
  id: number;
  /** ISO 8601. */
  time: string;
  level: Exclude<LogLevel, 'silent'>;
  message: string;
  fields: Record<string, unknown>;
}

/** See the file's header. Takes lines of JSON as pino writes them; parsed when somebody looks. */
export class LogRing {
  readonly #lines: string[] = [];
  #nextId = 1;
  readonly #listeners = new Set<(line: RingLine) => void>();
  #lastError: string | undefined;

  /** For the log: must not throw. */
  write(line: string): void {
    this.#lines.push(line.slice(0, MAX_LINE_CHARS));
    const id = this.#nextId++;
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    if (ERROR_LINE.test(line)) this.#lastError = line.slice(0, MAX_LINE_CHARS);
    if (this.#listeners.size === 0) return;
    const parsed = parseLine(id, line);
    for (const listener of this.#listeners) listener(parsed);
  }

  /** The newest line that tells of an error, also when it has left the ring. */
  get lastError(): { time: string; message: string } | null {
    if (this.#lastError === undefined) return null;
    const { time, message, fields } = parseLine(0, this.#lastError);
    const cause = (fields.err as { message?: unknown } | undefined)?.message;
    return { time, message: typeof cause === 'string' ? `${message}: ${cause}` : message };
  }

  /** Newest first. */
  *newest(): Generator<RingLine> {
    for (let i = this.#lines.length - 1; i >= 0; i--) {
      yield parseLine(this.#nextId - this.#lines.length + i, this.#lines[i] ?? '');
    }
  }

  /** @returns stops listening */
  listen(listener: (line: RingLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The level is the first field that pino writes. */
const ERROR_LINE = /^\{"level":"(?:error|fatal)"/;

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function parseLine(id: number, line: string): RingLine {
  try {
    const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return {
      id,
      time: typeof time === 'string' ? time : '',
      level: isLevel(level) ? level : 'info',
      message: typeof msg === 'string' ? msg : '',
      fields,
    };
  } catch {
    // Cut off for its length.
    return { id, time: '', level: 'info', message: line.slice(0, 500), fields: {} };
  }
}

function isLevel(level: unknown): level is RingLine['level'] {
  return typeof level === 'string' && LEVELS.includes(level);
}
