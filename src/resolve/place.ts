/** What is known of where a service belongs; places.ts finds it out. */
import type { Service } from '../core/service.ts';

/** A service with its names. All names are as `nameText` makes them (name-text.ts), the most telling first. */
export interface Place {
  service: Service;
  /** Key of the checkout or compose project that it runs in; null for what belongs to none. */
  checkout: string | null;
  /** Path of the main checkout (key of the compose project): one for all worktrees of a repository. */
  family: string | null;
  /** Runs in a linked git worktree. */
  linked: boolean;
  /** Names of the project family: directory, workspace, package at the root. */
  families: string[];
  /** Names of the checkout within its family: branch (last segment, whole), worktree directory. */
  branches: string[];
  /** Directory of a linked worktree; '' elsewhere. */
  directory: string;
  /** Names of the service within its checkout; empty for what runs at the root of it. */
  parts: string[];
  /** Names that stand for this service on their own: container name, directory of a process without a project. */
  aliases: string[];
  /** For a container: a process of the checkout that its compose file lies in. */
  around: Place | null;
  /** `vite`, `manage`, `nginx`. */
  tool: string;
  /** False for databases and the like. */
  web: boolean;
}
