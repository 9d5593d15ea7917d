/** The few git commands of the demo, untouched by what the user has configured (signing, hooks, templates). */
import { run } from '../platform/exec.ts';

const NEUTRAL = [
  ['user.name', 'hostwise demo'],
  ['user.email', 'demo@hostwise.invalid'],
  ['commit.gpgsign', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['core.autocrlf', 'false'],
  ['init.templateDir', ''],
  ['init.defaultBranch', 'main'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Make a folder a repository on branch `main` with one commit. @returns why it could not be, in words */
export async function initRepo(git: string, dir: string): Promise<string | undefined> {
  // Older gits know no --initial-branch; a symbolic HEAD before the first commit does the same.
  return (
    (await attempt(git, dir, ['init', '--quiet'])) ??
    (await attempt(git, dir, ['symbolic-ref', 'HEAD', 'refs/heads/main'])) ??
    (await commitAll(git, dir))
  );
}

/** Commit everything. @returns why it could not be */
export async function commitAll(git: string, dir: string): Promise<string | undefined> {
  return (
    (await attempt(git, dir, ['add', '--all'])) ??
    (await attempt(git, dir, ['commit', '--quiet', '--no-verify', '--message', 'Demo']))
  );
}

/** Check out a new branch in a folder of its own. @returns why it could not be */
export function addWorktree(git: string, repo: string, dir: string, branch: string): Promise<string | undefined> {
  return attempt(git, repo, ['worktree', 'add', '--quiet', '-b', branch, dir]);
}

async function attempt(git: string, dir: string, args: readonly string[]): Promise<string | undefined> {
  const { code, stderr } = await run(git, [...NEUTRAL, '-C', dir, ...args]);
  if (code === 0) return undefined;
  if (code === null && stderr.includes('ENOENT')) return 'git is not installed';
  return `git ${args[0]} failed: ${stderr.trim().split('\n')[0] ?? ''}`;
}
