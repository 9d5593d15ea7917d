/** The flags of a call as another process can be given them: whatever folder that one works in. Pure. */
import type { Settings } from '../config/settings.ts';
import { flagAttribute, rowOf, SETTING_KEYS, type SettingKey } from '../config/settings-table.ts';
import type { Flags } from './context.ts';

/** Flags of settings by the name that the parser gives them: `{ llmUrl: '…' }`. */
export type PortableFlags = Record<string, string | string[]>;

/** The settings that are paths, and so depend on where they are read. */
function absolutePath(key: SettingKey, settings: Settings): string | undefined {
  switch (key) {
    case 'dataDir':
    case 'cacheFile':
      return settings[key];
    case 'cert':
      return settings.ownCertificate?.certFile;
    case 'key':
      return settings.ownCertificate?.keyFile;
    default:
      return undefined;
  }
}

/** Of a call's flags those of settings, with absolute paths. The data folder is always among them. */
export function portableFlags(flags: Flags, settings: Settings): PortableFlags {
  const portable: PortableFlags = {};
  for (const key of SETTING_KEYS) {
    const { flag } = rowOf(key);
    if (flag === undefined) continue;
    const given = flags[flagAttribute(flag)];
    if (given === undefined && key !== 'dataDir') continue;
    portable[flagAttribute(flag)] = absolutePath(key, settings) ?? textOf(given);
  }
  return portable;
}

function textOf(value: unknown): string | string[] {
  return Array.isArray(value) ? value.map(String) : String(value);
}

/** The environment with absolute paths in the place of relative ones. */
export function portableEnv(env: NodeJS.ProcessEnv, settings: Settings): NodeJS.ProcessEnv {
  const portable = { ...env };
  for (const key of SETTING_KEYS) {
    const path = absolutePath(key, settings);
    if (settings.sources[key] === 'environment' && path !== undefined) portable[rowOf(key).env] = path;
  }
  return portable;
}

/** As words of a command line: `['--llm-url', '…']`. */
export function flagArguments(flags: PortableFlags): string[] {
  return SETTING_KEYS.flatMap((key) => {
    const { flag } = rowOf(key);
    const value = flag === undefined ? undefined : flags[flagAttribute(flag)];
    if (flag === undefined || value === undefined) return [];
    return [value].flat().flatMap((one) => [flag, one]);
  });
}
