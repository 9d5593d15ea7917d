/** The machine as the checks of `doctor` see it: asked of the running daemon where there is one, else by a look of our own. */

import type { Settings } from '../config/settings.ts';
import { normalizeHostname } from '../core/hostname.ts';
import { shellLine } from '../core/shell-quote.ts';
import { Discovery } from '../discovery/snapshot.ts';
import type { DoctorDaemon, DoctorMachine } from '../doctor/machine.ts';
import { controlSocketPath, homeFolder } from '../platform/paths.ts';
import { shownHosts } from '../resolve/hostnames.ts';
import { identify } from '../service/daemon.ts';
import type { CliContext } from './context.ts';
import { installedManagers } from './service-managers.ts';
import { rootLine } from './sudo-line.ts';
import { placeOf } from './trust.ts';

/** What is asked, and the end of it. */
export interface OpenMachine {
  machine: DoctorMachine;
  close(): Promise<void>;
}

/** Nothing is looked at before somebody asks. */
export function doctorMachine(context: CliContext, settings: Settings): OpenMachine {
  const { env } = context;
  const home = homeFolder(env);
  const discovery = new Discovery({
    log: context.quietLog(settings),
    ownPids: [process.pid],
    docker: { dockerHost: settings.dockerHost, env, home },
    composeProject: settings.composeProject,
  });
  const client = once(() => context.daemon(settings));
  const daemon = once(() => findDaemon(context, settings, client));
  const snapshot = once(async () => (await client().catch(() => undefined))?.services() ?? discovery.refresh());
  const machine: DoctorMachine = {
    settings,
    env,
    home,
    platform: process.platform,
    isRoot: process.geteuid?.() === 0,
    now: () => new Date(),
    systemRoot: '/',
    line: (...words) => context.commandLine(shellLine(...words)),
    rootLine: (...words) => rootLine(context, settings, words),
    has: (command) => context.has(command),
    daemon,
    snapshot,
    docker: async () => {
      const running = await daemon().catch(() => undefined);
      if (running) return running.docker;
      await snapshot();
      return discovery.docker;
    },
    hostnames: async () => {
      const { processes, containers } = await snapshot();
      const own = shownHosts({ processes, containers }, settings.domains);
      const mappings = await (await client().catch(() => undefined))?.mappings();
      const all = [...own.values(), ...Object.keys(mappings ?? {}).map((key) => key.split(':')[0] ?? '')];
      const control = settings.domains.map((domain) => `proxy.${domain}`);
      return [...new Set([...control, ...all])].filter((name) => normalizeHostname(name) === name);
    },
    services: () => installedManagers(context),
    trustOptions: async () => (await placeOf(context, settings)).options,
  };
  return { machine, close: () => discovery.close() };
}

async function findDaemon(
  context: CliContext,
  settings: Settings,
  client: () => ReturnType<CliContext['daemon']>,
): Promise<DoctorDaemon | undefined> {
  const identity = await identify(controlSocketPath(settings.dataDir, context.env));
  const report = identity && (await (await client())?.report());
  if (!identity || !report) return undefined;
  const { connected, detail } = report.docker;
  return { identity, ports: report.ports, docker: { connected, detail } };
}

/** The same promise for everybody who asks. */
function once<T>(look: () => Promise<T>): () => Promise<T> {
  let looked: Promise<T> | undefined;
  return () => {
    looked ??= look();
    return looked;
  };
}
