/**
 * `<data-dir>/hostwise.env`: KEY=VALUE lines as systemd, Docker and shells write them. Nothing is expanded or run.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { closestWord } from '../core/closest-word.ts';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { shellQuote } from '../core/shell-quote.ts';
import { READ_AT_ONCE } from '../platform/regular-file.ts';

/** Twelve settings fit into 2 kB; a larger file is something else. */
export const MAX_ENV_FILE_BYTES = 64 * 1024;
/** Others on this machine may read it. */
const OTHERS_MAY_READ = 0o044;

/** What the file says. */
export interface EnvFile {
  values: ReadonlyMap<string, string>;
  /** For the start page. Never quotes a line: it may hold a key. */
  warnings: string[];
}

/** What may stand in the file. */
export interface EnvFileRules {
  known: readonly string[];
  secrets: readonly string[];
}

/**
 * Read the file. One that is missing is empty.
 * @throws {AppError} CONFIG_FILE_UNREADABLE
 */
export function readEnvFile(file: string, rules: EnvFileRules): EnvFile {
  const found = readSmallFile(file);
  if (found === undefined) return { values: new Map(), warnings: [] };
  const { values, problems } = parseEnvText(found.text);
  const warnings = problems.map((problem) => `"${file}" ${problem}`);
  for (const name of values.keys()) {
    if (!rules.known.includes(name)) warnings.push(unknownName(file, name, rules.known));
  }
  const holdsSecret = rules.secrets.some((name) => values.has(name));
  if (holdsSecret && (found.mode & OTHERS_MAY_READ) !== 0 && process.platform !== 'win32') {
    warnings.push(`Others on this machine can read the key in "${file}": chmod 600 ${shellQuote(file)}`);
  }
  return { values, warnings };
}

function unknownName(file: string, name: string, known: readonly string[]): string {
  const closest = closestWord(name, known);
  return `"${file}" sets "${name.slice(0, 60)}", which is no setting${closest === undefined ? '' : `: did you mean ${closest}?`}`;
}

function readSmallFile(file: string): { text: string; mode: number } | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, READ_AT_ONCE);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw unreadable(file, messageOf(error), error);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw unreadable(file, 'it is no regular file');
    const { mode, size } = stats;
    if (size > MAX_ENV_FILE_BYTES) throw unreadable(file, `it has ${size} bytes, more than ${MAX_ENV_FILE_BYTES}`);
    const bytes = Buffer.alloc(MAX_ENV_FILE_BYTES);
    return { text: bytes.subarray(0, readSync(descriptor, bytes)).toString('utf8'), mode };
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(file, messageOf(error), error);
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(file: string, reason: string, cause?: unknown): AppError {
  return new AppError('CONFIG_FILE_UNREADABLE', `The settings file "${file}" cannot be read: ${reason}`, {
    hint: 'make it a small text file of KEY=VALUE lines that you may read, or remove it',
    ...(cause === undefined ? {} : { cause }),
  });
}

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;

/**
 * Parse the text: `KEY=value`, `export KEY=value`, `'literal'`, `"with \n escapes"`, `# comments`, LF or CRLF.
 * The last of two assignments wins, as in a shell. Lines that are none of this are told by number. Pure.
 */
export function parseEnvText(text: string): { values: Map<string, string>; problems: string[] } {
  const values = new Map<string, string>();
  const problems: string[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, name, rest] = ASSIGNMENT.exec(trimmed) ?? [];
    const value = rest === undefined ? undefined : unquote(rest);
    if (name === undefined || value === undefined) problems.push(`line ${index + 1} is not KEY=VALUE and is ignored`);
    else values.set(name, value);
  }
  return { values, problems };
}

/** @returns undefined for a quote that never ends or is followed by something */
function unquote(text: string): string | undefined {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text.replace(/(?:^|\s+)#.*$/, '').trim();
  const pattern = quote === '"' ? /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/ : /^'([^']*)'\s*(?:#.*)?$/;
  const inner = pattern.exec(text)?.[1];
  return quote === '"' ? inner?.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char) : inner;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
