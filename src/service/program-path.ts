/** Paths of node and of the program that are still right after an upgrade, as far as there are such. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { PERL } from './units/bind-helper.ts';

/** Links that package managers keep pointing to their present node, while the file behind has a version in its path. */
const STABLE_NODES = [
  '/opt/homebrew/bin/node',
  '/usr/local/bin/node',
  '/home/linuxbrew/.linuxbrew/bin/node',
  '/usr/bin/node',
];

/**
 * A link to this very node that outlives its version; else the file itself (nvm, fnm: `doctor` notices when it is gone).
 * @param execPath process.execPath
 */
export async function lastingNodePath(execPath: string, links: readonly string[] = STABLE_NODES): Promise<string> {
  const wanted = await realpath(execPath).catch(() => execPath);
  for (const link of links) {
    if ((await realpath(link).catch(() => undefined)) === wanted) return link;
  }
  return execPath;
}

/** Where the programs are that we run; the same for everybody, since a service has no shell that knows better. */
export function servicePath(node: string): string {
  const usual = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return [...new Set([path.dirname(node), ...usual])].join(':');
}

/** Node and the script in the words that a service starts: what stands before `run`. */
export function programOf(all: readonly string[]): readonly [string, string] | undefined {
  // A helper that opens ports stands before it.
  const words = all[0] === PERL ? all.slice(all.indexOf('--') + 1) : all;
  const run = words.findIndex((word, i) => word === 'run' && words[i + 1] === '--run-by');
  const [node] = words;
  const script = words[run - 1];
  return run < 2 || node === undefined || script === undefined ? undefined : [node, script];
}
