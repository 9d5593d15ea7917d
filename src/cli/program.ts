/** The command line: which commands there are, and what becomes of their errors. */
import { Command, CommanderError } from 'commander';
import pkg from '../../package.json' with { type: 'json' };
import { addCa } from './ca.ts';
import { CliContext, type Done } from './context.ts';
import { addDoctor } from './doctor.ts';
import { EXIT, failureOf } from './failure.ts';
import type { HeadStart } from './head-start.ts';
import { addLogs } from './logs.ts';
import { createOutput } from './output.ts';
import { addResolve } from './resolve.ts';
import { addRestart } from './restart.ts';
import { addRoutes } from './routes.ts';
import { addRun } from './run.ts';
import { addService } from './service.ts';
import { addServices } from './services.ts';
import { addSetup } from './setup.ts';
import { addStart } from './start.ts';
import { addStatus } from './status.ts';
import { addStop } from './stop.ts';
import { addTrust } from './trust.ts';
import { addUntrust } from './untrust.ts';

/**
 * Run one command line.
 * @param argv without the program and its script
 * @param started what goes on already
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 a host fits nothing
 */
export async function runCli(argv: readonly string[], started: HeadStart = {}): Promise<number> {
  const output = createOutput(process, process.env);
  const context = new CliContext({ output, env: process.env, version: pkg.version, started });
  let exitCode: number = EXIT.done;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  if (argv.length === 0) {
    program.outputHelp();
    return EXIT.done;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const called = calledCommand(program, argv);
    // `hostwise ca`: a group of commands, none of which was named.
    if (error instanceof CommanderError && error.code === 'commander.help') {
      called.command.outputHelp();
      return EXIT.done;
    }
    const failure = failureOf(error, called.name, {
      commands: program.commands.map((command) => command.name()),
      commandLine: (args) => context.commandLine(args),
    });
    output.message(failure.text);
    return failure.exitCode;
  }
}

function buildProgram(context: CliContext, done: Done): Command {
  const { output } = context;
  const program = new Command('hostwise')
    .description('Open https://shop.localhost and the right dev server answers.')
    .version(context.version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ helpWidth: Math.min(output.width, 120) })
    .configureOutput({
      writeOut: (text) => output.result(text.trimEnd()),
      // Errors are worded in failure.ts.
      writeErr: () => {},
      outputError: () => {},
    })
    .exitOverride()
    .addHelpText('after', '\nEvery command takes its settings also from the environment; see "hostwise run --help".');
  addRun(program, context, done);
  addSetup(program, context, done);
  addStart(program, context, done);
  addStop(program, context, done);
  addRestart(program, context, done);
  addStatus(program, context, done);
  addLogs(program, context, done);
  addService(program, context, done);
  addServices(program, context, done);
  addResolve(program, context, done);
  addRoutes(program, context, done);
  addTrust(program, context, done);
  addUntrust(program, context, done);
  addCa(program, context, done);
  addDoctor(program, context, done);
  context.knowCommands(program.commands.map((command) => command.name()));
  return program;
}

/** `routes set` of `routes set x`: for "see hostwise routes set --help". */
function calledCommand(program: Command, argv: readonly string[]): { name: string; command: Command } {
  const names: string[] = [];
  let at = program;
  for (const word of argv) {
    const next = at.commands.find((command) => command.name() === word);
    if (!next) break;
    names.push(word);
    at = next;
  }
  return { name: names.join(' '), command: at };
}
