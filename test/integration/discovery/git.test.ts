import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Directories } from '../../../src/discovery/directory.ts';
import { FileStamps } from '../../../src/discovery/file-stamps.ts';
import { GitCheckouts } from '../../../src/discovery/git.ts';
import { addWorktree, git, initRepo } from '../../fixtures/git-repo.ts';
import { needs } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

function finder() {
  const stamps = new FileStamps();
  const checkouts = new GitCheckouts(stamps, new Directories(stamps));
  return (cwd: string) => {
    stamps.clear();
    return checkouts.find(cwd);
  };
}

describe.skipIf(!needs('git'))('checkouts that git itself made [needs git]', () => {
  it('sees branch, switch, detached HEAD and worktrees', async () => {
    const root = await tempDir();
    const shop = path.join(root, 'shop');
    await mkdir(shop);
    await initRepo(shop);
    const find = finder();
    expect(find(shop)).toEqual({ root: shop, branch: 'main', worktree: false });

    await git(shop, 'switch', '--quiet', '--create', 'feature/a');
    expect(find(shop)?.branch).toBe('feature/a');
    await git(shop, 'switch', '--quiet', '--detach');
    expect(find(shop)?.branch).toBeNull();

    const fix = path.join(root, 'fix');
    await addWorktree(shop, fix, 'fix-ui');
    expect(find(fix)).toEqual({ root: fix, branch: 'fix-ui', worktree: true, main: shop });
  });

  it('sees the worktree of a bare repository, and a submodule as what it is', async () => {
    const root = await tempDir();
    const shop = path.join(root, 'shop');
    await mkdir(shop);
    await initRepo(shop);
    const bare = path.join(root, 'bare.git');
    await git(root, 'clone', '--quiet', '--bare', shop, bare);
    await addWorktree(bare, path.join(root, 'fix'), 'fix');
    expect(finder()(path.join(root, 'fix'))).toMatchObject({ worktree: true, main: bare });

    await git(shop, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', bare, 'lib');
    expect(finder()(path.join(shop, 'lib'))).toMatchObject({ root: path.join(shop, 'lib'), worktree: false });
    const other = path.join(root, 'lib-fix');
    await addWorktree(path.join(shop, 'lib'), other, 'lib-fix');
    expect(finder()(other)).toMatchObject({ worktree: true, main: path.join(shop, 'lib') });
  });

  it('sees a detached HEAD in a linked worktree and in a submodule', async () => {
    const root = await tempDir();
    const shop = path.join(root, 'shop');
    await mkdir(shop);
    await initRepo(shop);
    const fix = path.join(root, 'fix');
    await git(shop, 'worktree', 'add', '--quiet', '--detach', fix);
    expect(finder()(fix)).toEqual({ root: fix, branch: null, worktree: true, main: shop });

    const lib = path.join(shop, 'lib');
    await git(shop, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', shop, 'lib');
    await git(lib, 'switch', '--quiet', '--detach');
    expect(finder()(path.join(lib))).toEqual({ root: lib, branch: null, worktree: false });
  });

  it('sees every worktree of a bare repository, wherever it lies, and one that was moved', async () => {
    const root = await tempDir();
    const shop = path.join(root, 'shop');
    await mkdir(shop);
    await initRepo(shop);
    const project = path.join(root, 'project');
    await mkdir(project);
    await git(root, 'clone', '--quiet', '--bare', shop, path.join(project, '.bare'));
    const bare = path.join(project, '.bare');
    await git(bare, 'worktree', 'add', '--quiet', path.join(project, 'main'), 'main');
    await addWorktree(bare, path.join(bare, 'inside'), 'inside');
    const find = finder();
    for (const [folder, branch] of [
      [path.join(project, 'main'), 'main'],
      [path.join(bare, 'inside'), 'inside'],
    ] as const)
      expect(find(folder)).toEqual({ root: folder, branch, worktree: true, main: bare });

    const moved = path.join(root, 'elsewhere');
    await git(bare, 'worktree', 'move', path.join(project, 'main'), moved);
    expect(find(moved)).toEqual({ root: moved, branch: 'main', worktree: true, main: bare });
    expect(find(path.join(project, 'main'))).toBeNull();
  });

  it('sees nested submodules, and a checkout with its git directory elsewhere', async () => {
    const root = await tempDir();
    const [outer, middle, inner] = ['outer', 'middle', 'inner'].map((name) => path.join(root, name));
    for (const repo of [outer, middle, inner] as string[]) {
      await mkdir(repo);
      await initRepo(repo);
    }
    const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add'];
    await git(middle ?? '', ...add, inner ?? '', 'inner');
    await git(middle ?? '', 'commit', '--quiet', '-m', 'inner');
    await git(outer ?? '', ...add, middle ?? '', 'middle');
    await git(
      outer ?? '',
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'update',
      '--init',
      '--recursive',
    );
    const nested = path.join(outer ?? '', 'middle/inner');
    expect(finder()(nested)).toMatchObject({ root: nested, worktree: false });

    const split = path.join(root, 'split');
    await git(root, 'clone', '--quiet', '--separate-git-dir', path.join(root, 'split.git'), inner ?? '', split);
    expect(finder()(split)).toEqual({ root: split, branch: 'main', worktree: false });
    await addWorktree(split, path.join(root, 'split-fix'), 'fix');
    // The repository is no `.git` below a checkout, and does not say where its checkout is.
    expect(finder()(path.join(root, 'split-fix'))).toMatchObject({
      worktree: true,
      main: path.join(root, 'split.git'),
    });
  });

  it('sees worktrees with relative links', async () => {
    const root = await tempDir();
    const shop = path.join(root, 'shop');
    await mkdir(shop);
    await initRepo(shop);
    const fix = path.join(root, 'fix');
    await addWorktree(shop, fix, 'fix');
    // As `worktree.useRelativePaths` of git 2.48 writes it.
    await writeFile(path.join(fix, '.git'), 'gitdir: ../shop/.git/worktrees/fix\n');
    expect(finder()(fix)).toEqual({ root: fix, branch: 'fix', worktree: true, main: shop });
  });
});
