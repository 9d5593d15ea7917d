/**
 * The log: one line of JSON per event, to standard error or a file. Fields whose names say that they hold a secret are
 * masked at any depth, so that a header object or an error with a request inside can be logged as it is.
 */
import {
  type DestinationStream,
  destination,
  type Logger as PinoLogger,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';

/** A log to write to. */
export type Logger = PinoLogger;

/** How much to say. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a log is made from. */
export interface LoggerOptions {
  level: LogLevel;
  /** A file to append to (made with mode 0600), or a stream; default standard error. */
  destination?: string | DestinationStream;
  /** Also gets each line, in the same turn. Must not throw. */
  tee?: DestinationStream;
}

/**
 * Make a log. Lines are written without blocking and are complete at a normal exit. No worker thread is used: one
 * would cost 10 MB and lose the last lines of a crash.
 */
export function createLogger({ level, destination: target, tee }: LoggerOptions): Logger {
  const main = typeof target === 'object' ? target : openDestination(target);
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => maskSecrets(fields) as Record<string, unknown>,
      },
      // `log` above has turned every error into an object already, in whatever field it came.
      serializers: { err: (error: unknown) => error },
    },
    tee ? bothOf(main, tee) : main,
  );
}

function bothOf(main: DestinationStream, tee: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      main.write(line);
      tee.write(line);
    },
  };
}

function openDestination(file: string | undefined): DestinationStream {
  const stream =
    file === undefined
      ? destination({ dest: 2, sync: false })
      : destination({ dest: file, sync: false, append: true, mkdir: true, mode: 0o600 });
  // A log that cannot be written (full disk, closed terminal) is no reason to stop serving.
  stream.on('error', () => {});
  return stream;
}

/**
 * Names of fields that hold secrets: `authorization`, `set-cookie`, `apiKey`, `LLM_API_KEY`, `x-auth-token`,
 * `password`. Counts such as `promptTokens` are none.
 */
const SECRET_FIELD =
  /(?:^|[-_.])(?:proxy-)?authorization$|cookie|passw(?:or)?d|passphrase|secret|credential|private_?-?key|api_?-?key|(?:^|[-_a-z])token$/i;
const MASK = '[secret]';
/** Deeper than this nothing is looked at, nor logged: cycles and huge objects end here. */
const MAX_DEPTH = 6;
/** Of a longer list only the beginning is logged. */
const MAX_ITEMS = 100;

/** Copy a value with the secrets in it masked; errors become objects. Dates, buffers and the like pass as they are. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return maskSecrets({ ...stdSerializers.err(value) }, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => maskSecrets(item, depth + 1));
  if (!isPlain(value)) return value;
  const masked: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    const secret = SECRET_FIELD.test(name) && field !== undefined && field !== null && typeof field !== 'boolean';
    masked.push([name, secret ? MASK : maskSecrets(field, depth + 1)]);
  }
  // fromEntries defines properties, so a field called __proto__ stays one.
  return Object.fromEntries(masked);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
