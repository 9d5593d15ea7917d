/**
 * What one directory says about the projects in and below it, and which directories above a process may speak for it.
 */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isHomeOrRoot, isWithin } from '../core/path-text.ts';
import { type FileStamps, StampedCache } from './file-stamps.ts';
import { isManifestName, isRootTurboJson, isWorkspaceName, type Manifest, parseManifest } from './manifest.ts';
import { readSmallFile } from './small-file.ts';

/** What was found in one directory. */
export interface DirectoryFacts {
  manifests: readonly Manifest[];
  /** Root of a monorepo, by a manifest or by a file that only such a root has. */
  isWorkspace: boolean;
  /** Has a `.git`, directory or file: a checkout begins here. */
  hasGit: boolean;
}

/** No project lies deeper; a bound for made-up paths. */
const MAX_DEPTH = 64;

/** Larger directories are not listed but asked for the usual names (entries of a directory take 20 bytes and more). */
const MAX_LISTED_BYTES = 1024 * 1024;
const USUAL_NAMES = ['package.json', 'pyproject.toml', 'go.mod', 'Cargo.toml', 'composer.json', 'Gemfile', 'mix.exs'];
const OTHER_NAMES = [
  'pom.xml',
  'settings.gradle',
  'build.gradle',
  'deno.json',
  'pnpm-workspace.yaml',
  'nx.json',
  '.git',
];

/** Reads directories, each again only when something in it changed. */
export class Directories {
  readonly #cache: StampedCache<DirectoryFacts>;
  readonly #home: string;

  /** @param home default: the home directory of whoever runs this */
  constructor(stamps: FileStamps, home = realHome()) {
    this.#cache = new StampedCache(stamps);
    this.#home = home;
  }

  /** Facts of one directory; nothing found where it may not be read. */
  facts(directory: string): DirectoryFacts {
    return this.#cache.get(directory, (watch) => readDirectory(directory, watch));
  }

  /**
   * The directories that may speak for a process, its own first. A home directory, a directory that all users share
   * and the root say nothing about what is started below them (a stray `~/package.json`, dotfiles kept in git, a file
   * that somebody put into /tmp), so they count only for a process that was started right there.
   */
  above(cwd: string): string[] {
    if (!path.isAbsolute(cwd)) return [];
    const directories = [cwd];
    for (let next = path.dirname(cwd); directories.length < MAX_DEPTH; next = path.dirname(next)) {
      if (next === this.#home || SHARED.test(next)) break;
      directories.push(next);
    }
    return directories;
  }

  /** Does this directory lie below the user's home: written by, or fetched by, the user? */
  isBelowHome(directory: string): boolean {
    const home = this.#home;
    return home !== '/' && directory !== home && isWithin(directory, home) && !isHomeOrRoot(directory);
  }

  /** Forget directories that nothing runs in any more. */
  sweep(): void {
    this.#cache.sweep();
  }
}

/** As working directories are told: without symbolic links. */
function realHome(): string {
  try {
    return realpathSync(homedir());
  } catch {
    return homedir();
  }
}

/** The root, other users' home directories, and where everybody may write. */
const SHARED = /^\/(?:|root|home|home\/[^/]+|Users|Users\/[^/]+|tmp|var\/tmp|private\/tmp|dev\/shm)$/;

function readDirectory(directory: string, watch: (path: string) => void): DirectoryFacts {
  watch(directory);
  const names = interestingNames(directory);
  const read = (name: string) => {
    const file = path.join(directory, name);
    watch(file);
    return readSmallFile(file);
  };
  const manifests = names.filter(isManifestName).map((name) => parseManifest(name, read(name)));
  const isWorkspace =
    manifests.some((manifest) => manifest.isWorkspace) ||
    names.some((name) => isWorkspaceName(name) && (name !== 'turbo.json' || isRootTurboJson(read(name) ?? '')));
  return { manifests, isWorkspace, hasGit: names.includes('.git') };
}

function interestingNames(directory: string): string[] {
  try {
    if (statSync(directory).size > MAX_LISTED_BYTES) {
      return [...USUAL_NAMES, ...OTHER_NAMES].filter((name) => existsSync(path.join(directory, name)));
    }
    return readdirSync(directory)
      .filter((name) => name === '.git' || isManifestName(name) || isWorkspaceName(name))
      .sort();
  } catch {
    return [];
  }
}
