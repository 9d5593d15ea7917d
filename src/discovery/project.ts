/**
 * The project that a process was started in: the nearest manifest above its working directory.
 */
import path from 'node:path';
import { normalizeHostname } from '../core/hostname.ts';
import type { Project } from '../core/service.ts';
import type { Directories, DirectoryFacts } from './directory.ts';
import { frameworkOf } from './framework.ts';
import { preferredManifest, runsProgram } from './manifest.ts';

/** What is asked about a process. */
export interface ProjectQuestion {
  cwd: string;
  /** Name of the program: decides between the manifests of one directory. */
  command: string;
  argv: readonly string[];
}

/** The project of a process, null where no manifest above it speaks for it. Never throws. */
export function findProject(directories: Directories, { cwd, command, argv }: ProjectQuestion): Project | null {
  const checkout = withinCheckout(directories, outsideModules(cwd));
  const root = projectRoot(directories, checkout);
  if (root === undefined) return null;
  const manifest = preferredManifest(directories.facts(root).manifests, command);
  const workspace = checkout
    .slice(checkout.indexOf(root))
    .find((directory) => directories.facts(directory).isWorkspace);
  const workspaceName = workspace === undefined ? undefined : workspaceNameOf(directories.facts(workspace));
  const isOwnKind = manifest !== undefined && runsProgram(manifest.file, command);
  const framework = frameworkOf(argv, isOwnKind ? manifest.dependencies : []);
  const hostwise = askedName(directories, root);
  return {
    root,
    name: manifest?.name ?? (path.basename(root) || root),
    workspace: workspace ?? null,
    ...(workspaceName === undefined ? {} : { workspaceName }),
    ...(framework === undefined ? {} : { framework }),
    ...(hostwise === undefined ? {} : { hostwise }),
  };
}

/** What `"hostwise"` in package.json asks for. Outside of the user's home a file may be anybody's, and says nothing. */
function askedName(directories: Directories, root: string): string | undefined {
  if (!directories.isBelowHome(root)) return undefined;
  const asked = directories.facts(root).manifests.find((manifest) => manifest.hostwise !== undefined)?.hostwise;
  return normalizeHostname(asked?.trim() ?? '') ?? undefined;
}

/**
 * A process started inside an installed package (`node_modules/x`) belongs to whoever installed it.
 */
function outsideModules(cwd: string): string {
  const at = `${cwd}/`.indexOf('/node_modules/');
  return at > 0 ? cwd.slice(0, at) : cwd;
}

/** The directories above, up to the root of the checkout: what lies above that is another project's. */
function withinCheckout(directories: Directories, cwd: string): string[] {
  const above = directories.above(cwd);
  const root = above.findIndex((directory) => directories.facts(directory).hasGit);
  return root === -1 ? above : above.slice(0, root + 1);
}

/** The nearest directory with a manifest; one that only marks a folder (`{"type":"module"}`) where there is no other. */
function projectRoot(directories: Directories, checkout: readonly string[]): string | undefined {
  const withManifest = checkout.filter((directory) => directories.facts(directory).manifests.length > 0);
  const isProject = (directory: string) =>
    directories.facts(directory).manifests.some((manifest) => !manifest.isMarker);
  return withManifest.find(isProject) ?? withManifest[0];
}

function workspaceNameOf({ manifests }: DirectoryFacts): string | undefined {
  const gathering = manifests.find((manifest) => manifest.isWorkspace && manifest.name !== undefined);
  return (gathering ?? manifests.find((manifest) => manifest.name !== undefined))?.name;
}
