/** `hostwise restart`: the same again with the settings as they are now; nothing is ended for settings that are wrong. */
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import { SETTING_KEYS } from '../config/settings-table.ts';
import { AppError } from '../core/errors.ts';
import { controlSocketPath } from '../platform/paths.ts';
import { endDaemon, identify } from '../service/daemon.ts';
import type { Identity } from '../service/lifecycle.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { portableFlags } from './flag-arguments.ts';
import { launchDaemon, runningDaemon, tellWhereItIs } from './launch-daemon.ts';
import { addSettingFlags } from './setting-flags.ts';

/** Add the command. */
export function addRestart(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('restart')
    .description('stop and start, with the flags it was started with and "hostwise.env" as it is now');
  addSettingFlags(command, SETTING_KEYS).action(async (flags: Flags) => done(await restart(context, flags)));
}

/** What `restart` does, for `setup`. */
export async function restart(context: CliContext, flags: Flags): Promise<number> {
  const asked = context.settings(flags, ['dataDir']);
  const socketPath = controlSocketPath(asked.dataDir, context.env);
  const running = await identify(socketPath);
  const all = { ...running?.flags, ...portableFlags(flags, asked) };
  const settings = settingsFor(context, all, running);
  context.warn(settings.warnings);
  if (running && isSupervised(running)) {
    if (Object.keys(portableFlags(flags, asked)).length > 1) throw setOnce(context);
    await endDaemon(socketPath, 'restart');
    await tellWhereItIs(context, settings, await runningDaemon(context, settings, running.pid));
    return EXIT.done;
  }
  await endDaemon(socketPath);
  if (running?.runBy === 'terminal')
    context.output.message('It ran in a terminal; from now on it is in the background');
  await launchDaemon(context, settings, all);
  return EXIT.done;
}

/** @throws {AppError} CONFIG_*, which also says that nothing was ended */
function settingsFor(context: CliContext, flags: Flags, running: Identity | undefined): Settings {
  try {
    return context.settings(flags);
  } catch (error) {
    if (!(error instanceof AppError) || !running) throw error;
    const stays = `hostwise (pid ${running.pid}) goes on with the settings that it has`;
    const hint = error.hint === undefined ? stays : `${error.hint}; ${stays}`;
    throw new AppError(error.code, error.message, { hint, cause: error });
  }
}

/** Whoever supervises it starts it again. */
function isSupervised({ runBy }: Identity): boolean {
  return runBy !== 'terminal' && runBy !== 'start';
}

function setOnce(context: CliContext): AppError {
  return new AppError('CONFIG_BAD_VALUE', 'The flags of a service are set when it is installed', {
    hint: `${context.commandLine('service install')} with these flags, or write them into "hostwise.env"`,
  });
}
