import { describe, expect, it } from 'vitest';
import { GoneFolders } from './gone-folders.ts';

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(code), { code }));
}

describe('GoneFolders', () => {
  it.each([
    ['ENOENT', true],
    ['ENOTDIR', true],
    ['EACCES', false],
    ['ESTALE', false],
    ['EIO', false],
  ])('takes %s for gone: %s', async (code, isGone) => {
    expect(await new GoneFolders(failing(code)).isGone('/a')).toBe(isGone);
  });

  it('looks once for many who ask', async () => {
    let looks = 0;
    const folders = new GoneFolders(async () => void looks++);
    await Promise.all([folders.isGone('/a'), folders.isGone('/a')]);
    expect(await folders.isGone('/a')).toBe(false);
    expect(looks).toBe(1);
  });

  it('takes what does not answer for there, and asks no more than two such at once', async () => {
    const asked: string[] = [];
    const dead = new GoneFolders((folder) => {
      asked.push(folder);
      return new Promise(() => {});
    });
    expect(await Promise.all(['/a', '/b', '/c', '/a'].map((folder) => dead.isGone(folder)))).toEqual(
      Array.from({ length: 4 }, () => false),
    );
    expect(await dead.isGone('/d')).toBe(false);
    expect(asked).toEqual(['/a', '/b']);
  });
});
