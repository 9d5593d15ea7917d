/** `hostwise service install | uninstall`: start at boot or login, by the service manager of this machine. */
import { realpath } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import { rowOf, SETTING_KEYS } from '../config/settings-table.ts';
import { AppError } from '../core/errors.ts';
import { listenBoth } from '../platform/listen.ts';
import { controlSocketPath, prepareDataDir } from '../platform/paths.ts';
import { identify } from '../service/daemon.ts';
import type { ServiceManager } from '../service/manager.ts';
import { lastingNodePath, servicePath } from '../service/program-path.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { flagArguments, portableFlags } from './flag-arguments.ts';
import { programArguments, runningDaemon, tellWhereItIs } from './launch-daemon.ts';
import { installedManagers, managerToInstall, type ServiceParts } from './service-managers.ts';
import { addSettingFlags } from './setting-flags.ts';
import { sudoLine } from './sudo-line.ts';

/** Add the commands. */
export function addService(program: Command, context: CliContext, done: Done): void {
  const service = program.command('service').description('start by itself: at boot (with sudo), or at login');
  const install = service
    .command('install')
    .description('with sudo for the whole machine and port 443, else for your session; the flags are kept')
    .option('--print', 'only show what would be written and run');
  addSettingFlags(install, SETTING_KEYS).action(async (flags: Flags) => done(await installService(context, flags)));
  const uninstall = service.command('uninstall').description('stop it and remove every trace of it');
  addSettingFlags(uninstall, ['dataDir']).action(async (flags: Flags) => done(await uninstallService(context, flags)));
}

/** What `service install` does, for `setup`. */
export async function installService(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.settings(flags);
  context.warn([...settings.warnings, ...leftBehind(settings)]);
  const manager = managerToInstall(context, await partsOf(context, settings, flags));
  if (flags.print === true) {
    const { files, commands } = manager.preview();
    for (const { path, text } of files) context.output.result(`# ${path}\n${text}`);
    context.output.result(commands.join('\n'));
    return EXIT.done;
  }
  await prepareDataDir(settings.dataDir);
  await checkNobodyElse(context, settings, manager);
  await manager.install();
  await tellWhereItIs(context, settings, await runningDaemon(context, settings, 0));
  if (manager.runBy === 'launchd') {
    const forMachine = sudoLine(context, settings, ['service', 'install'], portableFlags(flags, settings));
    const uninstall = context.commandLine('service uninstall');
    context.output.message(`For port 443: install it with --bind guarded, or ${uninstall}, then ${forMachine}`);
  }
  if (manager.runBy === 'systemd-user') {
    context.output.message('It starts when you log in; to have it from boot on: loginctl enable-linger');
    const forMachine = sudoLine(context, settings, ['service', 'install'], portableFlags(flags, settings));
    context.output.message(`For port 443: ${context.commandLine('service uninstall')}, then ${forMachine}`);
  }
  return EXIT.done;
}

async function uninstallService(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.someSettings(flags, ['dataDir']);
  const managers = await installedManagers(context);
  if (managers.length === 0) {
    context.output.result('No service of hostwise is installed');
    return EXIT.done;
  }
  let left = false;
  for (const manager of managers) {
    if (manager.needsRoot && process.geteuid?.() !== 0) {
      context.output.message(
        `The service of this machine needs root's rights: ${sudoLine(context, settings, ['service', 'uninstall'])}`,
      );
      left = true;
    } else await manager.uninstall();
  }
  if (!left) context.output.result(`The service is gone. Routes and the CA are still in "${settings.dataDir}"`);
  return left ? EXIT.failed : EXIT.done;
}

/** What the units are made of. */
async function partsOf(context: CliContext, settings: Settings, flags: Flags): Promise<ServiceParts> {
  const node = await lastingNodePath(process.execPath);
  const script = await Promise.all(programArguments().map((file) => realpath(file)));
  if (script.some((file) => /[/\\]_npx[/\\]/.test(file))) {
    throw new AppError('SERVICE_FAILED', 'This copy was made by npx and goes away', {
      hint: 'npm install -g hostwise, then: hostwise service install',
    });
  }
  if (!controlSocketPath(settings.dataDir, context.env).startsWith(settings.dataDir)) {
    throw new AppError(
      'DATA_DIR_UNUSABLE',
      `The path of the data folder "${settings.dataDir}" is too long for a service`,
      {
        hint: 'Use a shorter --data-dir: up to 88 bytes',
      },
    );
  }
  return {
    settings,
    program: [node, ...process.execArgv, ...script],
    flags: flagArguments(portableFlags(flags, settings)),
    path: servicePath(node),
  };
}

/** A service does not see this shell. */
function leftBehind({ sources, dataDir }: Settings): string[] {
  const names = SETTING_KEYS.filter((key) => key !== 'dataDir' && sources[key] === 'environment').map(
    (key) => rowOf(key).env,
  );
  if (names.length === 0) return [];
  return [
    `The service does not see what is set in this shell (${names.join(', ')}): write it into "${dataDir}/hostwise.env"`,
  ];
}

/** @throws {AppError} ALREADY_RUNNING · SERVICE_FAILED · PORT_IN_USE */
async function checkNobodyElse(context: CliContext, settings: Settings, manager: ServiceManager): Promise<void> {
  for (const other of await installedManagers(context)) {
    if (other.runBy !== manager.runBy) {
      throw new AppError('SERVICE_FAILED', `hostwise is installed already, ${INSTALLED_AS[other.runBy]}`, {
        hint: other.needsRoot
          ? sudoLine(context, settings, ['service', 'uninstall'])
          : context.commandLine('service uninstall'),
      });
    }
  }
  const running = await identify(controlSocketPath(settings.dataDir, context.env));
  if (running && running.runBy !== manager.runBy) {
    throw new AppError('ALREADY_RUNNING', `hostwise runs with this data folder already (pid ${running.pid})`, {
      hint: `${context.commandLine('stop')}, then try again`,
    });
  }
  if (!manager.needsRoot || (await manager.isActive())) return;
  // systemd would only say that the job failed; this says which program has the port.
  for (const name of ['https', 'http'] as const) {
    const { port } = settings[`${name}Port`];
    const options = { port, hosts: settings.bind, explicit: true, flag: `--${name}-port` };
    const bound = await listenBoth({ ...options, onConnection: (socket) => socket.destroy() });
    await bound.close();
  }
}

const INSTALLED_AS: Readonly<Record<ServiceManager['runBy'], string>> = {
  systemd: 'as a service of this machine',
  'systemd-user': 'as a service of your session',
  launchd: 'as a launch agent',
  'launchd-daemon': 'as a launch daemon',
};
