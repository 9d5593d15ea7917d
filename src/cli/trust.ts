/** `hostwise trust` and `hostwise untrust`: the CA into every store of this machine, and out of all of them again. */
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import { invokingUser } from '../platform/invoking-user.ts';
import { homeFolder, prepareDataDir } from '../platform/paths.ts';
import type { TrustOptions } from '../tls/trust/surroundings.ts';
import type { StoreChange } from '../tls/trust/trust-everywhere.ts';
import { CA_SETTINGS } from './ca.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { addSettingFlags } from './setting-flags.ts';
import { type Painter, painter, printable } from './text.ts';

/** Add `trust`. */
export function addTrust(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('trust')
    .description(
      'make the browsers and programs of this machine trust the certificates (sudo: the system’s store, too)',
    );
  addSettingFlags(command, ['dataDir']).action(async (flags: Flags) => done(await trust(context, flags)));
}

/** What `trust` does, for `setup`. @returns true when no store is left to do */
export async function trustMachine(context: CliContext, settings: Settings): Promise<boolean> {
  const place = await placeOf(context, settings);
  await prepareDataDir(settings.dataDir);
  const { loadOrCreateAuthority } = await import('../tls/authority.ts');
  const { rootOf } = await import('../tls/trust/trust-report.ts');
  const { trustEverywhere } = await import('../tls/trust/trust-everywhere.ts');
  const authority = await loadOrCreateAuthority(settings.dataDir, settings);
  const changes = await trustEverywhere(rootOf(authority), place.home, place.options);
  if (changes.length === 0) {
    context.output.message(`No trust store was found on this machine. The CA is "${authority.rootFile}"`);
  }
  await tellDaemon(context, settings);
  return printChanges(context, changes, { done: 'trusts it now', unchanged: 'trusts it already' });
}

async function trust(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.someSettings(flags, CA_SETTINGS);
  return (await trustMachine(context, settings)) ? EXIT.done : EXIT.failed;
}

/** Take every CA of ours out of every store, for `uninstall`. @returns true when none is left */
export async function untrustMachine(context: CliContext, settings: Settings): Promise<boolean> {
  const { home, options } = await placeOf(context, settings);
  const { untrustEverywhere } = await import('../tls/trust/trust-everywhere.ts');
  const changes = await untrustEverywhere(home, options);
  await tellDaemon(context, settings);
  return printChanges(context, changes, { done: 'trusts it no more', unchanged: 'had nothing of ours' });
}

/** What runs looks again, so that its pages go to https, or do not, from now on. One that cannot be asked looks by itself later. */
async function tellDaemon(context: CliContext, settings: Settings): Promise<void> {
  const daemon = await context.daemon(settings).catch(() => undefined);
  await daemon?.report().catch(() => undefined);
}

/** Whose stores these are: under sudo those of the user who called it. @throws {AppError} DATA_DIR_UNUSABLE for a third user's HOME */
export async function placeOf(
  context: CliContext,
  settings: Settings,
): Promise<{ home: string; options: TrustOptions }> {
  const { knownRoots } = await import('../tls/retired-authorities.ts');
  const home = homeFolder(context.env);
  const user = invokingUser(context.env);
  const javaHome = context.env.JAVA_HOME;
  return {
    home,
    options: {
      known: await knownRoots(settings.dataDir),
      trustCommand: context.commandLine('trust'),
      ...(user ? { user: { uid: user.uid, gid: user.gid } } : {}),
      ...(javaHome ? { javaHome } : {}),
    },
  };
}

/** @returns true when nothing failed */
function printChanges(
  context: CliContext,
  changes: readonly StoreChange[],
  words: Record<'done' | 'unchanged', string>,
): boolean {
  const paint = painter(context.output.colour);
  for (const change of changes) context.output.result(describe(change, words, paint));
  return changes.every(({ result }) => result !== 'failed');
}

function describe(change: StoreChange, words: Record<'done' | 'unchanged', string>, paint: Painter): string {
  const { title, result, afterwards, reason, commands, removed = [] } = change;
  const name = printable(title);
  if (result !== 'failed') {
    const mark = paint('green', result === 'done' ? '✓' : '·');
    const count = removed.length > 1 ? ` (${removed.length} CAs)` : '';
    return `${mark} ${name} ${words[result]}${count}${afterwards === undefined ? '' : ` (${afterwards})`}`;
  }
  const lines = commands.map((line) => `    ${paint('bold', line)}`);
  return [
    `${paint('red', '✗')} ${name}: ${printable(reason ?? '')}${lines.length > 0 ? '. Do it with' : ''}`,
    ...lines,
  ].join('\n');
}
