/** Lines with which a user has a command of ours done with root's rights. */
import type { Settings } from '../config/settings.ts';
import { shellLine } from '../core/shell-quote.ts';
import { defaultDataDir, homeFolder } from '../platform/paths.ts';
import type { CliContext } from './context.ts';
import { flagArguments, type PortableFlags, portableFlags } from './flag-arguments.ts';
import { programArguments } from './launch-daemon.ts';

/**
 * The same program under sudo, as a shell line. sudo has a PATH of its own, which knows no node of nvm's, and an
 * environment of its own, which names no data folder: both are written out where they are not the usual ones.
 * @param words the command: `['service', 'install']`
 * @param flags those it was called with
 */
export function sudoLine(...call: Parameters<typeof sudoWords>): string {
  return shellLine(...sudoWords(...call));
}

/** With root's rights, as a shell line: without sudo where the user is root already. */
export function rootLine(context: CliContext, settings: Settings, words: readonly string[]): string {
  return process.geteuid?.() === 0 ? context.commandLine(shellLine(...words)) : sudoLine(context, settings, words);
}

/** {@link sudoLine} as words, for a call without a shell. */
export function sudoWords(
  context: CliContext,
  settings: Settings,
  words: readonly string[],
  flags: PortableFlags = {},
): string[] {
  const { dataDir, ...others } = { ...portableFlags({}, settings), ...flags };
  const isUsual = dataDir === defaultDataDir({}, process.platform, homeFolder(context.env));
  const all = isUsual || dataDir === undefined ? others : { dataDir, ...others };
  return ['sudo', process.execPath, ...programArguments(), ...words, ...flagArguments(all)];
}
