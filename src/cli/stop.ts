/** `hostwise stop`: end the running proxy; done when its ports are free. */
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { controlSocketPath } from '../platform/paths.ts';
import { endDaemon, identify } from '../service/daemon.ts';
import type { ServiceManager } from '../service/manager.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { serviceOf } from './service-managers.ts';
import { addSettingFlags } from './setting-flags.ts';

/** Add the command. */
export function addStop(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('stop')
    .description('end the proxy of this data folder, also one in a terminal; done when its ports are free');
  addSettingFlags(command, ['dataDir']).action(async (flags: Flags) => done(await stop(context, flags)));
}

async function stop(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.someSettings(flags, ['dataDir']);
  const socketPath = controlSocketPath(settings.dataDir, context.env);
  const service = await serviceOf(context, settings.dataDir);
  // The sockets of the machine's service would start it again with the next request.
  if (service?.needsRoot) {
    const running = await identify(socketPath).catch(() => undefined);
    if (running?.runBy === service.runBy || (await service.isActive())) return stopService(context, service);
  }
  const ended = await endDaemon(socketPath);
  if (ended === undefined) context.output.result('hostwise is not running');
  else if (ended.killed) context.output.result(`hostwise (pid ${ended.pid}) did not end by itself and was killed`);
  else context.output.result('hostwise has stopped, and its ports are free');
  return EXIT.done;
}

async function stopService(context: CliContext, service: ServiceManager): Promise<number> {
  if (process.geteuid?.() !== 0) {
    throw new AppError('SERVICE_FAILED', 'hostwise is a service of this machine, which only root may stop', {
      hint: service.stopCommand,
    });
  }
  await service.stop();
  context.output.result('hostwise has stopped, and its ports are free');
  return EXIT.done;
}
