import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RotatingFile } from '../../../src/platform/rotating-file.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const line = (n: number): string => `${String(n).padStart(9, '0')}\n`;

async function linesOf(folder: string): Promise<number[]> {
  const names = (await readdir(folder)).sort().reverse();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.trimEnd().split('\n').map(Number));
}

describe('RotatingFile', () => {
  it('keeps the newest lines in files of a bounded size, in order and whole', async () => {
    const folder = path.join(await tempDir(), 'logs');
    const file = new RotatingFile(path.join(folder, 'x.log'), { maxBytes: 1_000, keep: 2 });
    for (let n = 0; n < 1_000; n++) {
      file.write(line(n));
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await file.close();
    expect((await readdir(folder)).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2']);
    const kept = await linesOf(folder);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 1_000 - kept.length + i));
    expect(kept.length).toBeGreaterThan(200);
    for (const name of await readdir(folder)) {
      const { size, mode } = await stat(path.join(folder, name));
      expect(size).toBeLessThanOrEqual(2_000);
      expect(mode & 0o777).toBe(0o600);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('goes on in the file of the run before, and counts what it holds', async () => {
    const folder = await tempDir();
    const log = path.join(folder, 'x.log');
    await writeFile(log, 'x'.repeat(1_000));
    const file = new RotatingFile(log, { maxBytes: 1_000 });
    file.write(line(1));
    await file.close();
    expect(await readFile(`${log}.1`, 'utf8')).toHaveLength(1_000);
    expect(await readFile(log, 'utf8')).toBe(line(1));
  });

  it('makes nothing before the first line, and never throws', async () => {
    const folder = await tempDir();
    const unused = new RotatingFile(path.join(folder, 'a', 'x.log'));
    await unused.close();
    expect(await readdir(folder)).toEqual([]);
    await writeFile(path.join(folder, 'file'), '');
    new RotatingFile(path.join(folder, 'file', 'x.log')).write(line(1));
    await mkdir(path.join(folder, 'gone'));
    const gone = new RotatingFile(path.join(folder, 'gone', 'x.log'), { maxBytes: 10 });
    gone.write(line(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rm(path.join(folder, 'gone'), { recursive: true });
    gone.write(line(2));
    gone.write(line(3));
    await gone.close();
    expect((await readdir(folder)).sort()).toEqual(['file']);
  });
});
