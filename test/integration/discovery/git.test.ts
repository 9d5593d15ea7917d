import { mkdir } from 'node:fs/promises';
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
});
