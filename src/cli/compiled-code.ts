/**
 * V8's code of the published program, kept in the data folder, so that later starts need not compile 2 MB of source.
 * A checkout has Node's own cache (package.json), and a program that nobody has started yet has none.
 */
import { statSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { constants, enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import pkg from '../../package.json' with { type: 'json' };
import { defaultDataDir } from '../platform/paths.ts';

const FOLDER = 'compiled';
/** After a start: by then the first requests have been answered, and what they needed is compiled, too. */
const KEEP_AFTER_MS = 5_000;

/** Where compiled code of all versions is, or would be; undefined where there is none. */
let place: string | undefined;
/** The folder in it of this version and this Node, once it is in use. */
let ours: string | undefined;

/**
 * Load what was kept, for everything that is imported from now on. Never throws: without it all is as it was, slower.
 * Makes no folder in a place where nothing has run yet: most commands change nothing.
 * @param argv without the program and its script
 */
export function useCompiledCode(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  if (import.meta.url.endsWith('.ts')) return;
  try {
    const dataDir = dataDirOf(argv, env);
    place = path.join(dataDir, FOLDER);
    if (!isOursAlone(dataDir) || !isOursAlone(place)) return;
    const { status, directory } = enableCompileCache(path.join(place, pkg.version));
    // Else somebody chose another place by NODE_COMPILE_CACHE, which is none of our business.
    if (status === constants.compileCacheStatus.ENABLED) ours = directory;
  } catch {
    // No home folder, or somebody else's: whoever needs one says so.
  }
}

/**
 * For a start that has succeeded: keep what has been compiled by now, soon; in a new data folder, prepare the place where
 * the next start will. Without it Node does so at the end of the process, which may never come and by when V8 has forgotten
 * what only a start needs. Holds everything up for some 30 ms, once per version. Never throws.
 */
export function keepCompiledCode(): void {
  if (place !== undefined && ours === undefined) void prepare(place);
  if (ours === undefined) return;
  const forNode = ours;
  setTimeout(() => {
    flushCompileCache();
    const version = path.dirname(forNode);
    void removeOthers(forNode).then(() => removeOthers(version));
  }, KEEP_AFTER_MS).unref();
}

/** Node would make it by the umask, which may let others write. */
async function prepare(folder: string): Promise<void> {
  try {
    if (isOursAlone(path.dirname(folder))) await mkdir(folder, { mode: 0o700 });
  } catch {
    // It is there, or cannot be.
  }
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

/** What other versions, of this program or of Node, left beside this folder. */
async function removeOthers(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  const others = (await readdir(parent).catch(() => [])).filter((name) => name !== path.basename(folder));
  await Promise.all(
    others.map((name) => rm(path.join(parent, name), { recursive: true, force: true }).catch(() => {})),
  );
}
