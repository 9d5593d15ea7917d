import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/fixtures/temp-dir.ts';
import { Directories } from './directory.ts';
import { FileStamps } from './file-stamps.ts';
import { GitCheckouts } from './git.ts';

async function lay(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) await writeFile(file, text);
  }
}

function finder(home?: string) {
  const stamps = new FileStamps();
  const directories = new Directories(stamps, home);
  const checkouts = new GitCheckouts(stamps, directories);
  return (cwd: string) => {
    stamps.clear();
    const found = checkouts.find(cwd);
    directories.sweep();
    checkouts.sweep();
    return found;
  };
}

const MAIN = { '.git/HEAD': 'ref: refs/heads/main\n', '.git/objects/': '', 'src/': '' };

describe('GitCheckouts', () => {
  it('finds the main checkout and its branch, slashes included', async () => {
    const root = await tempDir();
    await lay(root, { ...MAIN, '.git/HEAD': 'ref: refs/heads/claude/fix-login\n' });
    expect(finder()(path.join(root, 'src'))).toEqual({ root, branch: 'claude/fix-login', worktree: false });
  });

  it('sees another branch at the next scan', async () => {
    const root = await tempDir();
    await lay(root, MAIN);
    const find = finder();
    expect(find(root)?.branch).toBe('main');
    await lay(root, { '.git/HEAD': 'ref: refs/heads/next\n' });
    expect(find(root)?.branch).toBe('next');
    await lay(root, { '.git/HEAD': '3f786850e387550fdab836ed7e6dc881de23001b\n' });
    expect(find(root)?.branch).toBeNull();
    await rm(path.join(root, '.git'), { recursive: true });
    expect(find(root)).toBeNull();
  });

  it('tells a linked worktree, with its main checkout', async () => {
    const root = await tempDir();
    const gitDirectory = path.join(root, 'shop/.git/worktrees/fix');
    await lay(path.join(root, 'shop'), MAIN);
    await lay(gitDirectory, { HEAD: 'ref: refs/heads/fix\n', commondir: '../..\n' });
    await lay(path.join(root, 'fix'), { '.git': `gitdir: ${gitDirectory}\n`, 'src/': '' });
    const worktree = { root: path.join(root, 'fix'), branch: 'fix', worktree: true, main: path.join(root, 'shop') };
    expect(finder()(path.join(root, 'fix/src'))).toEqual(worktree);
    await lay(path.join(root, 'fix'), { '.git': 'gitdir: ..\\shop\\.git\\worktrees\\fix\r\n' });
    expect(finder()(path.join(root, 'fix'))).toEqual(worktree);
  });

  it('gives the bare repository as the main one of its worktrees', async () => {
    const root = await tempDir();
    await lay(root, {
      '.bare/HEAD': 'ref: refs/heads/main\n',
      '.bare/config': '[core]\n\tbare = true\n',
      '.bare/worktrees/fix/HEAD': 'ref: refs/heads/fix\n',
      '.bare/worktrees/fix/commondir': '../..\n',
      'fix/.git': 'gitdir: ../.bare/worktrees/fix\n',
      '.git': 'gitdir: ./.bare\n',
    });
    expect(finder()(path.join(root, 'fix'))).toMatchObject({ worktree: true, main: path.join(root, '.bare') });
    expect(finder()(root)).toEqual({ root, branch: 'main', worktree: false });
  });

  it('does not take a submodule for a worktree, and knows where a submodule’s worktree belongs', async () => {
    const root = await tempDir();
    await lay(root, {
      ...MAIN,
      '.git/modules/lib/HEAD': 'ref: refs/heads/trunk\n',
      '.git/modules/lib/config': '[core]\n\tworktree = ../../../lib\n',
      '.git/modules/lib/worktrees/fix/HEAD': 'ref: refs/heads/fix\n',
      '.git/modules/lib/worktrees/fix/commondir': '../..\n',
      'lib/.git': 'gitdir: ../.git/modules/lib\n',
      'fix/.git': 'gitdir: ../.git/modules/lib/worktrees/fix\n',
    });
    expect(finder()(path.join(root, 'lib'))).toEqual({
      root: path.join(root, 'lib'),
      branch: 'trunk',
      worktree: false,
    });
    expect(finder()(path.join(root, 'fix'))).toMatchObject({ worktree: true, main: path.join(root, 'lib') });
  });

  it('says no branch where the repository keeps it elsewhere (reftable)', async () => {
    const root = await tempDir();
    await lay(root, { ...MAIN, '.git/HEAD': 'ref: refs/heads/.invalid\n' });
    expect(finder()(root)?.branch).toBeNull();
  });

  it('takes dotfiles in a home directory for no checkout of what lies below', async () => {
    const home = await tempDir();
    await lay(home, { ...MAIN, 'notes/': '' });
    expect(finder(home)(path.join(home, 'notes'))).toBeNull();
    expect(finder(home)(home)?.branch).toBe('main');
  });

  it('passes over a broken one to the checkout around it', async () => {
    const root = await tempDir();
    await lay(root, { ...MAIN, 'a/.git': 'gitdir: /nowhere/at/all\n', 'b/.git': 'x'.repeat(20_000), 'c/.git/': '' });
    await mkdir(path.join(root, 'd'));
    await symlink('.git', path.join(root, 'd/.git'));
    const find = finder();
    for (const name of ['a', 'b', 'c', 'd']) expect(find(path.join(root, name))?.root).toBe(root);
  });
});
