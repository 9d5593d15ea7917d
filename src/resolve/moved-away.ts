/**
 * What a mapping names may be gone for good: the project was moved, cloned again elsewhere, or its worktree removed.
 * While its folder is there, its mapping waits; once it is not, the hostname is decided again.
 */
import type { ResolvedDecision } from '../core/decision.ts';
import { type Identity, identityOf } from '../core/identity.ts';
import type { Mapping } from '../core/mapping.ts';
import type { Service } from '../core/service.ts';
import { GoneFolders } from '../platform/gone-folders.ts';
import { newRivals } from './rivals.ts';

/** What is no longer on the disk: the whole checkout (else project), or only the directory in it. */
export type Gone = 'checkout' | 'directory';

/** See the file's header. */
export class MovedAway {
  readonly #folders: Pick<GoneFolders, 'isGone'>;

  constructor(folders: Pick<GoneFolders, 'isGone'> = new GoneFolders()) {
    this.#folders = folders;
  }

  /**
   * What is gone of the place that a mapping names; undefined: nothing, or it is the user's, who alone changes it.
   * Cost: one or two looks at the disk, at most once a second. Rejects never.
   */
  async whatIsGone({ identity, source }: Mapping): Promise<Gone | undefined> {
    if (source === undefined || source === 'user' || identity?.kind !== 'process') return undefined;
    if (await this.#folders.isGone(homeOf(identity))) return 'checkout';
    // Mostly renamed within a monorepo, but a build makes its output folder anew as well.
    return (await this.#folders.isGone(identity.workdir)) ? 'directory' : undefined;
  }
}

/**
 * May a mapping whose place is gone move to whom the hostname means now? Never to a neighbour: who runs in the very
 * checkout that is not there for us (another mount namespace) proves that it is not gone for them; and while the checkout
 * is there, only the same command in another directory of it is the same, and only if it did not run beside it before.
 */
export function mayMoveTo({ resolved }: ResolvedDecision, { identity, rivals = [] }: Mapping, gone: Gone): boolean {
  if (!resolved || identity?.kind !== 'process') return false;
  const now = identityOf(resolved);
  if (now?.kind !== 'process') return gone === 'checkout' && now !== null;
  const isSameHome = homeOf(now) === homeOf(identity);
  if (gone === 'checkout') return !isSameHome;
  const isSameCommand = now.shape === identity.shape && now.argsDigest === identity.argsDigest;
  return isSameCommand && (!isSameHome || isNew(resolved, rivals));
}

function isNew(service: Service, rivals: readonly string[]): boolean {
  return newRivals([service], rivals).length > 0;
}

function homeOf({ gitRoot, root, workdir }: Extract<Identity, { kind: 'process' }>): string {
  return gitRoot ?? root ?? workdir;
}
