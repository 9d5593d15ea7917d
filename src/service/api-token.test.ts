import { execFileSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/fixtures/temp-dir.ts';
import { apiToken } from './api-token.ts';

it('is made once and kept', async () => {
  const dataDir = await tempDir();
  const token = await apiToken(dataDir);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(await apiToken(dataDir)).toBe(token);
  expect((await stat(path.join(dataDir, 'api-token'))).mode & 0o777).toBe(0o600);
});

it('is made anew over anything else, a named pipe too', async () => {
  const dataDir = await tempDir();
  const file = path.join(dataDir, 'api-token');
  execFileSync('mkfifo', [file]);
  const token = await apiToken(dataDir);
  expect(await readFile(file, 'utf8')).toBe(`${token}\n`);
  await writeFile(file, 'x'.repeat(100_000));
  expect(await apiToken(dataDir)).not.toBe(token);
});
