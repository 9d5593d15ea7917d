/** What `start` and `restart` share: bring the background process up and say where it is. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { AppError } from '../core/errors.ts';
import { CONTROL_LABEL } from '../core/hostname.ts';
import { controlSocketPath, prepareDataDir } from '../platform/paths.ts';
import { identify } from '../service/daemon.ts';
import type { Identity } from '../service/lifecycle.ts';
import { logFile, spawnDaemon } from '../service/spawn-daemon.ts';
import type { CliContext } from './context.ts';
import { flagArguments, type PortableFlags, portableEnv } from './flag-arguments.ts';
import { siteUrl } from './urls.ts';

/** A start of somebody else's that hangs is not waited for any longer. */
const OTHERS_START_TIMEOUT_MS = 60_000;
const ASK_AGAIN_MS = 50;

/** Start the daemon with these flags, or find that somebody else just has. Prints where it is. */
export async function launchDaemon(context: CliContext, settings: Settings, flags: PortableFlags): Promise<void> {
  await prepareDataDir(settings.dataDir);
  try {
    const { notes } = await spawnDaemon({
      file: process.execPath,
      args: [...process.execArgv, ...programArguments(), 'run', '--run-by', 'start', ...flagArguments(flags)],
      env: portableEnv(context.env, settings),
      dataDir: settings.dataDir,
    });
    context.warn(notes);
  } catch (error) {
    // Two starts at once: whoever lost wanted what there is now.
    if (!(error instanceof AppError) || error.code !== 'ALREADY_RUNNING') throw error;
  }
  await tellWhereItIs(context, settings, await runningDaemon(context, settings));
}

/** The script that this process runs: the bundle, or main.ts. */
export function programArguments(): string[] {
  const [, script] = process.argv;
  return script === undefined ? [] : [script];
}

/**
 * The daemon, once it has started.
 * @param not the process that is to be replaced: another one is waited for
 * @throws {AppError} START_FAILED when there is none, or none that gets done
 */
export async function runningDaemon(
  context: CliContext,
  settings: Settings,
  not?: number,
  timeoutMs = OTHERS_START_TIMEOUT_MS,
): Promise<Identity> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await identify(controlSocketPath(settings.dataDir, context.env));
    if (found?.state === 'running' && found.pid !== not) return found;
    if ((found === undefined && not === undefined) || Date.now() > deadline) {
      throw new AppError('START_FAILED', 'hostwise did not start', {
        hint: `Its log says more: ${context.commandLine('logs')}`,
      });
    }
    await delay(ASK_AGAIN_MS);
  }
}

/** Who runs, and the first URL to open. */
export async function tellWhereItIs(
  context: CliContext,
  settings: Settings,
  { version, pid, runBy }: Identity,
  verb = 'runs',
): Promise<void> {
  const { output } = context;
  output.result(`hostwise ${version} ${verb} ${PLACES[runBy]} (pid ${pid})`);
  const daemon = await context.daemon(settings);
  if (daemon) output.result(`  Look  ${siteUrl(`${CONTROL_LABEL}.localhost`, daemon.status)}/`);
  // One in a terminal logs there.
  if (runBy !== 'terminal') output.result(`  Log   ${logFile(settings.dataDir)}`);
  if (daemon) context.warn((await daemon.report()).warnings);
}

/** Where it runs, in words. */
export const PLACES: Readonly<Record<Identity['runBy'], string>> = {
  terminal: 'in a terminal',
  start: 'in the background',
  systemd: 'as a service of systemd',
  'systemd-user': 'as a service of your session',
  launchd: 'as a launch agent',
  'launchd-daemon': 'as a launch daemon',
};
