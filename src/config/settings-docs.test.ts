import { describe, expect, it } from 'vitest';
import { SETTINGS_END, SETTINGS_START, settingsTable, withSettingsTable } from './settings-docs.ts';
import { rowOf, SETTING_KEYS } from './settings-table.ts';

describe('settingsTable()', () => {
  it('has one row of four cells for each setting', () => {
    const [, , ...rows] = settingsTable().trimEnd().split('\n');
    expect(rows.map((row) => row.match(/`([A-Z_]+)`/)?.[1])).toEqual(SETTING_KEYS.map((key) => rowOf(key).env));
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
  });
});

describe('withSettingsTable()', () => {
  it('replaces what stands between the markers and nothing else', () => {
    const made = withSettingsTable(`before\n${SETTINGS_START}\nold\n${SETTINGS_END}\nafter\n`);
    expect(made).toBe(`before\n${SETTINGS_START}\n${settingsTable()}${SETTINGS_END}\nafter\n`);
  });

  it('has nothing to do in a document without markers', () => {
    expect(withSettingsTable('# A title\n')).toBeUndefined();
    expect(withSettingsTable(`${SETTINGS_END}${SETTINGS_START}`)).toBeUndefined();
  });
});
