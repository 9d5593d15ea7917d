/** The last step of `setup`: hostwise runs, now and by itself where that is wanted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { AppError } from '../core/errors.ts';
import { controlSocketPath } from '../platform/paths.ts';
import { identify } from '../service/daemon.ts';
import type { CliContext } from './context.ts';
import type { Choice, Prompter } from './prompts.ts';
import { restart } from './restart.ts';
import { installService } from './service.ts';
import { serviceSystem } from './service-managers.ts';
import type { SetupStep } from './setup-step.ts';
import { start } from './start.ts';
import { sudoLine, sudoWords } from './sudo-line.ts';

/**
 * `machine`: at boot, on 443 · `guarded`: at login, on 443 of all addresses, where whoever is not this machine is cut off
 * (what macOS gives without root) · `session`: at login, on the ports that this user may have · `background`: until the
 * next boot · `none`.
 */
export const SERVICES = ['machine', 'guarded', 'session', 'background', 'none'] as const;
/** One of {@link SERVICES}. */
export type Service = (typeof SERVICES)[number];

/** @param changed settings were stored: what runs does not know them yet. @returns does it run? @throws {AppError} · Cancelled */
export async function setUpService(step: SetupStep, changed: boolean): Promise<boolean> {
  const { context, settings, flags, prompter } = step;
  const running = await identify(controlSocketPath(settings.dataDir, context.env));
  if (running) {
    context.output.result(`Service  hostwise runs already (pid ${running.pid})`);
    if (changed) await restart(context, placeFlags(step));
    return true;
  }
  const wanted = SERVICES.find((one) => one === flags.service) ?? (prompter ? await askService(prompter) : 'none');
  switch (wanted) {
    case 'none':
      context.output.result(`Service  none; start it with: ${context.commandLine('start')}`);
      return false;
    case 'background':
      await start(context, placeFlags(step));
      return true;
    case 'guarded':
    case 'session':
      if (isRoot()) throw rootHasNoSession();
      await installService(context, { ...placeFlags(step), ...(wanted === 'guarded' ? { bind: 'guarded' } : {}) });
      return true;
    case 'machine':
      return installForMachine(step);
  }
}

/** Of the flags only where the data is: the others are stored by now. */
function placeFlags({ flags }: SetupStep): { dataDir?: unknown } {
  return flags.dataDir === undefined ? {} : { dataDir: flags.dataDir };
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function rootHasNoSession(): AppError {
  return new AppError('CONFIG_BAD_VALUE', 'root has no session to be started in', {
    hint: '--service machine, or without sudo',
  });
}

function askService(prompter: Prompter): Promise<Service> {
  return prompter.select('When shall hostwise run?', serviceChoices(serviceSystem(), isRoot()));
}

/** What there is to choose from, by the service manager of the machine. Pure. */
export function serviceChoices(system: 'systemd' | 'launchd' | undefined, root: boolean): Choice<Service>[] {
  const background: Choice<Service> = { value: 'background', label: 'Now, in the background, until the next boot' };
  const rest: Choice<Service>[] = [background, { value: 'none', label: 'Not now' }];
  if (system === undefined) return rest;
  const machine: Choice<Service> = {
    value: 'machine',
    label: 'At boot, on ports 443 and 80',
    hint: root ? 'it runs as you' : 'sudo asks for your password; only the opening of the ports is root’s',
  };
  if (root) return [machine, ...rest];
  const session: Choice<Service> = {
    value: 'session',
    label: 'When you log in, without root',
    hint: 'on 8443 and 8080 where 443 and 80 are denied',
  };
  if (system === 'systemd') return [machine, session, ...rest];
  const guarded: Choice<Service> = {
    value: 'guarded',
    label: 'When you log in, on ports 443 and 80, without root',
    hint: 'the ports are open on the network, but whoever is not this machine is cut off unread',
  };
  return [guarded, machine, session, ...rest];
}

async function installForMachine(step: SetupStep): Promise<boolean> {
  const { context, settings, prompter } = step;
  if (isRoot()) {
    await installService(context, placeFlags(step));
    return true;
  }
  const line = sudoLine(context, settings, ['service', 'install']);
  if (!prompter) throw new AppError('SERVICE_FAILED', 'A service of this machine needs root’s rights', { hint: line });
  context.output.message(line);
  const [sudo = 'sudo', ...args] = sudoWords(context, settings, ['service', 'install']);
  const code = await runInTerminal(sudo, args);
  if (code === 0) return true;
  throw new AppError('SERVICE_FAILED', 'The service was not installed', { hint: `Try it by hand: ${line}` });
}

/** With our terminal, so that sudo can ask. */
async function runInTerminal(file: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(file, args, { stdio: 'inherit' });
  const failed = new Promise<null>((resolve) => child.once('error', () => resolve(null)));
  const ended = once(child, 'close').then(
    ([code]) => code as number | null,
    () => null,
  );
  return Promise.race([failed, ended]);
}

/** Where this machine's proxy is, in one URL: the first service that runs, else the dashboard. */
export async function firstUrl(context: CliContext, step: SetupStep): Promise<string | undefined> {
  const { siteUrl } = await import('./urls.ts');
  const daemon = await context.daemon(step.settings);
  if (!daemon) return undefined;
  const { processes, containers } = await daemon.services();
  const named = [...processes, ...containers].filter(({ noise, hostname }) => !noise && typeof hostname === 'string');
  const [first] = named.map(({ hostname }) => String(hostname)).sort();
  return `${siteUrl(first ?? 'proxy.localhost', daemon.status)}/`;
}
