/** `hostwise run`: the proxy in the foreground; with `--run-by` the process behind `start` and the services. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Settings } from '../config/settings.ts';
import { SETTING_KEYS } from '../config/settings-table.ts';
import { hostPort } from '../core/upstream.ts';
import { type Demo, startDemo } from '../demo/demo.ts';
import { createLogger, type Logger } from '../platform/log.ts';
import { LogRing } from '../platform/log-ring.ts';
import { homeFolder } from '../platform/paths.ts';
import { RotatingFile } from '../platform/rotating-file.ts';
import { type EndRequest, Lifecycle, RESTART_EXIT_CODE, RUN_BY, type RunBy } from '../service/lifecycle.ts';
import { logFile, reportStart } from '../service/spawn-daemon.ts';
import type { StartReport, StartService } from '../start-report.ts';
import { keepCompiledCode } from './compiled-code.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { portableFlags } from './flag-arguments.ts';
import { namesHint } from './names-hint.ts';
import { addSettingFlags, environmentHelp } from './setting-flags.ts';
import { renderStartPage } from './start-page.ts';
import { StopSignals } from './stop-signals.ts';
import { rootLine } from './sudo-line.ts';

/** Add the command. */
export function addRun(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('run')
    .description('the proxy, in the foreground, until Ctrl-C')
    .option('--demo', 'also start three small sample apps, and take them away on exit')
    .addOption(new Option('--run-by <who>').choices(RUN_BY).default('terminal').hideHelp());
  addSettingFlags(command, SETTING_KEYS)
    .addHelpText('after', environmentHelp(context.output.width))
    .action(async (flags: Flags) => done(await runProxy(context, flags)));
}

async function runProxy(context: CliContext, flags: Flags): Promise<number> {
  try {
    return await runUntilAsked(context, flags, flags.runBy as RunBy);
  } catch (error) {
    // Whoever waits for this start gets to know; everybody reads it on stderr.
    await reportStart({ failed: error });
    throw error;
  }
}

async function runUntilAsked(context: CliContext, flags: Flags, runBy: RunBy): Promise<number> {
  const settings = context.settings(flags);
  const logRing = new LogRing();
  const file = new RotatingFile(logFile(settings.dataDir));
  const inTerminal = runBy === 'terminal';
  const log = createLogger({ level: settings.logLevel, tee: logRing, ...(inTerminal ? {} : { destination: file }) });
  const signals = new StopSignals();
  const unguard = guardAgainstBugs(log);
  const lifecycle = new Lifecycle({ version: context.version, runBy, flags: portableFlags(flags, settings) });
  const closers: (() => Promise<void>)[] = [() => file.close()];
  let asked: EndRequest | NodeJS.Signals;
  try {
    let demo: Demo | undefined;
    const startBeside = async (): Promise<() => Promise<void>> => {
      const started = await startDemo({ folder: path.join(settings.dataDir, 'demo'), log, env: context.env });
      demo = started;
      return () => started.close();
    };
    // Loaded now: a wrong flag, and every other command, shall not wait for it.
    const { startApp } = await import('../app.ts');
    const app = await startApp(settings, {
      log,
      logRing,
      env: context.env,
      home: homeFolder(context.env),
      version: context.version,
      trustCommand: context.commandLine('trust'),
      lifecycle,
      scans: context.started.scanThread,
      ...(flags.demo === true ? { startBeside } : {}),
    });
    closers.push(() => app.close());
    const report = { ...app.report, services: demoFirst(app.report.services, demo) };
    if (inTerminal) await printStartPage(context, settings, report, [...settings.warnings, ...(demo?.notes ?? [])]);
    else logStart(log, report, settings.warnings);
    await reportStart({ ready: { notes: report.portNotes } });
    keepCompiledCode();
    asked = await Promise.race([signals.requested, lifecycle.requested]);
    if (!inTerminal) log.info({ asked }, 'hostwise stops');
    else if (context.output.interactive) context.output.message('Stopping (Ctrl-C again: at once)');
  } finally {
    for (const close of closers.reverse()) await close();
    unguard();
  }
  return asked === 'restart' ? RESTART_EXIT_CODE : EXIT.done;
}

/** What the start page says to a person, for the log. */
function logStart(log: Logger, report: StartReport, warnings: readonly string[]): void {
  const { version, httpsPort, httpPort, hosts, llm } = report;
  log.info({ version, pid: process.pid, httpsPort, httpPort, hosts, llm: llm.model ?? llm.reason }, 'hostwise runs');
  for (const warning of new Set([...warnings, ...report.warnings, ...report.portNotes])) log.warn(warning);
}

async function printStartPage(
  context: CliContext,
  settings: Settings,
  report: StartReport,
  notes: readonly string[],
): Promise<void> {
  const { output } = context;
  const warnings = [...new Set([...notes, ...report.warnings])];
  const page = renderStartPage(
    { ...report, warnings },
    {
      colour: output.colour,
      width: output.width,
      commandLine: (args) => context.commandLine(args),
      serviceCommand: context.has('service') ? rootLine(context, settings, ['service', 'install']) : undefined,
      namesHint: await namesHint(process.platform, context.commandLine('doctor')),
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
