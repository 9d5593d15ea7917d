/** Which service manager this machine has for this user. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Settings } from '../config/settings.ts';
import { DEFAULT_BIND } from '../config/settings-table.ts';
import { AppError } from '../core/errors.ts';
import { run } from '../platform/exec.ts';
import { type InvokingUser, invokingUser } from '../platform/invoking-user.ts';
import { GUARDED } from '../platform/loopback-guard.ts';
import { homeFolder } from '../platform/paths.ts';
import { LaunchdManager } from '../service/launchd-manager.ts';
import type { ServiceMachine, ServiceManager } from '../service/manager.ts';
import { outputFile } from '../service/spawn-daemon.ts';
import { SYSTEM_PLACE, SystemdManager, userPlace } from '../service/systemd-manager.ts';
import { launchAgent, launchDaemon } from '../service/units/launchd.ts';
import { systemUnits, userUnits } from '../service/units/systemd.ts';
import type { CliContext } from './context.ts';

/** What a service is made from. */
export interface ServiceParts {
  settings: Settings;
  /** node and the script, absolute. */
  program: readonly string[];
  flags: readonly string[];
  path: string;
}

/** systemctl waits for a stop, which may take 20 s. */
const COMMAND_TIMEOUT_MS = 60_000;

function machineOf(context: CliContext): ServiceMachine {
  return {
    root: '/',
    run: (file, args) => run(file, args, { timeoutMs: COMMAND_TIMEOUT_MS }),
    tell: (line) => context.output.result(`  ${line}`),
  };
}

/** The service manager of this machine; undefined where none is known (a container, another init). */
export function serviceSystem(): 'systemd' | 'launchd' | undefined {
  if (process.platform === 'darwin') return 'launchd';
  return existsSync('/run/systemd/system') ? 'systemd' : undefined;
}

/** @throws {AppError} SERVICE_FAILED where there is none · CONFIG_BAD_VALUE for a port that cannot be kept */
export function managerToInstall(context: CliContext, parts: ServiceParts): ServiceManager {
  const { settings, program, flags, path: searchPath } = parts;
  const { dataDir } = settings;
  const plan = { program, flags, dataDir, path: searchPath };
  const isRoot = process.geteuid?.() === 0;
  const machine = machineOf(context);
  const hosts = loopbackFor(settings.bind).filter((host) => !host.includes(':') || hasIpv6());
  const ports = (): Record<'https' | 'http', number> => ({
    https: fixedPort(settings.httpsPort.port),
    http: fixedPort(settings.httpPort.port),
  });
  if (process.platform === 'darwin') {
    if (!isRoot) return launchd(context, machine, launchAgent({ ...plan, outputFile: outputFile(dataDir) }));
    const { uid, gid } = behindSudo(context);
    const sockets = Object.entries(ports()).flatMap(([name, port]) => hosts.map((host) => ({ name, host, port })));
    const text = launchDaemon({ ...plan, user: { uid, gid, home: homeFolder(context.env) }, sockets });
    return new LaunchdManager(machine, 'daemon', text);
  }
  if (serviceSystem() === undefined) {
    throw new AppError('SERVICE_FAILED', 'systemd does not run here, and no other service manager is known', {
      hint: `Have this called at login: ${context.commandLine('start')}`,
    });
  }
  const writable = [...new Set([dataDir, path.dirname(settings.cacheFile)])];
  if (!isRoot) return new SystemdManager(machine, userPlaceOf(context), userUnits({ ...plan, writable }));
  return new SystemdManager(
    machine,
    SYSTEM_PLACE,
    systemUnits({
      ...plan,
      writable,
      user: ownerOf(context),
      hosts,
      ports: ports(),
    }),
  );
}

/** Those that have a service of ours; asks nobody but the file system. */
export async function installedManagers(context: CliContext): Promise<ServiceManager[]> {
  const machine = machineOf(context);
  const all =
    process.platform === 'darwin'
      ? [new LaunchdManager(machine, 'daemon'), launchd(context, machine)]
      : [new SystemdManager(machine, SYSTEM_PLACE), new SystemdManager(machine, userPlaceOf(context))];
  const installed = await Promise.all(all.map((manager) => manager.installedFor()));
  return all.filter((_, i) => installed[i] !== undefined);
}

/** The service of this data folder, if there is one. */
export async function serviceOf(context: CliContext, dataDir: string): Promise<ServiceManager | undefined> {
  for (const manager of await installedManagers(context)) {
    if ((await manager.installedFor()) === dataDir) return manager;
  }
  return undefined;
}

function launchd(context: CliContext, machine: ServiceMachine, text?: string): LaunchdManager {
  return new LaunchdManager(machine, { home: homeFolder(context.env), uid: process.getuid?.() ?? 0 }, text);
}

function userPlaceOf({ env }: CliContext): ReturnType<typeof userPlace> {
  const given = env.XDG_CONFIG_HOME;
  return userPlace(given !== undefined && path.isAbsolute(given) ? given : path.join(homeFolder(env), '.config'));
}

/** Under sudo the user who called it; the service never runs as root for somebody else. */
function ownerOf({ env }: CliContext): string {
  const user = invokingUser(env);
  if (user) return user.name || String(user.uid);
  return os.userInfo().username;
}

/** Whose dev servers these are; root itself has none. @throws {AppError} SERVICE_FAILED */
function behindSudo({ env }: CliContext): InvokingUser {
  const user = invokingUser(env);
  if (user) return user;
  throw new AppError(
    'SERVICE_FAILED',
    'A launch daemon runs as the user who called sudo, but root has called this itself',
    {
      hint: 'Log in as the user whose dev servers are meant, then use sudo',
    },
  );
}

/** Who opens sockets as root needs no guard. */
function loopbackFor(bind: readonly string[]): readonly string[] {
  return bind.includes(GUARDED) ? DEFAULT_BIND : bind;
}

/** A socket on `[::1]` fails, and the service with it, where the family is off. */
function hasIpv6(): boolean {
  return Object.values(os.networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
}

function fixedPort(port: number): number {
  if (port !== 0) return port;
  throw new AppError(
    'CONFIG_BAD_VALUE',
    'A service of the machine needs ports that stay: 0 means another one each time',
  );
}
