/**
 * The git checkout that a process was started in, read from git's files: spawning git costs 5 ms a process and runs
 * what the repository's configuration says.
 * Formats: gitrepository-layout(5), git-worktree(1) "DETAILS".
 */
import path from 'node:path';
import type { Git } from '../core/service.ts';
import type { Directories } from './directory.ts';
import { type FileStamps, StampedCache } from './file-stamps.ts';
import { readSmallFile } from './small-file.ts';

/** Larger than any HEAD, `.git` file or `commondir`; a configuration may be longer. */
const MAX_POINTER_BYTES = 8192;

/** Reads checkouts, each again only when one of the files that were read changed. */
export class GitCheckouts {
  readonly #directories: Directories;
  readonly #cache: StampedCache<Git | null>;

  constructor(stamps: FileStamps, directories: Directories) {
    this.#directories = directories;
    this.#cache = new StampedCache(stamps);
  }

  /** The checkout around `cwd`, null where there is none (or only a broken one). Never throws. */
  find(cwd: string): Git | null {
    for (const directory of this.#directories.above(cwd)) {
      if (!this.#directories.facts(directory).hasGit) continue;
      const git = this.#cache.get(directory, (watch) => readCheckout(directory, watch));
      if (git) return git;
    }
    return null;
  }

  /** Forget checkouts that nothing runs in any more. */
  sweep(): void {
    this.#cache.sweep();
  }
}

type Watch = (path: string) => void;

function readCheckout(root: string, watch: Watch): Git | null {
  const dotGit = path.join(root, '.git');
  const pointer = readPointer(dotGit, watch);
  const gitDirectory = pointer === undefined ? dotGit : pointedDirectory(pointer, root);
  if (gitDirectory === undefined) return null;
  const head = readPointer(path.join(gitDirectory, 'HEAD'), watch);
  if (head === undefined) return null;
  const common = readPointer(path.join(gitDirectory, 'commondir'), watch);
  const branch = branchOf(head);
  // Only a linked worktree has a `commondir`: a submodule and a separate git directory are reached by a file too.
  if (common === undefined) return { root, branch, worktree: false };
  return { root, branch, worktree: true, main: mainCheckout(resolveFrom(gitDirectory, common), watch) };
}

/** Text of a file of one line, undefined where it is none (`.git` is a directory in a main checkout). */
function readPointer(file: string, watch: Watch): string | undefined {
  watch(file);
  return readSmallFile(file, MAX_POINTER_BYTES)?.trim();
}

/** Directory that a `.git` file points to: `gitdir: <path>`. */
function pointedDirectory(pointer: string, root: string): string | undefined {
  const target = /^gitdir:\s*(\S.*)$/m.exec(pointer)?.[1];
  return target === undefined ? undefined : resolveFrom(root, target);
}

/** A path in a file of git's; one written on Windows has back-slashes. */
function resolveFrom(directory: string, target: string): string {
  return path.resolve(directory, target.replaceAll('\\', '/'));
}

/** null where HEAD is detached, or kept elsewhere (reftable's HEAD is a stand-in, `refs/heads/.invalid`). */
function branchOf(head: string): string | null {
  const branch = /^ref:\s*(?:refs\/heads\/)?(\S+)/.exec(head)?.[1];
  return branch === undefined || branch === '.invalid' ? null : branch;
}

/** Where the other checkouts of a repository hang: its main checkout, or the bare repository itself. */
function mainCheckout(common: string, watch: Watch): string {
  if (path.basename(common) === '.git') return path.dirname(common);
  // A submodule's repository lies in its parent's and says where its checkout is.
  const config = path.join(common, 'config');
  watch(config);
  const worktree = /^[ \t]*worktree[ \t]*=[ \t]*"?([^"\n\r]+)/m.exec(readSmallFile(config) ?? '')?.[1];
  return worktree === undefined ? common : resolveFrom(common, worktree.trim());
}
