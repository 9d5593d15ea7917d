/** `hostwise logs`: what the background service has logged, and with `-f` what it logs from now on. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { AppError, messageOf } from '../core/errors.ts';
import { followFile } from '../platform/follow-file.ts';
import { controlSocketPath } from '../platform/paths.ts';
import { identify } from '../service/daemon.ts';
import { logFile } from '../service/spawn-daemon.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { logLineText } from './log-text.ts';
import { addSettingFlags } from './setting-flags.ts';
import { StopSignals } from './stop-signals.ts';
import { painter } from './text.ts';

const USUAL_LINES = 100;

/** Add the command. */
export function addLogs(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('logs')
    .description('the log of the proxy in the background')
    .option('-f, --follow', 'go on with what is logged from now on, until Ctrl-C')
    .option('-n, --lines <number>', `how many of the last lines, default ${USUAL_LINES}`, lineCount, USUAL_LINES)
    .option('--json', 'the lines as they are in the file: one JSON object each');
  addSettingFlags(command, ['dataDir']).action(async (flags: Flags) => done(await logs(context, flags)));
}

function lineCount(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of lines.');
}

async function logs(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.someSettings(flags, ['dataDir']);
  const { output } = context;
  const file = logFile(settings.dataDir);
  const paint = painter(output.colour);
  const running = await identify(controlSocketPath(settings.dataDir, context.env)).catch(() => undefined);
  if (running?.runBy === 'terminal') {
    output.message(`hostwise runs in a terminal (pid ${running.pid}) and logs there; this is from before`);
  }
  const end = new AbortController();
  if (flags.follow === true) void new StopSignals().requested.then(() => end.abort());
  let lines = 0;
  try {
    const options = { lastLines: Number(flags.lines), ...(flags.follow === true ? { until: end.signal } : {}) };
    for await (const line of followFile(file, options)) {
      lines++;
      output.result(flags.json === true ? line : logLineText(line, paint));
      // `logs -f | head`: nobody reads any more.
      if (output.readerLeft) break;
    }
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `The log "${file}" cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (lines === 0 && flags.follow !== true) output.message(`Nothing was logged yet in "${file}"`);
  return EXIT.done;
}
