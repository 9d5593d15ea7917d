/** `hostwise run`: the proxy in the foreground. */
import type { Command } from 'commander';
import { SETTING_KEYS } from '../config/settings-table.ts';
import { hostPort } from '../core/upstream.ts';
import { type Demo, startDemo } from '../demo/demo.ts';
import { createLogger, type Logger } from '../platform/log.ts';
import { LogRing } from '../platform/log-ring.ts';
import { homeFolder } from '../platform/paths.ts';
import type { StartReport, StartService } from '../start-report.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { namesHint } from './names-hint.ts';
import { addSettingFlags, environmentHelp } from './setting-flags.ts';
import { renderStartPage } from './start-page.ts';
import { StopSignals } from './stop-signals.ts';

/** Add the command. */
export function addRun(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('run')
    .description('the proxy, in the foreground, until Ctrl-C')
    .option('--demo', 'also start three small sample apps, and take them away on exit');
  addSettingFlags(command, SETTING_KEYS)
    .addHelpText('after', environmentHelp(context.output.width))
    .action(async (flags: Flags) => done(await runProxy(context, flags)));
}

async function runProxy(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.settings(flags);
  const logRing = new LogRing();
  const log = createLogger({ level: settings.logLevel, tee: logRing });
  const signals = new StopSignals();
  const unguard = guardAgainstBugs(log);
  const closers: (() => Promise<void>)[] = [];
  try {
    const demo = flags.demo === true ? await startDemo({ log, env: context.env }) : undefined;
    if (demo) closers.push(() => demo.close());
    // Loaded now: a wrong flag, and every other command, shall not wait for it.
    const { startApp } = await import('../app.ts');
    const app = await startApp(settings, {
      log,
      logRing,
      env: context.env,
      home: homeFolder(context.env),
      version: context.version,
    });
    closers.push(() => app.close());
    const report = { ...app.report, services: demoFirst(app.report.services, demo) };
    await printStartPage(context, report, [...settings.warnings, ...(demo?.notes ?? [])]);
    await signals.requested;
    if (context.output.interactive) context.output.message('Stopping (Ctrl-C again: at once)');
  } finally {
    for (const close of closers.reverse()) await close();
    unguard();
  }
  return EXIT.done;
}

async function printStartPage(context: CliContext, report: StartReport, notes: readonly string[]): Promise<void> {
  const { output } = context;
  const warnings = [...new Set([...notes, ...report.warnings])];
  const page = renderStartPage(
    { ...report, warnings },
    {
      colour: output.colour,
      width: output.width,
      commandLine: (args) => context.commandLine(args),
      serviceCommand: context.has('service') ? context.commandLine('service install') : undefined,
      namesHint: await namesHint(process.platform),
    },
  );
  output.result(page);
}

/** Whoever asks for the demo wants to see it, however much else runs. */
function demoFirst(services: readonly StartService[], demo: Demo | undefined): StartService[] {
  const places = demo?.apps.map(({ address, port }) => hostPort(address, port)) ?? [];
  const rank = ({ address }: StartService): number => (places.includes(address) ? 0 : 1);
  return [...services].sort((a, b) => rank(a) - rank(b));
}

/**
 * A mistake in one request must not take down the proxy of all apps: it is logged, and the others go on.
 * @returns what takes the guard away
 */
function guardAgainstBugs(log: Logger): () => void {
  const rejected = (reason: unknown): void => log.error({ err: reason }, 'A promise failed and nobody looked: a bug');
  const thrown = (error: unknown): void => log.error({ err: error }, 'An error was thrown and nobody caught it: a bug');
  process.on('unhandledRejection', rejected).on('uncaughtException', thrown);
  return () => {
    process.off('unhandledRejection', rejected).off('uncaughtException', thrown);
  };
}
