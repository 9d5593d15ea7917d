/** `hostwise ca`: where the CA is, the variables that make other programs trust it, and a new one. */
import type { Command } from 'commander';
import type { Settings } from '../config/settings.ts';
import type { SettingKey } from '../config/settings-table.ts';
import { AppError, messageOf } from '../core/errors.ts';
import { prepareDataDir } from '../platform/paths.ts';
import type { Authority } from '../tls/authority.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { addSettingFlags } from './setting-flags.ts';

/** What a CA is made of. */
export const CA_SETTINGS: readonly SettingKey[] = ['domains', 'nameConstraints', 'dataDir'];

/** Add the commands. */
export function addCa(program: Command, context: CliContext, done: Done): void {
  const ca = program.command('ca').description('the certificate authority of this machine');
  const add = (name: string, description: string, action: (settings: Settings) => Promise<void>): void => {
    addSettingFlags(ca.command(name).description(description), CA_SETTINGS).action(async (flags: Flags) => {
      const settings = context.someSettings(flags, CA_SETTINGS);
      await prepareDataDir(settings.dataDir);
      await action(settings);
      done(EXIT.done);
    });
  };
  add('path', 'the file with the root certificate', async (settings) =>
    context.output.result((await openAuthority(settings)).rootFile),
  );
  add(
    'env',
    'shell lines for programs with a store of their own (curl, Node, Python): eval "$(hostwise ca env)"',
    (settings) => printEnvironment(context, settings),
  );
  add('rotate', 'a new CA in the place of this one; it has to be trusted anew', (settings) =>
    rotate(context, settings),
  );
}

async function openAuthority(settings: Settings): Promise<Authority> {
  const { loadOrCreateAuthority } = await import('../tls/authority.ts');
  return loadOrCreateAuthority(settings.dataDir, settings);
}

async function printEnvironment(context: CliContext, settings: Settings): Promise<void> {
  const { clientEnvironment } = await import('../tls/client-bundles.ts');
  const { rootOf } = await import('../tls/trust/trust-report.ts');
  const { shellQuote } = await import('../core/shell-quote.ts');
  const root = rootOf(await openAuthority(settings));
  const { variables, warnings } = await clientEnvironment(root, settings.dataDir, context.env).catch(
    (error: unknown) => {
      throw new AppError(
        'DATA_DIR_UNUSABLE',
        `The bundles cannot be written to "${settings.dataDir}": ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    },
  );
  context.warn(warnings);
  context.output.result(variables.map(({ name, value }) => `export ${name}=${shellQuote(value)}`).join('\n'));
}

async function rotate(context: CliContext, settings: Settings): Promise<void> {
  const { rotateAuthority } = await import('../tls/authority.ts');
  const { refreshBundles } = await import('../tls/client-bundles.ts');
  const { rootOf } = await import('../tls/trust/trust-report.ts');
  const daemon = await context.daemon(settings);
  const authority = await rotateAuthority(settings.dataDir, settings);
  await refreshBundles(rootOf(authority), settings.dataDir);
  const limits = authority.constrained
    ? `for ${authority.domains.join(', ')} and loopback addresses only`
    : 'without name constraints: whoever gets its key can vouch for any site';
  const { output } = context;
  output.result(`The new CA is "${authority.commonName}", ${limits}`);
  output.result('Nobody trusts it yet, and the key of the old one is destroyed:');
  output.result(`  ${context.commandLine('untrust')}   # takes the old one out`);
  output.result(`  ${context.commandLine('trust')}`);
  if (daemon) output.message(`hostwise is running with the old CA: ${context.commandLine('restart')}`);
}
