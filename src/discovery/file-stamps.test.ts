import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/fixtures/temp-dir.ts';
import { FileStamps, StampedCache } from './file-stamps.ts';

describe('StampedCache', () => {
  it('makes a value again only when something it was made from changed, appeared or went', async () => {
    const file = path.join(await tempDir(), 'a');
    const stamps = new FileStamps();
    const cache = new StampedCache<number>(stamps);
    let made = 0;
    const get = () => {
      stamps.clear();
      return cache.get('key', (watch) => {
        watch(file);
        return ++made;
      });
    };
    expect([get(), get()]).toEqual([1, 1]);
    await writeFile(file, 'x');
    expect([get(), get()]).toEqual([2, 2]);
    await writeFile(file, 'xy');
    expect(get()).toBe(3);
    await rm(file);
    expect(get()).toBe(4);
  });

  it('looks at a path once a scan, however many ask', async () => {
    const file = path.join(await tempDir(), 'a');
    const stamps = new FileStamps();
    expect(stamps.of(file)).toBe('absent');
    await writeFile(file, 'x');
    expect(stamps.of(file)).toBe('absent');
    stamps.clear();
    expect(stamps.of(file)).not.toBe('absent');
  });

  it('forgets what nobody asked for between two sweeps', () => {
    const cache = new StampedCache<number>(new FileStamps());
    let made = 0;
    const get = (key: string) => cache.get(key, () => ++made);
    get('a');
    get('b');
    cache.sweep();
    get('a');
    cache.sweep();
    expect([get('a'), get('b')]).toEqual([1, 3]);
  });
});
