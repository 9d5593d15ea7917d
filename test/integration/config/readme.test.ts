/** The README's table of settings is the one of the program. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { withSettingsTable } from '../../../src/config/settings-docs.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));

it('README.md has the settings as they are (make it so: UPDATE_DOCS=1 npm test -- test/integration/config)', async () => {
  const text = await readFile(README, 'utf8');
  const made = withSettingsTable(text);
  if (made !== undefined && process.env.UPDATE_DOCS === '1') await writeFile(README, made);
  expect(await readFile(README, 'utf8')).toBe(made ?? text);
});
