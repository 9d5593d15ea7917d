/** The documented table of settings is the one of the program. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { withSettingsTable } from '../../../src/config/settings-docs.ts';

const SETTINGS = fileURLToPath(new URL('../../../docs/settings.md', import.meta.url));

it('docs/settings.md has the settings as they are (make it so: UPDATE_DOCS=1 npm test -- test/integration/config)', async () => {
  const text = await readFile(SETTINGS, 'utf8');
  const made = withSettingsTable(text);
  // Without the markers nothing would be compared.
  expect(made).toBeDefined();
  if (made !== undefined && process.env.UPDATE_DOCS === '1') await writeFile(SETTINGS, made);
  expect(await readFile(SETTINGS, 'utf8')).toBe(made);
});
