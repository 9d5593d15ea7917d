/** What goes wrong, in one line with a hint, and the exit code for it. Pure. */
import { CommanderError } from 'commander';
import { AppError, type ErrorCode, messageOf } from '../core/errors.ts';
import { printable } from './text.ts';

/** Exit codes, as docs/commands.md lists them. */
export const EXIT = { done: 0, failed: 1, usage: 2, fitsNothing: 3 } as const;

/** How a command ends that did not work. */
export interface Failure {
  /** For stderr. */
  text: string;
  exitCode: number;
}

/** The user asked for something that cannot be asked for; everything else is a failure on the way. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_UNKNOWN_FLAG',
  'CONFIG_BAD_VALUE',
  'CONFIG_KEY_WITHOUT_URL',
  'ROUTE_BAD_TARGET',
  'HOST_INVALID',
]);

/**
 * Say what went wrong.
 * @param command what was called, for "see hostwise run --help"; '' for the program itself
 */
export function failureOf(error: unknown, command: string): Failure {
  if (error instanceof CommanderError) return { text: say(usageMessage(error, command)), exitCode: EXIT.usage };
  if (error instanceof AppError) {
    return { text: say(error.message, error.hint), exitCode: USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed };
  }
  return { text: say(`this should not happen: ${messageOf(error)}`, BUG_HINT), exitCode: EXIT.failed };
}

const BUG_HINT = 'please report it, with the command and what --log-level debug says';

function say(message: string, hint?: string): string {
  const lines = [`hostwise: ${oneLine(message)}`];
  if (hint !== undefined) lines.push(`  ${oneLine(hint)}`);
  return lines.join('\n');
}

function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' '));
}

/** The parser's words in ours: the value in double quotes, then what would be right. */
function usageMessage({ code, message }: CommanderError, command: string): string {
  const help = `see hostwise ${command === '' ? '' : `${command} `}--help`;
  const name = /'([^']*)'/.exec(message)?.[1] ?? '';
  const meant = /Did you mean (?:one of )?(.*?)\?/.exec(message)?.[1];
  const instead = meant === undefined ? help : `did you mean ${meant}?`;
  switch (code) {
    case 'commander.unknownOption':
      return `unknown flag "${name}": ${instead}`;
    case 'commander.unknownCommand':
      return `unknown command "${name}": ${instead}`;
    case 'commander.optionMissingArgument':
      return `"${name.split(' ')[0]}" needs a value: ${name}`;
    case 'commander.missingArgument':
      return `${name.toUpperCase()} is missing: ${help}`;
    case 'commander.excessArguments':
      return `unexpected argument "${/ got \d+: ([^,]*?)(?:,|\.?$)/.exec(message)?.[1] ?? ''}": ${help}`;
    case 'commander.invalidArgument':
      return invalidChoice(message, name.split(' ')[0] ?? '');
    default:
      return `${message.replace(/^error: /, '')}: ${help}`;
  }
}

function invalidChoice(message: string, flag: string): string {
  const [, value, choices] = /argument '(.*)' is invalid\. Allowed choices are (.*?)\.?$/s.exec(message) ?? [];
  return value === undefined ? message.replace(/^error: /, '') : `${flag} is "${value}": expected one of ${choices}`;
}
