/** A project of this folder as a user has it: copied to a folder of its own, with its packages installed. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, link, mkdir, readdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { developerEnv } from '../fixtures/dev-server.ts';
import { initRepo } from '../fixtures/git-repo.ts';
import type { SampleProject } from '../fixtures/sample-projects.ts';
import { removeDir } from '../fixtures/temp-dir.ts';
import { uniqueWord } from '../fixtures/unique-word.ts';
import type { Framework } from './frameworks.ts';

const run = promisify(execFile);
const SOURCES = fileURLToPath(new URL('.', import.meta.url));
/** On the same file system as the copies, which share its files by hard links. */
const CACHE = join(tmpdir(), 'hostwise-frameworks');
/** The largest group has 200 MB; a dead line must not hang the run for ever. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** Make `<parent>/<name><six hex digits>/`, a git repository with the sources and their installed packages. */
export async function makeFrameworkProject(parent: string, { name, version }: Framework): Promise<SampleProject> {
  const unique = uniqueWord(name.replaceAll('-', ''));
  const folder = join(parent, unique);
  await cp(join(SOURCES, name), folder, { recursive: true });
  if (!('npm' in version)) {
    await initRepo(folder);
    return { name: unique, folder };
  }
  const manifest = join(folder, 'package.json');
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(`"name": "${name}"`, `"name": "${unique}"`));
  await initRepo(folder);
  await linkTree(join(await installedPackages(name), 'node_modules'), join(folder, 'node_modules'));
  return { name: unique, folder };
}

/** @returns why the program that a framework needs is not here, with what installs it; undefined when it is */
export async function whyMissing({ version }: Framework): Promise<string | undefined> {
  if ('npm' in version) return undefined;
  return run(version.program, ['--version']).then(
    () => undefined,
    () => `"${version.program}" is missing: ${version.install}`,
  );
}

/** The version that really runs. */
export async function versionOf({ version }: Framework, folder: string): Promise<string> {
  if ('npm' in version) {
    const manifest = await readFile(join(folder, 'node_modules', version.npm, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  }
  const { stdout } = await run(version.program, ['--version']);
  return /\d+\.\d+[.\d]*/.exec(stdout)?.[0] ?? stdout.trim();
}

/** Install a project's packages once per lockfile and platform; scripts of packages never run. @returns the folder */
async function installedPackages(name: string): Promise<string> {
  const lockfile = await readFile(join(SOURCES, name, 'package-lock.json'));
  const key = createHash('sha256').update(lockfile).update(`${process.platform}-${process.arch}`).digest('hex');
  const place = join(CACHE, `${name}-${key.slice(0, 16)}`);
  if (await isThere(place)) return place;
  const partial = `${place}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    for (const file of ['package.json', 'package-lock.json']) await cp(join(SOURCES, name, file), join(partial, file));
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['ci', ...flags], { cwd: partial, env: developerEnv(), timeout: INSTALL_TIMEOUT_MS }).catch(
      inShort,
    );
    // Whole or not at all: a broken install is never taken for a finished one.
    await rename(partial, place).catch(async (error: unknown) => {
      if (!(await isThere(place))) throw error;
    });
  } finally {
    await removeDir(partial);
  }
  return place;
}

/** npm ends an error with a page of its usage. */
function inShort(error: Error & { stderr?: string }): never {
  throw new Error(`npm ci failed: ${error.stderr?.slice(0, 1_000) ?? error.message}`, { cause: error });
}

async function isThere(folder: string): Promise<boolean> {
  return readdir(folder).then(
    () => true,
    () => false,
  );
}

/** Real files in real folders, as an install leaves them (bundlers treat a linked node_modules otherwise), but at once. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await link(source, target);
  }
}
