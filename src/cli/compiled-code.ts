/**
 * V8's code of the published program, kept in the data folder, so that the next start need not compile 2 MB of source.
 * A checkout has Node's own cache (package.json), and a program that nobody has started yet has none.
 */
import { statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { enableCompileCache, flushCompileCache, getCompileCacheDir } from 'node:module';
import path from 'node:path';
import pkg from '../../package.json' with { type: 'json' };
import { defaultDataDir } from '../platform/paths.ts';

const FOLDER = 'compiled';
/** After a start: by then the first requests have been answered, and what they needed is compiled, too. */
const KEEP_AFTER_MS = 5_000;

/**
 * Load what was kept, for everything that is imported from now on. Never throws: without it all is as it was, slower.
 * @param argv without the program and its script
 */
export function useCompiledCode(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  if (import.meta.url.endsWith('.ts')) return;
  try {
    const dataDir = dataDirOf(argv, env);
    if (isOursAlone(dataDir)) enableCompileCache(path.join(dataDir, FOLDER, pkg.version));
  } catch {
    // No home folder, or somebody else's: whoever needs one says so.
  }
}

/**
 * Keep what has been compiled by now, soon. Without it Node does so at the end of the process, which may never come and
 * by when V8 has forgotten what only a start needs. Holds everything up for some 30 ms, once per version.
 */
export function keepCompiledCode(): void {
  const folder = getCompileCacheDir();
  if (folder === undefined) return;
  setTimeout(() => {
    flushCompileCache();
    void removeOthers(path.dirname(folder));
  }, KEEP_AFTER_MS).unref();
}

/** As the settings have it. They are read by code that shall come from the cache, so this is a look at two of their places. */
function dataDirOf(argv: readonly string[], env: NodeJS.ProcessEnv): string {
  const flag = '--data-dir';
  const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const given = argv[at]?.startsWith(`${flag}=`) ? argv[at].slice(flag.length + 1) : at < 0 ? undefined : argv[at + 1];
  return path.resolve(given || env.HOSTWISE_DATA_DIR || defaultDataDir(env));
}

/** Whoever may write there chooses what this process does. Under sudo that is another user, so root has no cache there. */
function isOursAlone(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0;
}

/** What other versions of this program left. @param ours Node's folder within that of this version */
async function removeOthers(ours: string): Promise<void> {
  const all = path.dirname(ours);
  if (path.basename(all) !== FOLDER) return;
  const others = (await readdir(all).catch(() => [])).filter((name) => name !== path.basename(ours));
  await Promise.all(others.map((name) => rm(path.join(all, name), { recursive: true, force: true }).catch(() => {})));
}
