import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fileStamp, removeStaleTemporaries, sameStamp, writeFileAtomic } from '../../../src/platform/atomic-file.ts';
import { needs } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const MODULE = new URL('../../../src/platform/atomic-file.ts', import.meta.url).href;

describe('writeFileAtomic', () => {
  it('makes and replaces a file with the mode asked for, whatever the umask', async () => {
    const file = path.join(await tempDir(), 'a.json');
    await writeFileAtomic(file, 'one');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const stamp = await writeFileAtomic(file, Buffer.from('two'), { mode: 0o644 });
    expect(await readFile(file, 'utf8')).toBe('two');
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    expect(sameStamp(stamp, await fileStamp(file))).toBe(true);
    await writeFile(file, 'three');
    expect(sameStamp(stamp, await fileStamp(file))).toBe(false);
  });

  it('leaves neither a temporary file nor a changed one when it fails', async () => {
    const dir = await tempDir();
    const occupied = path.join(dir, 'occupied');
    await mkdir(path.join(occupied, 'child'), { recursive: true });
    await expect(writeFileAtomic(occupied, 'x')).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
    await expect(writeFileAtomic(path.join(dir, 'missing', 'x'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(dir)).toEqual(['occupied']);
  });

  it('replaces a symbolic link and does not write through it', async () => {
    const dir = await tempDir();
    const [victim, link] = [path.join(dir, 'victim'), path.join(dir, 'link')];
    await writeFile(victim, 'precious');
    await symlink(victim, link);
    await writeFileAtomic(link, 'new');
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect(await readFile(link, 'utf8')).toBe('new');
  });

  it('shows a reader only whole contents, and survives kill -9 at any moment', async () => {
    const dir = await tempDir();
    const file = path.join(dir, 'state.json');
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', ENDLESS_WRITER, MODULE, file]);
      await once(child.stdout, 'data');
      for (let reads = 0; reads < 20; reads++) expectWhole(await readFile(file, 'utf8'));
      await delay(round * 7);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expectWhole(await readFile(file, 'utf8'));
    }
  });

  it.skipIf(!needs('root'))(
    'gives the file to the owner of the folder when root writes into it [needs root]',
    async () => {
      const dir = await tempDir();
      const { chown } = await import('node:fs/promises');
      await chown(dir, 65_534, 65_534);
      const file = path.join(dir, 'a');
      await writeFileAtomic(file, 'x');
      expect((await stat(file)).uid).toBe(65_534);
    },
  );
});

const ENDLESS_WRITER = `
const [module, file] = process.argv.slice(1);
const { writeFileAtomic } = await import(module);
for (let i = 0; ; i++) {
  await writeFileAtomic(file, JSON.stringify({ i, filler: String(i % 10).repeat(200_000) }));
  if (i === 0) process.stdout.write('started');
}`;

function expectWhole(text: string): void {
  const { i, filler } = JSON.parse(text) as { i: number; filler: string };
  expect(filler).toBe(String(i % 10).repeat(200_000));
}

describe('removeStaleTemporaries', () => {
  it('removes what killed writers of this file left long ago, and nothing else', async () => {
    const dir = await tempDir();
    const old = ['.a.json.12-0123456789ab.tmp', '.b.json.12-0123456789ab.tmp', '.a.json.mine.tmp', 'a.json'];
    for (const name of old) {
      await writeFile(path.join(dir, name), '');
      await utimes(path.join(dir, name), 1, 1);
    }
    await writeFile(path.join(dir, '.a.json.13-0123456789ab.tmp'), 'being written');
    await removeStaleTemporaries(path.join(dir, 'a.json'));
    expect((await readdir(dir)).sort()).toEqual([...old.slice(1), '.a.json.13-0123456789ab.tmp'].sort());
    await removeStaleTemporaries('/nonexistent/x');
  });
});
