/** `hostwise routes`: the remembered decisions. They are changed through the running daemon, else in their file. */
import type { Command } from 'commander';
import { parseEditKey, parseMappingKey } from '../api/mapping-key.ts';
import { maskDeep } from '../api/mask.ts';
import type { Settings } from '../config/settings.ts';
import { AppError } from '../core/errors.ts';
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import type { Mapping } from '../core/mapping.ts';
import { type PathEntry, parsePaths, splitPathKey } from '../core/mapping-paths.ts';
import type { Snapshot } from '../core/service.ts';
import { hostPort } from '../core/upstream.ts';
import { prepareDataDir } from '../platform/paths.ts';
import { deleteMapping, type EditKey, pathOf, putMapping } from '../routes/edit-mapping.ts';
import { mappingFromInput, parseTarget } from '../routes/make-mapping.ts';
import { MappingStore } from '../routes/mapping-store.ts';
import type { CliContext, Done, Flags } from './context.ts';
import { EXIT } from './failure.ts';
import { withDomain } from './hostname-argument.ts';
import { ownScan } from './look-around.ts';
import { addSettingFlags } from './setting-flags.ts';
import { painter, renderTable } from './text.ts';

/** The mappings, wherever they are changed. */
interface Mappings {
  domains: readonly string[];
  all(): Promise<Record<string, Mapping>>;
  set(key: EditKey, input: object, snapshot: Snapshot): Promise<void>;
  delete(key: EditKey): Promise<void>;
}

const COLUMNS = [
  { title: 'HOST', maxWidth: 60 },
  { title: 'TARGET', maxWidth: 70 },
  { title: 'BY' },
  { title: 'SINCE' },
  { title: 'WHY', maxWidth: 80 },
];

/** Add the command with its three parts. */
export function addRoutes(program: Command, context: CliContext, done: Done): void {
  const routes = program.command('routes').description('the remembered decisions: list, set, rm');
  const add = (command: Command): Command => addSettingFlags(command, ['cacheFile', 'domains', 'dataDir', 'logLevel']);
  add(routes.command('list', { isDefault: true }).description('show them (also without "list")'))
    .option('--json', 'hostname to mapping, as in mappings.json')
    .allowExcessArguments(true)
    .action(async (flags: Flags, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) throw unknownPart(word);
      done(await listRoutes(context, flags));
    });
  add(routes.command('set').description('say which service a hostname means; it is never moved by itself'))
    .argument('<host>', 'hostname; "web.shop" means web.shop.localhost, "shop/api" the path /api of shop.localhost')
    .argument(
      '<target>',
      'port, host:port, container[:port], id of "services", or a directory; for a path a hostname, too',
    )
    .option('--host <name>', 'Host that the app is sent: preserve, target (localhost:PORT) or a name')
    .option('--strip', 'of a path: take it off before the app gets it')
    .action(async (host: string, target: string, flags: Flags) => done(await setRoute(context, host, target, flags)));
  add(routes.command('rm').description('forget one; it is decided again when it is opened'))
    .argument('<host>', 'hostname, hostname:service, or hostname/path')
    .action(async (host: string, flags: Flags) => done(await removeRoute(context, host, flags)));
}

function unknownPart(word: string): AppError {
  return new AppError(
    'CONFIG_UNKNOWN_FLAG',
    `unknown command "routes ${word.slice(0, 80)}": expected routes list, routes set HOST TARGET or routes rm HOST`,
  );
}

async function listRoutes(context: CliContext, flags: Flags): Promise<number> {
  const { output } = context;
  const mappings = await (await openMappings(context, prepare(context, flags))).all();
  if (flags.json === true) {
    output.result(JSON.stringify(mappings, null, 2));
    return EXIT.done;
  }
  const rows = Object.entries(mappings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, mapping]) => [[key, ...describe(mapping)], ...pathRows(key, mapping)]);
  if (rows.length === 0) output.message('Nothing is remembered yet: open http://NAME.localhost, or set a route');
  else output.result(renderTable(COLUMNS, rows, painter(output.colour)));
  return EXIT.done;
}

function describe(mapping: Mapping): string[] {
  const { source = 'llm', createdAt, llmReason } = mapping;
  return [targetText(mapping), source, createdAt.slice(0, 10), llmReason];
}

/** A row for each path of a mapping, shortest first. */
function pathRows(key: string, { paths = {}, createdAt }: Mapping): string[][] {
  return parsePaths(paths)
    .entries.reverse()
    .map((entry) => [
      key + entry.prefix,
      pathText(entry),
      'user',
      (entry.mapping?.createdAt || createdAt).slice(0, 10),
      '',
    ]);
}

function pathText({ mapping, to, strip }: PathEntry): string {
  const target = mapping ? targetText(mapping) : [to?.hostname, to?.service].filter(Boolean).join(':');
  return strip ? `${target}, path stripped` : target;
}

/** Who is meant, then where it was seen last. */
function targetText({ type, target, port, identity }: Mapping): string {
  if (type === 'docker') return `${target}:${port} (container)`;
  if (identity?.kind === 'process') return `${identity.root ?? identity.workdir}:${port}`;
  return target.startsWith('/') ? `${target}:${port}` : hostPort(target, port);
}

async function setRoute(context: CliContext, host: string, target: string, flags: Flags): Promise<number> {
  const settings = prepare(context, flags);
  const mappings = await openMappings(context, settings);
  const key = editKeyOf(host, mappings.domains);
  if (flags.strip === true && key.prefix === undefined) {
    throw new AppError('ROUTE_BAD_MAPPING', '"--strip" is for a path, such as shop.localhost/api');
  }
  const snapshot = await ownScan(context, settings);
  const input = {
    ...(referenceOf(key, target, mappings.domains) ?? parseTarget(target, snapshot, process.cwd())),
    ...(typeof flags.host === 'string' ? { host: flags.host } : {}),
    ...(flags.strip === true ? { strip: true } : {}),
  };
  await mappings.set(key, input, snapshot);
  const stored = (await mappings.all())[key.key];
  context.output.result(`${keyText(key)} -> ${storedText(stored, key) ?? target}`);
  return EXIT.done;
}

/** A path may lead to another hostname; `host:8000` is an address, though. */
function referenceOf({ prefix }: EditKey, target: string, domains: readonly string[]): { to: string } | undefined {
  if (prefix === undefined || /:\d+$/.test(target)) return undefined;
  const [hostname = ''] = target.split(':');
  const host = normalizeHostname(hostname);
  if (host === null || classifyHostname(host, domains).kind === 'foreign') return undefined;
  return { to: parseMappingKey(target, domains) };
}

function storedText(mapping: Mapping | undefined, { prefix }: EditKey): string | undefined {
  if (prefix === undefined) return mapping && targetText(mapping);
  const entry = parsePaths(mapping?.paths ?? {}).entries.find((one) => one.prefix === prefix);
  return entry && pathText(entry);
}

async function removeRoute(context: CliContext, host: string, flags: Flags): Promise<number> {
  const mappings = await openMappings(context, prepare(context, flags));
  const all = await mappings.all();
  // As it is stored, also under a domain that is no longer ours.
  const key = Object.hasOwn(all, host) ? { key: host } : editKeyOf(host, mappings.domains);
  const isThere =
    key.prefix === undefined ? Object.hasOwn(all, key.key) : pathOf(all[key.key], key.prefix) !== undefined;
  if (!isThere) {
    context.output.message(`Nothing is remembered for "${keyText(key)}"`);
    return EXIT.done;
  }
  await mappings.delete(key);
  context.output.result(`${keyText(key)} is forgotten`);
  return EXIT.done;
}

function prepare(context: CliContext, flags: Flags): Settings {
  const settings = context.settings(flags);
  context.warn(settings.warnings);
  return settings;
}

/** `shop`, `web.shop`, `shop.localhost`, `shop.localhost:api` or `shop/api`. @throws {AppError} HOST_INVALID · ROUTE_BAD_MAPPING */
function editKeyOf(text: string, domains: readonly string[]): EditKey {
  const { key, prefix = '' } = splitPathKey(text);
  const [host = '', ...service] = key.split(':');
  return parseEditKey([withDomain(host, domains), ...service].join(':') + prefix, domains);
}

function keyText({ key, prefix = '' }: EditKey): string {
  return key + prefix;
}

async function openMappings(context: CliContext, settings: Settings): Promise<Mappings> {
  const daemon = await context.daemon(settings);
  if (daemon) {
    return {
      domains: daemon.status.domains,
      all: () => daemon.mappings(),
      set: (key, input) => daemon.setMapping(keyText(key), input),
      delete: (key) => daemon.deleteMapping(keyText(key)),
    };
  }
  return fileMappings(context, settings);
}

async function fileMappings(context: CliContext, settings: Settings): Promise<Mappings> {
  const store = await MappingStore.open(settings.cacheFile, context.quietLog(settings));
  context.warn(store.warnings);
  return {
    domains: settings.domains,
    all: async () => maskDeep({ ...store.all() }),
    set: async (key, input, snapshot) => {
      await prepareDataDir(settings.dataDir);
      const checkKey = (text: string): string => parseMappingKey(text, settings.domains);
      await putMapping({ store, snapshot, make: mappingFromInput, checkKey }, key, input);
    },
    delete: async (key) => {
      await deleteMapping(store, key);
    },
  };
}
