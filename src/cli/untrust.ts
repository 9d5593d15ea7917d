/** `hostwise untrust`: every CA that hostwise ever put into a store of this machine is taken out. */
import type { Command } from 'commander';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { addSettingFlags } from './setting-flags.ts';
import { untrustMachine } from './trust.ts';

/** Add the command. */
export function addUntrust(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('untrust')
    .description('take every CA of hostwise, also earlier ones, out of the trust stores of this machine');
  addSettingFlags(command, ['dataDir']).action(async (flags: Flags) => done(await untrust(context, flags)));
}

async function untrust(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.someSettings(flags, ['dataDir']);
  return (await untrustMachine(context, settings)) ? EXIT.done : EXIT.failed;
}
