/**
 * The one table of settings: it drives types, flags, environment, env file, `--help` and the table of docs/settings.md.
 * Think before adding a row: every setting is a question that each user has to answer.
 */
import { LOG_LEVELS } from '../platform/log.ts';
import {
  choiceOf,
  type Parser,
  parseAddresses,
  parseDomains,
  parseKey,
  parsePath,
  parsePort,
  parseSwitch,
  parseText,
  parseUrl,
} from './parsers.ts';

/** One setting. */
export interface SettingRow<Value> {
  /** Its name in the environment and in the env file. */
  env: string;
  /** Its flag with the dashes; none for what must not stand in a process list. */
  flag?: string;
  /** The value as `--help` shows it: `URL`. */
  valueName: string;
  /** May the flag be given several times? The values are joined by commas, as in the environment. */
  repeatable?: true;
  /** A switch that also has a `--no-` flag without a value: `--no-name-constraints`. */
  negatable?: true;
  /** In words; '' for none. */
  defaultText: string;
  /** Meaning, unit and danger, in one or two sentences. Markdown only as backticks. */
  doc: string;
  parse: Parser<Value>;
  /** The value is never shown. */
  secret?: true;
  /** Not read from the env file: it says where that file is. */
  notInFile?: true;
}

/** OpenRouter's endpoint: the one hosted API that has every model. */
export const DEFAULT_LLM_URL = 'https://openrouter.ai/api/v1/chat/completions';
/** Small and quick; names are settled without it anyway. */
export const DEFAULT_MODEL = 'anthropic/claude-haiku-4.5';
/** Both families, since some clients try `::1` first and others know only 127.0.0.1. */
export const DEFAULT_BIND = ['127.0.0.1', '::1'] as const;

const row = <Value>(setting: SettingRow<Value>): SettingRow<Value> => setting;

/** See the file's header. The keys are those of `Settings`. */
export const SETTINGS = {
  llmApiKey: row({
    env: 'LLM_API_KEY',
    valueName: 'KEY',
    defaultText: '',
    doc: 'key; needed for hosted APIs only. It goes only to the URL it was configured with: key and URL from different sources, neither a flag, is an error that names both',
    parse: parseKey,
    secret: true,
  }),
  llmUrl: row({
    env: 'LLM_API_URL',
    flag: '--llm-url',
    valueName: 'URL',
    defaultText: DEFAULT_LLM_URL,
    doc: 'any OpenAI-compatible API: its base (`http://127.0.0.1:11434/v1`) or its chat-completions endpoint',
    parse: parseUrl,
  }),
  model: row({
    env: 'MODEL',
    flag: '--model',
    valueName: 'NAME',
    defaultText: DEFAULT_MODEL,
    doc: 'model to ask for, as the API calls it',
    parse: parseText,
  }),
  composeProject: row({
    env: 'COMPOSE_PROJECT',
    flag: '--compose-project',
    valueName: 'NAME',
    defaultText: '',
    doc: 'our own compose project, left out of discovery',
    parse: parseText,
  }),
  dockerHost: row({
    env: 'DOCKER_HOST',
    valueName: 'ADDRESS',
    defaultText: 'docker’s own choice',
    doc: 'the engine to ask for containers: `unix://`, `tcp://` or `ssh://`; else the docker context, else the usual sockets. No engine is fine',
    parse: parseText,
  }),
  cacheFile: row({
    env: 'HOSTWISE_CACHE_FILE',
    flag: '--cache-file',
    valueName: 'FILE',
    defaultText: '<data-dir>/mappings.json',
    doc: 'the remembered decisions',
    parse: parsePath,
  }),
  resolve: row({
    env: 'HOSTWISE_RESOLVE',
    flag: '--resolve',
    valueName: 'HOW',
    defaultText: 'auto',
    doc: '`auto` names first, the LLM where they do not settle it · `llm` always the LLM · `names` never',
    parse: choiceOf(['auto', 'llm', 'names']),
  }),
  httpsPort: row({
    env: 'HOSTWISE_HTTPS_PORT',
    flag: '--https-port',
    valueName: 'PORT',
    defaultText: '443, else 8443',
    doc: 'asked for explicitly: that port or an error; 0 = any free port',
    parse: parsePort,
  }),
  httpPort: row({
    env: 'HOSTWISE_HTTP_PORT',
    flag: '--http-port',
    valueName: 'PORT',
    defaultText: '80, else 8080',
    doc: 'the same for plain HTTP',
    parse: parsePort,
  }),
  http: row({
    env: 'HOSTWISE_HTTP',
    flag: '--http',
    valueName: 'HOW',
    defaultText: 'auto',
    doc: 'plain HTTP: `redirect` to https · `serve` the apps · `auto` serves until the CA is known to be trusted, then redirects',
    parse: choiceOf(['auto', 'serve', 'redirect']),
  }),
  bind: row({
    env: 'HOSTWISE_BIND',
    flag: '--bind',
    valueName: 'ADDRESS',
    repeatable: true,
    defaultText: '127.0.0.1 and ::1',
    doc: 'addresses to listen on, separated by commas; anything but loopback lets others reach your dev servers. `guarded`: all addresses, but whoever is not this machine is cut off unread (macOS gives ports below 1024 so, without root)',
    parse: parseAddresses,
  }),
  domains: row({
    env: 'HOSTWISE_DOMAINS',
    flag: '--domain',
    valueName: 'DOMAIN',
    repeatable: true,
    defaultText: 'localhost, always kept',
    doc: 'further suffixes that are resolved, separated by commas; any other Host gets 421. The bare domain shows the dashboard. The CA can vouch for none but those that it was made for, so a new one makes a new CA: run `hostwise trust` again',
    parse: parseDomains,
  }),
  cert: row({
    env: 'HOSTWISE_CERT',
    flag: '--cert',
    valueName: 'FILE',
    defaultText: '',
    doc: 'a certificate of your own (PEM, with what lies between it and its root), shown for the names that it covers; read again when it changes. Needs `--key`',
    parse: parsePath,
  }),
  key: row({
    env: 'HOSTWISE_KEY',
    flag: '--key',
    valueName: 'FILE',
    defaultText: '',
    doc: 'the key of `--cert` (PEM, without a passphrase)',
    parse: parsePath,
  }),
  nameConstraints: row({
    env: 'HOSTWISE_NAME_CONSTRAINTS',
    flag: '--name-constraints',
    valueName: 'on|off',
    negatable: true,
    defaultText: 'on',
    doc: '`off` (or `--no-name-constraints`) makes a new CA that could vouch for any site, for clients that cannot read constraints; a CA that is there stays as it is until `ca rotate`',
    parse: parseSwitch,
  }),
  seedPaths: row({
    env: 'HOSTWISE_SEED_PATHS',
    flag: '--seed-paths',
    valueName: 'on|off',
    defaultText: 'on',
    doc: '`off` gives `/_api/mappings/`, `/_debug`, `/_tls_check` and `/_proxy/` back to the apps; the dashboard keeps them',
    parse: parseSwitch,
  }),
  dataDir: row({
    env: 'HOSTWISE_DATA_DIR',
    flag: '--data-dir',
    valueName: 'FOLDER',
    defaultText: 'the platform’s data folder',
    doc: 'CA, mappings, `hostwise.env`, control socket, compiled code',
    parse: parsePath,
    notInFile: true,
  }),
  logLevel: row({
    env: 'HOSTWISE_LOG_LEVEL',
    flag: '--log-level',
    valueName: 'LEVEL',
    defaultText: 'info',
    doc: `how much is logged: ${LOG_LEVELS.join(', ')}`,
    parse: choiceOf(LOG_LEVELS),
  }),
} as const;

/** Name of a setting. */
export type SettingKey = keyof typeof SETTINGS;

/** The value that a setting's parser gives. */
export type SettingValue<Key extends SettingKey> =
  (typeof SETTINGS)[Key] extends SettingRow<infer Value> ? Value : never;

/** All settings in the order of the table. */
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

/** A row without the type of its value, for those who only read its words. */
export function rowOf(key: SettingKey): SettingRow<unknown> {
  return SETTINGS[key];
}

/** The key that a flag has among parsed flags: `--llm-url` -> `llmUrl`. */
export function flagAttribute(flag: string): string {
  return flag.replace(/^--/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
