/** The block in a real file: what is kept, what is refused. */
import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostsText, writeHostsBlock } from '../../../src/platform/hosts-file.ts';
import { needs } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const TEXT = '127.0.0.1\tlocalhost\n10.0.0.7 caf\u00e9\n';

async function hostsFile(): Promise<string> {
  const file = path.join(await tempDir('hw-hosts'), 'hosts');
  // é as one byte: not UTF-8.
  await writeFile(file, Buffer.from(TEXT, 'latin1'), { mode: 0o644 });
  await chmod(file, 0o664);
  return file;
}

describe('writeHostsBlock()', () => {
  it('writes, writes nothing the second time, and takes its lines out again, byte for byte', async () => {
    const file = await hostsFile();
    expect(await writeHostsBlock(['shop.localhost'], file)).toBe(true);
    expect(await hostsText(file)).toContain('::1 shop.localhost\n');
    expect((await stat(file)).mode & 0o777).toBe(0o664);
    const { ino } = await stat(file);
    expect(await writeHostsBlock(['shop.localhost'], file)).toBe(false);
    expect((await stat(file)).ino).toBe(ino);
    expect(await writeHostsBlock([], file)).toBe(true);
    expect(await readFile(file)).toEqual(Buffer.from(TEXT, 'latin1'));
    expect(await readdir(path.dirname(file))).toEqual(['hosts']);
  });

  it('changes the file behind a link, and leaves the link', async () => {
    const file = await hostsFile();
    const link = path.join(await tempDir('hw-link'), 'hosts');
    await symlink(file, link);
    await writeHostsBlock(['a.localhost'], link);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await hostsText(file)).toContain('127.0.0.1 a.localhost');
  });

  it.skipIf(!needs('root'))('keeps the owner [needs root]', async () => {
    const file = await hostsFile();
    await chown(file, 1234, 4321);
    await writeHostsBlock(['a.localhost'], file);
    expect(await stat(file)).toMatchObject({ uid: 1234, gid: 4321 });
  });

  it('touches nothing with half a marker, or that it cannot read', async () => {
    const file = await hostsFile();
    const half = `${TEXT}# hostwise begin\n127.0.0.1 a.localhost\n`;
    await writeFile(file, half);
    await expect(writeHostsBlock([], file)).rejects.toMatchObject({
      code: 'HOSTS_FILE_UNUSABLE',
      message: expect.stringContaining('markers are not one pair (line 3)'),
    });
    expect(await readFile(file, 'utf8')).toBe(half);
    const folder = path.join(path.dirname(file), 'folder');
    await mkdir(folder);
    for (const odd of [folder, `${file}.missing`]) {
      await expect(writeHostsBlock(['a.localhost'], odd)).rejects.toMatchObject({ code: 'HOSTS_FILE_UNUSABLE' });
    }
    expect((await readdir(path.dirname(file))).sort()).toEqual(['folder', 'hosts']);
  });
});
