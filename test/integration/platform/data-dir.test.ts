import { chmod, chown, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareDataDir } from '../../../src/platform/paths.ts';
import { needs } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const unusable = (words: RegExp) => ({
  code: 'DATA_DIR_UNUSABLE',
  message: expect.stringMatching(words),
  hint: expect.any(String),
});

describe('prepareDataDir', () => {
  it('makes the folder and its parents for this user alone, leaves nothing in it, and takes it again', async () => {
    const parent = path.join(await tempDir(), 'Kim v. d. Berg');
    const dir = path.join(parent, 'hostwise');
    await prepareDataDir(dir);
    await prepareDataDir(dir);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
    expect(await readdir(dir)).toEqual([]);
  });

  it('takes a folder behind a symbolic link', async () => {
    const dir = await tempDir();
    await mkdir(path.join(dir, 'real'), { mode: 0o755 });
    await symlink(path.join(dir, 'real'), path.join(dir, 'link'));
    await prepareDataDir(path.join(dir, 'link'));
    expect((await stat(path.join(dir, 'real'))).mode & 0o777).toBe(0o755);
  });

  it('says that a file is in the way, as the folder or above it', async () => {
    const file = path.join(await tempDir(), 'file');
    await writeFile(file, '');
    await expect(prepareDataDir(file)).rejects.toMatchObject(unusable(/file"? cannot be used: .*(?:file|folder)/));
    await expect(prepareDataDir(path.join(file, 'below'))).rejects.toMatchObject(
      unusable(/there is a file in the way/),
    );
  });

  it('refuses a folder into which others may write, and does not change it', async () => {
    const dir = await tempDir();
    await chmod(dir, 0o1777);
    await expect(prepareDataDir(dir)).rejects.toMatchObject(unusable(/others may write/));
    expect((await stat(dir)).mode & 0o7777).toBe(0o1777);
  });

  it('says that a name is too long, or leads in a circle', async () => {
    const dir = await tempDir();
    await expect(prepareDataDir(path.join(dir, 'x'.repeat(300)))).rejects.toMatchObject(unusable(/too long/));
    await symlink(path.join(dir, 'b'), path.join(dir, 'a'));
    await symlink(path.join(dir, 'a'), path.join(dir, 'b'));
    await expect(prepareDataDir(path.join(dir, 'a'))).rejects.toMatchObject(unusable(/./));
  });

  it.skipIf(!needs('linux'))('says that nothing can be written where nothing can [needs linux]', async () => {
    await expect(prepareDataDir('/proc/hostwise')).rejects.toMatchObject(unusable(/"\/proc\/hostwise"/));
  });

  it.skipIf(!needs('root'))('leaves what root makes below a user’s folder to that user [needs root]', async () => {
    const home = await tempDir();
    await chown(home, 65_534, 65_534);
    const dir = path.join(home, '.local', 'share', 'hostwise');
    await prepareDataDir(dir);
    for (const made of [dir, path.join(home, '.local', 'share'), path.join(home, '.local')]) {
      expect((await stat(made)).uid).toBe(65_534);
    }
  });

  it.skipIf(!needs('root'))('refuses a folder of another user, unless we are root [needs root]', async () => {
    const dir = await tempDir();
    await chown(dir, 65_534, 65_534);
    await prepareDataDir(dir);
    await chown(dir, 0, 0);
    await chmod(dir, 0o755);
    const { seteuid, geteuid } = process;
    if (!seteuid || !geteuid) throw new Error('There are no users on this system');
    const before = geteuid();
    seteuid(65_534);
    try {
      await expect(prepareDataDir(dir)).rejects.toMatchObject(unusable(/belongs to another user \(uid 0\)/));
    } finally {
      seteuid(before);
    }
  });
});
