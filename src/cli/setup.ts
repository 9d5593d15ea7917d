/**
 * `hostwise setup`: from a new installation to a page with a green padlock. Each step is done, or skipped, before the next
 * is asked about, so that whoever stops in the middle has what was done, whole.
 */
import { type Command, Option } from 'commander';
import { AppError } from '../core/errors.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { Cancelled, canAsk, type Prompter, terminalPrompter } from './prompts.ts';
import { addSettingFlags } from './setting-flags.ts';
import { PROVIDERS, setUpLlm } from './setup-llm.ts';
import { firstUrl, SERVICES, setUpService } from './setup-service.ts';
import type { SetupStep } from './setup-step.ts';
import { trustMachine } from './trust.ts';

/** Add the command. */
export function addSetup(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('setup')
    .description('first steps, one by one: LLM, trust, service; without a terminal the flags say everything')
    .addOption(new Option('--provider <who>', 'the LLM').choices(PROVIDERS.filter((one) => one !== 'url')))
    .option('--key-stdin', 'read the LLM’s key from the first line of stdin')
    .option('--trust', 'make browsers and programs trust the certificates')
    .option('--no-trust', 'do not')
    .addOption(
      new Option(
        '--service <when>',
        'machine: at boot, on 443 · guarded: at login, on 443 of all addresses, for this machine alone (macOS) · session: at login · background: until the next boot',
      ).choices(SERVICES),
    );
  addSettingFlags(command, ['llmUrl', 'model', 'dataDir']).action(async (flags: Flags) =>
    done(await setup(context, flags)),
  );
}

async function setup(context: CliContext, flags: Flags): Promise<number> {
  const { output } = context;
  const prompter = canAsk() && flags.keyStdin !== true ? await terminalPrompter() : undefined;
  if (!prompter) refuseGaps(flags, context);
  const settings = context.settings(flags.dataDir === undefined ? {} : { dataDir: flags.dataDir });
  context.warn(settings.warnings);
  const step: SetupStep = { context, settings, flags, prompter };
  if (prompter) output.message('Up to three questions: LLM, trust, service. Enter takes the marked answer, Esc stops.');
  try {
    const changed = await setUpLlm(step);
    const trusted = await setUpTrust(step, prompter);
    const runs = await setUpService(step, changed);
    if (runs) output.result(`Open     ${(await firstUrl(context, step)) ?? ''}`.trimEnd());
    output.message(`What works here, and what does not: ${context.commandLine('doctor')}`);
    return trusted ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    output.message(`Stopped here. What is said above is done; the rest: ${context.commandLine('setup')}`);
    return EXIT.failed;
  }
}

/** @throws {AppError} CONFIG_BAD_VALUE that names every flag that is missing */
function refuseGaps(flags: Flags, context: CliContext): void {
  const missing = [
    ...(flags.provider === undefined && flags.llmUrl === undefined ? ['--provider WHO or --llm-url URL'] : []),
    ...(flags.trust === undefined ? ['--trust or --no-trust'] : []),
    ...(flags.service === undefined ? ['--service WHEN'] : []),
  ];
  if (missing.length === 0) return;
  throw new AppError('CONFIG_BAD_VALUE', `Without a terminal setup needs flags: ${missing.join(', ')}`, {
    hint: `Skip a step with --provider none, --no-trust, --service none; see ${context.commandLine('setup --help')}`,
  });
}

/** @returns false when a store that was to trust us does not */
async function setUpTrust({ context, settings, flags }: SetupStep, prompter: Prompter | undefined): Promise<boolean> {
  const asked = flags.trust as boolean | undefined;
  const wanted =
    asked ?? (await prompter?.confirm('Shall the browsers and programs of this machine trust the certificates?'));
  if (wanted !== true) {
    context.output.result(`Trust    as it was; later: ${context.commandLine('trust')}`);
    return true;
  }
  const done = await trustMachine(context, settings);
  // At a terminal the lines above say what is left; a script has to notice.
  return done || prompter !== undefined;
}
