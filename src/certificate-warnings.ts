/** What the user should know of the CA and of a certificate of their own, in words. */
import type { Settings } from './config/settings.ts';
import type { Authority } from './tls/authority.ts';
import type { OwnCertificate } from './tls/own-certificate.ts';

/** Warnings for the start page; none is normal. */
export function certificateWarnings(
  { replacedFor, constrained }: Authority,
  { nameConstraints }: Settings,
  own: OwnCertificate | undefined,
): string[] {
  const warnings: string[] = [];
  if (replacedFor.length > 0) {
    warnings.push(
      `There is a new CA, because the one before could not vouch for ${replacedFor.join(', ')}: it has to be trusted again`,
    );
  }
  if (!constrained && nameConstraints) {
    warnings.push(
      'The CA has no name constraints, so its key could vouch for any site; "ca rotate" makes a limited one',
    );
  }
  if (constrained && !nameConstraints) {
    warnings.push('The CA has name constraints; "ca rotate --no-name-constraints" makes one without');
  }
  const uncovered = own?.uncoveredDomains ?? [];
  if (uncovered.length > 0) {
    warnings.push(
      `The certificate of --cert covers nothing under ${uncovered.join(', ')}: names there get one of our CA`,
    );
  }
  return warnings;
}
