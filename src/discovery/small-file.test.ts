import { execFileSync } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/fixtures/temp-dir.ts';
import { readSmallFile } from './small-file.ts';

describe('readSmallFile', () => {
  it('reads a file up to its limit, without a byte order mark', async () => {
    const file = path.join(await tempDir(), 'a');
    await writeFile(file, '\uFEFFgrün');
    expect(readSmallFile(file)).toBe('grün');
    expect(readSmallFile(file, 8)).toBe('grün');
    expect(readSmallFile(file, 7)).toBeUndefined();
  });

  it('refuses what is missing, a directory, a device, a link to itself, and a pipe that nobody writes to', async () => {
    const root = await tempDir();
    await symlink('loop', path.join(root, 'loop'));
    await symlink('/dev/zero', path.join(root, 'zero'));
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    for (const name of ['missing', '.', 'loop', 'zero', 'pipe']) {
      expect(readSmallFile(path.join(root, name))).toBeUndefined();
    }
  });
});
