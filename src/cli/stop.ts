/** `hostwise stop`: end the running proxy; done when its ports are free. */
import type { Command } from 'commander';
import { controlSocketPath } from '../platform/paths.ts';
import { endDaemon } from '../service/daemon.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { addSettingFlags } from './setting-flags.ts';

/** Add the command. */
export function addStop(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('stop')
    .description('end the proxy of this data folder, also one in a terminal; done when its ports are free');
  addSettingFlags(command, ['dataDir']).action(async (flags: Flags) => done(await stop(context, flags)));
}

async function stop(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.settings(flags);
  context.warn(settings.warnings);
  const ended = await endDaemon(controlSocketPath(settings.dataDir, context.env));
  if (ended === undefined) context.output.result('hostwise is not running');
  else if (ended.killed) context.output.result(`hostwise (pid ${ended.pid}) did not end by itself and was killed`);
  else context.output.result('hostwise has stopped, and its ports are free');
  return EXIT.done;
}
