/** The table of settings as docs/settings.md shows it, between the markers. Pure. */
import { rowOf, SETTING_KEYS, type SettingKey } from './settings-table.ts';

/** What stands before the generated part of a document. */
export const SETTINGS_START = '<!-- settings:start -->';
/** What stands after it. */
export const SETTINGS_END = '<!-- settings:end -->';

/** A markdown table of all settings, without the markers, with a line break at the end. */
export function settingsTable(): string {
  const head = ['| environment | flag | default | meaning |', '|---|---|---|---|'];
  return `${[...head, ...SETTING_KEYS.map(tableRow)].join('\n')}\n`;
}

function tableRow(key: SettingKey): string {
  const { env, flag, valueName, repeatable, defaultText, doc } = rowOf(key);
  const flagCell =
    flag === undefined ? '' : `\`${flag} ${valueName.replaceAll('|', '\\|')}\`${repeatable ? ' (repeatable)' : ''}`;
  return `| \`${env}\` | ${flagCell} | ${defaultText === '' ? '-' : defaultCell(defaultText)} | ${doc} |`;
}

/** One word is a value, several are words about it. */
function defaultCell(text: string): string {
  return /^\S+$/.test(text) ? `\`${text}\`` : text;
}

/**
 * A document with its generated part made new.
 * @returns undefined when the document has no markers
 */
export function withSettingsTable(document: string): string | undefined {
  const start = document.indexOf(SETTINGS_START);
  const end = document.indexOf(SETTINGS_END);
  if (start === -1 || end < start) return undefined;
  return `${document.slice(0, start + SETTINGS_START.length)}\n${settingsTable()}${document.slice(end)}`;
}
