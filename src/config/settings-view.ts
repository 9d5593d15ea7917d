/** Settings as people are shown them: value, where it came from, what it means. Secrets are said to be there, no more. */
import type { SettingSource, Settings } from './settings.ts';
import { rowOf, SETTING_KEYS, type SettingKey } from './settings-table.ts';

/** One setting in force. */
export interface SettingInForce {
  environment: string;
  flag: string | null;
  value: string;
  source: SettingSource;
  meaning: string;
}

/** All of them, in the order of the table. Pure. */
export function settingsInForce(settings: Settings): SettingInForce[] {
  return SETTING_KEYS.map((key) => {
    const { env, flag, doc, secret, defaultText } = rowOf(key);
    const text = valueText(settings, key);
    return {
      environment: env,
      flag: flag ?? null,
      value: secret ? (text === '' ? '' : '(set)') : text === '' ? defaultText : text,
      source: settings.sources[key] ?? 'default',
      meaning: doc,
    };
  });
}

function valueText(settings: Settings, key: SettingKey): string {
  // The user's own certificate: two settings that are only good together.
  const value = key === 'cert' || key === 'key' ? settings.ownCertificate?.[`${key}File`] : settings[key];
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(', ');
  // A port: what was asked for; the status says which one it became.
  return typeof value === 'object' ? String(value.port) : String(value);
}
