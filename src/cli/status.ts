/** `hostwise status`: does it run, and how is it. */
import type { Command } from 'commander';
import { controlSocketPath } from '../platform/paths.ts';
import { identify } from '../service/daemon.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { addSettingFlags } from './setting-flags.ts';
import { renderStatus } from './status-text.ts';
import { painter } from './text.ts';

const NEEDED = ['dataDir'] as const;

/** Add the command. */
export function addStatus(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('status')
    .description('does it run, since when, with which ports, LLM, Docker and trust; exit code 1 when it does not run')
    .option('--json', 'the same as one JSON object');
  addSettingFlags(command, NEEDED).action(async (flags: Flags) => done(await status(context, flags)));
}

async function status(context: CliContext, flags: Flags): Promise<number> {
  const settings = flags.json === true ? context.settings(flags, NEEDED) : context.someSettings(flags, NEEDED);
  const { output } = context;
  const identity = await identify(controlSocketPath(settings.dataDir, context.env));
  const report = await (await context.daemon(settings))?.report();
  const now = new Date();
  if (!identity || !report) {
    if (flags.json === true) output.result(JSON.stringify({ running: false, dataDir: settings.dataDir }, null, 2));
    else output.result(`hostwise is not running; start it with: ${context.commandLine('start')}`);
    return EXIT.failed;
  }
  if (flags.json === true) {
    const { pid, runBy, state } = identity;
    const uptimeSeconds = Math.max(0, Math.floor((now.getTime() - Date.parse(report.startedAt)) / 1_000));
    output.result(JSON.stringify({ running: true, state, runBy, ...report, pid, uptimeSeconds }, null, 2));
  } else {
    const facts = { identity, report, ownVersion: context.version, now };
    output.result(renderStatus({ ...facts, commandLine: (args) => context.commandLine(args) }, painter(output.colour)));
  }
  return EXIT.done;
}
