/** Ports 443 and 80, or those that were asked for: are they ours, can they be, and if not, who has them. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../core/errors.ts';
import type { ContainerService, Snapshot } from '../core/service.ts';
import { shellLine } from '../core/shell-quote.ts';
import {
  type KnownRouter,
  routerOfContainer,
  routerOfProgram,
  VALET,
  VALET_FOLDERS,
} from '../platform/known-routers.ts';
import { listenBoth } from '../platform/listen.ts';
import { lowPortAdvice } from '../platform/low-ports.ts';
import { holderText, type PortHolder, whoHolds } from '../platform/port-holder.ts';
import type { Check, Finding } from './check.ts';
import type { DoctorDaemon, DoctorMachine } from './machine.ts';

type PortName = 'https' | 'http';

/** See the file's header. */
export const ports: Check = {
  id: 'port',
  title: 'Ports',
  look: async (machine) => {
    const daemon = await machine.daemon();
    return Promise.all((['https', 'http'] as const).map((name) => lookAt(name, machine, daemon)));
  },
};

async function lookAt(name: PortName, machine: DoctorMachine, daemon: DoctorDaemon | undefined): Promise<Finding> {
  const { port } = machine.settings[`${name}Port`];
  const named = { id: `port.${name}`, title: `Port ${port}` };
  const had = daemon?.ports[name] ?? undefined;
  if (port === 0) {
    return { ...named, title: `Port for ${name}`, state: 'ok', detail: had ? `${had}` : 'any free one, as set' };
  }
  if (had === port) return { ...named, state: 'ok', detail: 'hostwise has it' };
  const trouble = await troubleWith(name, machine);
  const instead = had === undefined ? '' : `; hostwise is on ${had}`;
  if (trouble === undefined) {
    if (had === undefined) return { ...named, state: 'ok', detail: 'is free, and may be had' };
    return { ...named, state: 'advice', detail: `is free by now${instead}`, fix: machine.line('restart') };
  }
  const said = trouble.code === 'PORT_FORBIDDEN' ? forbidden(port, machine) : await taken(port, trouble, machine);
  const { explicit, fallback } = machine.settings[`${name}Port`];
  // Asked for by the user, it is that port or none; else there is another one.
  const state = explicit && had === undefined ? 'problem' : 'advice';
  const other = explicit || had !== undefined ? instead : `; hostwise takes ${fallback} instead`;
  return { ...named, ...said, state, detail: said.detail + other };
}

/** Try it, as a start would. @returns undefined when it can be had */
async function troubleWith(name: PortName, { settings }: DoctorMachine): Promise<AppError | undefined> {
  try {
    const bound = await listenBoth({
      port: settings[`${name}Port`].port,
      hosts: settings.bind,
      explicit: true,
      flag: `--${name}-port`,
      onConnection: (socket) => socket.destroy(),
    });
    await bound.close();
    return undefined;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'PORT_FORBIDDEN' || error.code === 'PORT_IN_USE')) return error;
    throw error;
  }
}

type Said = Pick<Finding, 'detail' | 'fix'>;

function forbidden(port: number, machine: DoctorMachine): Said {
  const { commands } = lowPortAdvice({
    platform: machine.platform,
    lowest: Math.min(port, 80),
    serviceCommand: machine.rootLine('service', 'install'),
    runCommand: machine.line('run'),
  });
  const [fix] = commands;
  return { detail: 'this user may not listen there', ...(fix === undefined ? {} : { fix }) };
}

async function taken(port: number, error: AppError, machine: DoctorMachine): Promise<Said> {
  const holder = await whoHolds(port);
  const router = await routerAt(port, holder, machine);
  const who = holder ? ` by ${holderText(holder)}` : '';
  if (!router) return { detail: `is in use${who}`, fix: lookLine(port, holder, error) };
  const { title, together, front, commands } = router;
  const isNamed = holder !== undefined && routerOfProgram(holder.command)?.id === router.id;
  const detail = `is in use${isNamed ? who : ` by ${title}`}: ${together}`;
  if (front !== undefined && machine.has('adapt')) {
    return { detail: `${detail}, or asks hostwise`, fix: machine.line('adapt', '--to', front) };
  }
  return { detail, fix: commands[0] ?? lookLine(port, holder, error) };
}

/** What a person would do about a program that nobody knows: look who it is. */
function lookLine(port: number, holder: PortHolder | undefined, { hint = '' }: AppError): string {
  if (holder && holder.pid !== 0) return shellLine('ps', '-fp', String(holder.pid));
  return hint.includes('lsof')
    ? shellLine('lsof', '-nP', `-iTCP:${port}`, '-sTCP:LISTEN')
    : `sudo ss -tlnp 'sport = :${port}'`;
}

/** A container's router is behind a forwarder of Docker's, and Valet's is an nginx. */
async function routerAt(
  port: number,
  holder: PortHolder | undefined,
  machine: DoctorMachine,
): Promise<KnownRouter | undefined> {
  const byContainer = containerAt(port, await machine.snapshot());
  if (byContainer) return byContainer;
  const router = holder && routerOfProgram(holder.command);
  return router?.id === 'nginx' && (await hasValet(machine.home)) ? VALET : router;
}

function containerAt(port: number, { containers }: Pick<Snapshot, 'containers'>): KnownRouter | undefined {
  const publishes = ({ publish, hostListen = [] }: ContainerService): boolean =>
    publish.some(({ host }) => host === port) || hostListen.some((one) => one.port === port);
  const found = containers.find(publishes);
  return found && routerOfContainer({ image: found.image ?? '', name: found.name });
}

async function hasValet(home: string): Promise<boolean> {
  const tried = await Promise.all(
    VALET_FOLDERS.map((folder) =>
      access(path.join(home, folder)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return tried.includes(true);
}
