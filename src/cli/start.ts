/** `hostwise start`: the proxy in the background, until `stop` or the end of the machine. */
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import { SETTING_KEYS } from '../config/settings-table.ts';
import { AppError } from '../core/errors.ts';
import { controlSocketPath } from '../platform/paths.ts';
import { identify } from '../service/daemon.ts';
import type { ServiceManager } from '../service/manager.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { portableFlags } from './flag-arguments.ts';
import { launchDaemon, runningDaemon, tellWhereItIs } from './launch-daemon.ts';
import { serviceOf } from './service-managers.ts';
import { addSettingFlags, environmentHelp } from './setting-flags.ts';

/** Add the command. */
export function addStart(program: Command, context: CliContext, done: Done): void {
  const command = program.command('start').description('the proxy, in the background; done when it answers');
  addSettingFlags(command, SETTING_KEYS)
    .addHelpText('after', environmentHelp(context.output.width))
    .action(async (flags: Flags) => done(await start(context, flags)));
}

/** What `start` does, for `setup`. */
export async function start(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.settings(flags);
  context.warn(settings.warnings);
  const portable = portableFlags(flags, settings);
  if (await identify(controlSocketPath(settings.dataDir, context.env))) {
    const running = await runningDaemon(context, settings);
    await tellWhereItIs(context, settings, running, 'runs already');
    if (Object.keys(portable).length > 1) {
      context.output.message(`To give it other settings: ${context.commandLine('restart')}`);
    }
    return EXIT.done;
  }
  const service = await serviceOf(context, settings.dataDir);
  if (service) await startService(context, settings, service);
  else await launchDaemon(context, settings, portable);
  return EXIT.done;
}

/** One that is installed is started by its manager: two would be in each other's way. */
async function startService(context: CliContext, settings: Settings, service: ServiceManager): Promise<void> {
  if (service.needsRoot && process.geteuid?.() !== 0) {
    throw new AppError('SERVICE_FAILED', 'hostwise is a service of this machine, which only root may start', {
      hint: service.startCommand,
    });
  }
  await service.start();
  await tellWhereItIs(context, settings, await runningDaemon(context, settings, 0));
}
