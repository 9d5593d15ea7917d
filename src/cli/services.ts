/** `hostwise services`: what was discovered, with the hostname that each would get. */
import type { Command } from 'commander';
import { describeService, isContainer, type Service, type Snapshot } from '../core/service.ts';
import { hostPort } from '../core/upstream.ts';
import { projectNames } from '../resolve/project-names.ts';
import type { DaemonStatus } from './api-client.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { lookAround, type Seen } from './look-around.ts';
import { addSettingFlags } from './setting-flags.ts';
import { painter, renderTable, type TableColumn } from './text.ts';
import { siteUrl } from './urls.ts';

/** Add the command. */
export function addServices(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('services')
    .description('what runs on this machine, and the hostname that each service has')
    .option('--all', 'also what is left out: editors, browsers, hostwise itself, and why')
    .option('--json', 'the snapshot format, which "resolve --services" reads');
  addSettingFlags(command, ['composeProject', 'domains', 'dataDir', 'logLevel']).action(async (flags: Flags) =>
    done(await services(context, flags)),
  );
}

async function services(context: CliContext, flags: Flags): Promise<number> {
  const settings = context.settings(flags);
  context.warn(settings.warnings);
  const seen = await lookAround(context, settings);
  const all = flags.all === true;
  if (flags.json === true) context.output.result(JSON.stringify(withoutNoise(seen.snapshot, all), null, 2));
  else printTable(context, seen, all);
  return EXIT.done;
}

function withoutNoise(snapshot: Snapshot, all: boolean): Snapshot {
  if (all) return snapshot;
  return {
    ...snapshot,
    processes: snapshot.processes.filter(({ noise }) => noise === undefined),
    containers: snapshot.containers.filter(({ noise }) => noise === undefined),
  };
}

function printTable(context: CliContext, { snapshot, hostnames, daemon }: Seen, all: boolean): void {
  const { output } = context;
  context.warn(snapshot.warnings ?? []);
  const { processes, containers } = withoutNoise(snapshot, all);
  const shown = [...processes, ...containers].sort(byHostname(hostnames));
  if (shown.length === 0)
    output.message(`Nothing listens here. Start a dev server, or try: ${context.commandLine('run --demo')}`);
  else {
    const columns = columnsFor(daemon !== undefined, all);
    const projects = projectNames(snapshot);
    const rows = shown.map((service) => {
      const name = projects.get(service.id);
      return rowFor(service, { hostname: hostnames.get(service.id), project: name }, daemon?.status, all);
    });
    output.result(renderTable(columns, rows, painter(output.colour)));
  }
  const hidden = snapshot.processes.length + snapshot.containers.length - shown.length;
  if (hidden > 0) output.message(`${hidden} more that no hostname means: ${context.commandLine('services --all')}`);
  if (!daemon) output.message('hostwise is not running');
}

/** Those with a hostname first, by it. */
function byHostname(hostnames: ReadonlyMap<string, string>): (a: Service, b: Service) => number {
  const key = ({ id }: Service): string => hostnames.get(id) ?? '\uffff';
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}

function columnsFor(isRunning: boolean, all: boolean): TableColumn[] {
  return [
    { title: isRunning ? 'URL' : 'HOSTNAME', maxWidth: 80 },
    { title: 'PROJECT', maxWidth: 32 },
    { title: 'BRANCH', maxWidth: 28 },
    { title: 'COMMAND', maxWidth: 40 },
    { title: 'LISTENS', maxWidth: 48 },
    { title: 'ID', maxWidth: 14 },
    ...(all ? [{ title: 'LEFT OUT' }] : []),
  ];
}

function rowFor(
  service: Service,
  { hostname, project = '-' }: { hostname: string | undefined; project: string | undefined },
  status: DaemonStatus | undefined,
  all: boolean,
): string[] {
  const name = hostname === undefined ? '-' : status ? siteUrl(hostname, status) : hostname;
  const facts = isContainer(service)
    ? [project, '-', `${service.name} (${service.image})`]
    : [project, service.git?.branch ?? '-', commandOf(service)];
  return [name, ...facts, portsOf(service), service.id, ...(all ? [service.noise ?? ''] : [])];
}

function commandOf(service: Exclude<Service, { image: string }>): string {
  const [, ...rest] = service.args.split(' ');
  if (service.command === '') return describeService(service);
  return [service.command, ...rest.map(lastPart)].join(' ');
}

/** `/home/kim/shop/node_modules/.bin/vite` says no more than `vite`. */
function lastPart(word: string): string {
  return word.startsWith('/') ? word.slice(word.lastIndexOf('/') + 1) : word;
}

function portsOf(service: Service): string {
  if (isContainer(service)) {
    const published = service.publish.map(({ host, container }) => `${host}->${container}`);
    return [...new Set([...published, ...service.expose.map(String)])].join(' ');
  }
  const places = service.listen.map(({ address, port, noise }) =>
    noise === undefined ? hostPort(address, port) : `${hostPort(address, port)} (${noise})`,
  );
  return [...new Set(places)].join(' ');
}
