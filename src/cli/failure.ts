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

/** How the user calls this program. */
export interface Caller {
  /** The commands that there are. */
  commands: readonly string[];
  /** `stop` -> `hostwise stop`, or what does the same in a checkout, which has no `hostwise` on the PATH. */
  commandLine(args: string): string;
}

/**
 * Say what went wrong.
 * @param command what was called, for "see hostwise run --help"; '' for the program itself
 */
export function failureOf(error: unknown, command: string, caller: Caller): Failure {
  if (error instanceof CommanderError) {
    const help = `see ${caller.commandLine(`${command === '' ? '' : `${command} `}--help`)}`;
    return { text: say(usageMessage(error, help)), exitCode: EXIT.usage };
  }
  if (error instanceof AppError) {
    const hint = error.hint === undefined ? undefined : asCalled(error.hint, caller);
    return { text: say(error.message, hint), exitCode: USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed };
  }
  return { text: say(`this should not happen: ${messageOf(error)}`, BUG_HINT), exitCode: EXIT.failed };
}

/** Whoever throws a hint may not know how the program was called, and writes `hostwise stop`. */
function asCalled(hint: string, { commands, commandLine }: Caller): string {
  const call = new RegExp(`(?<![\\w/.-])hostwise (${commands.join('|')})(?![\\w-])`, 'g');
  return hint.replace(call, (_, command: string) => commandLine(command));
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
function usageMessage({ code, message }: CommanderError, help: string): string {
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
