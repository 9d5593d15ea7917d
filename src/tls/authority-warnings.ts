/** What the user should know of the CA and of a certificate of their own: for the start page, the log and `status`. Pure. */
import type { Authority } from './authority.ts';

/** How things are now. */
export interface AuthorityState {
  authority: Pick<Authority, 'replacedFor' | 'constrained'>;
  /** Are they wanted? */
  nameConstraints: boolean;
  /** Domains that the user's own certificate does not cover; empty where there is none. */
  ownUncovered: readonly string[];
  /** Every browser has the CA. */
  trusted: boolean;
  /** There is another CA on the disk by now. */
  replaced: boolean;
  /** How the user would call `trust`. */
  trustCommand: string;
}

/** In words. */
export function authorityWarnings(state: AuthorityState): string[] {
  const { authority, nameConstraints, ownUncovered, trusted, replaced, trustCommand } = state;
  const { replacedFor, constrained } = authority;
  const warnings: string[] = [];
  if (replacedFor.length > 0 && !trusted) {
    const before = `the one before could not vouch for ${replacedFor.join(', ')}`;
    warnings.push(`There is a new CA, because ${before}, and it has to be trusted again: ${trustCommand}`);
  }
  if (replaced) {
    warnings.push('A new CA was made meanwhile: it counts from the next restart on, and trust is said of the old one');
  }
  if (!constrained && nameConstraints) {
    warnings.push(
      'The CA has no name constraints, so its key could vouch for any site; "ca rotate" makes a limited one',
    );
  }
  if (constrained && !nameConstraints) {
    warnings.push('The CA has name constraints; "ca rotate --no-name-constraints" makes one without');
  }
  if (ownUncovered.length > 0) {
    warnings.push(
      `The certificate of --cert covers nothing under ${ownUncovered.join(', ')}: names there get one of our CA`,
    );
  }
  return warnings;
}
