/**
 * Settings: resolved once at start, frozen, passed down. Flags win over the environment, the environment over
 * `<data-dir>/hostwise.env`. Nothing else of the program reads `process.env`, and nothing is read from the working
 * directory.
 */
import path from 'node:path';
import type { LogLevel } from '../platform/log.ts';
import { GUARDED } from '../platform/loopback-guard.ts';
import { GivenSettings, type SettingSource, type SettingsInput } from './given-settings.ts';
import { DEFAULT_BIND, DEFAULT_LLM_URL, DEFAULT_MODEL } from './settings-table.ts';

export type { SettingSource, SettingsInput } from './given-settings.ts';

/** A port to listen on. */
export interface PortSetting {
  /** 0: any free one. */
  port: number;
  /** Asked for by the user: this one or an error. */
  explicit: boolean;
  /** Taken where `port` cannot be had and was not asked for. */
  fallback: number;
}

/** Everything that can be set. Frozen. */
export interface Settings {
  llmApiKey?: string;
  llmUrl: string;
  /** The URL was set by the user, not the default. */
  llmUrlExplicit: boolean;
  model: string;
  composeProject?: string;
  /** DOCKER_HOST as it was written; nonsense is a warning of discovery, not an error. */
  dockerHost?: string;
  cacheFile: string;
  resolve: 'auto' | 'llm' | 'names';
  httpsPort: PortSetting;
  httpPort: PortSetting;
  http: 'auto' | 'serve' | 'redirect';
  bind: string[];
  /** `localhost` is always the first. */
  domains: string[];
  dataDir: string;
  /** The user's own certificate and its key, or neither. */
  ownCertificate?: { certFile: string; keyFile: string };
  /** Is a new CA limited to our domains? */
  nameConstraints: boolean;
  logLevel: LogLevel;
  /** Are the seed's paths taken from the apps? */
  seedPaths: boolean;
  /** Setting -> where its value came from. */
  sources: Readonly<Record<string, SettingSource>>;
  /** What is odd but no reason to stop, in words. */
  warnings: readonly string[];
  /** What cannot be used and was passed over, in words. Empty unless {@link SettingsInput.needs} was given. */
  unusable: readonly string[];
}

/**
 * Read and check all settings.
 * @throws {AppError} CONFIG_BAD_VALUE · CONFIG_KEY_WITHOUT_URL · CONFIG_FILE_UNREADABLE · DATA_DIR_UNUSABLE (no home)
 */
export function loadSettings(input: SettingsInput): Settings {
  const given = new GivenSettings(input);
  given.checked('llmApiKey', () => given.checkKeyAndUrl());
  const { dataDir } = given;
  const llmApiKey = given.value('llmApiKey');
  const composeProject = given.value('composeProject');
  const dockerHost = given.value('dockerHost');
  const ownCertificate = given.checked('cert', () => given.ownCertificate());
  const settings: Settings = {
    ...(llmApiKey === undefined ? {} : { llmApiKey }),
    llmUrl: given.value('llmUrl') ?? DEFAULT_LLM_URL,
    llmUrlExplicit: given.isSet('llmUrl'),
    model: given.value('model') ?? DEFAULT_MODEL,
    ...(composeProject === undefined ? {} : { composeProject }),
    ...(dockerHost === undefined ? {} : { dockerHost }),
    cacheFile: given.value('cacheFile') ?? path.join(dataDir, 'mappings.json'),
    resolve: given.value('resolve') ?? 'auto',
    httpsPort: portSetting(given.value('httpsPort'), 443, 8443),
    httpPort: portSetting(given.value('httpPort'), 80, 8080),
    http: given.value('http') ?? 'auto',
    bind: given.value('bind') ?? [...DEFAULT_BIND],
    domains: given.value('domains') ?? ['localhost'],
    dataDir,
    ...(ownCertificate === undefined ? {} : { ownCertificate }),
    nameConstraints: given.value('nameConstraints') ?? true,
    logLevel: given.value('logLevel') ?? 'info',
    seedPaths: given.value('seedPaths') ?? true,
    sources: given.sources(),
    warnings: [],
    unusable: [],
  };
  given.checked('httpsPort', () => given.checkPorts(settings));
  const warnings = [...given.warnings(), ...settingWarnings(settings)];
  return freeze({ ...settings, warnings, unusable: given.unusable });
}

function portSetting(asked: number | undefined, usual: number, fallback: number): PortSetting {
  return { port: asked ?? usual, explicit: asked !== undefined, fallback };
}

function freeze(settings: Settings): Settings {
  for (const part of Object.values(settings)) Object.freeze(part);
  return Object.freeze(settings);
}

function settingWarnings({ bind, llmUrl, llmUrlExplicit, sources }: Settings): string[] {
  const warnings: string[] = [];
  const open = bind.filter((address) => address !== GUARDED && !isLoopbackAddress(address));
  if (open.length > 0) {
    warnings.push(`Listening on ${open.join(', ')}: whoever reaches this machine reaches your dev servers`);
  }
  if (llmUrlExplicit && sources.model === 'default' && !llmUrl.includes('openrouter.ai')) {
    warnings.push(
      `MODEL is not set, so "${new URL(llmUrl).host}" is asked for "${DEFAULT_MODEL}": it may have another`,
    );
  }
  return warnings;
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
