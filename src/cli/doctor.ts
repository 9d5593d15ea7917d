/**
 * `hostwise doctor`: what works on this machine, what does not, and the command that mends it. Changes nothing but the
 * hosts file, and that only when it is told to.
 */
import { type Command, Option } from 'commander';
import type { Settings } from '../config/settings.ts';
import { SETTING_KEYS } from '../config/settings-table.ts';
import { AppError } from '../core/errors.ts';
import { hostsBlockNames, MAX_HOSTS_NAMES } from '../core/hosts-block.ts';
import type { Finding, FindingState } from '../doctor/check.ts';
import { HOSTS_FILE, hostsText, writeHostsBlock } from '../platform/hosts-file.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { renderFindings } from './doctor-text.ts';
import { EXIT } from './failure.ts';
import { addSettingFlags } from './setting-flags.ts';
import { count, painter } from './text.ts';

/** Add the command. */
export function addDoctor(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('doctor')
    .description('what works here, what does not, and the command that mends it; exit code 1 for a problem')
    .option('--json', 'the findings as one JSON object')
    .addOption(
      new Option(
        '--hosts <what>',
        'write a line for each hostname in use into /etc/hosts, for programs that find them no other way, or remove these lines (with sudo)',
      ).choices(['write', 'remove']),
    );
  addSettingFlags(command, SETTING_KEYS).action(async (flags: Flags) => done(await doctor(context, flags)));
}

async function doctor(context: CliContext, flags: Flags): Promise<number> {
  if (flags.hosts === 'remove') return removeHosts(context);
  const settings = settingsOrFinding(context, flags);
  if ('state' in settings) return printFindings(context, [settings], flags);
  if (flags.hosts === 'write') return writeHosts(context, settings);
  const [{ doctorMachine }, { CHECKS }, { runChecks }] = await Promise.all([
    import('./doctor-machine.ts'),
    import('../doctor/checks.ts'),
    import('../doctor/run-checks.ts'),
  ]);
  const { machine, close } = doctorMachine(context, settings);
  try {
    const said = (state: FindingState) => (detail: string) => ({ id: 'settings', title: 'Settings', state, detail });
    const odd = [...settings.unusable.map(said('problem')), ...settings.warnings.map(said('advice'))];
    return printFindings(context, [...odd, ...(await runChecks(CHECKS, machine))], flags);
  } finally {
    await close();
  }
}

/** A wrong value is one finding among the others, except where nobody knows the data folder. */
function settingsOrFinding(context: CliContext, flags: Flags): Settings | Finding {
  try {
    return context.settings(flags, []);
  } catch (error) {
    // A wrong flag is a wrong call; a wrong file or variable is a finding.
    if (!(error instanceof AppError) || error.message.startsWith('--')) throw error;
    const { message: detail, hint } = error;
    return {
      id: 'settings',
      title: 'Settings',
      state: 'problem',
      detail,
      ...(hint === undefined ? {} : { fix: hint }),
    };
  }
}

function printFindings(context: CliContext, findings: readonly Finding[], flags: Flags): number {
  const { output, version } = context;
  const healthy = findings.every(({ state }) => state !== 'problem');
  if (flags.json === true) output.result(JSON.stringify({ version, healthy, findings }, null, 2));
  else output.result(renderFindings(findings, painter(output.colour)));
  return healthy ? EXIT.done : EXIT.failed;
}

async function writeHosts(context: CliContext, settings: Settings): Promise<number> {
  const { doctorMachine } = await import('./doctor-machine.ts');
  const { machine, close } = doctorMachine(context, settings);
  try {
    const names = await machine.hostnames();
    const changed = await writeHostsBlock(names);
    const written = hostsBlockNames(await hostsText());
    const { output } = context;
    output.result(
      `"${HOSTS_FILE}" ${changed ? 'has' : 'had'} ${count(written.length, 'name')} of ours: ${written.join(', ')}`,
    );
    if (names.length > MAX_HOSTS_NAMES) output.message(`${names.length - MAX_HOSTS_NAMES} more are left out`);
    output.message('It knows no wildcards: for names that come later, do this again');
    return EXIT.done;
  } finally {
    await close();
  }
}

async function removeHosts(context: CliContext): Promise<number> {
  const changed = await writeHostsBlock([]);
  context.output.result(`"${HOSTS_FILE}" ${changed ? 'has no line of ours any more' : 'had no line of ours'}`);
  return EXIT.done;
}
