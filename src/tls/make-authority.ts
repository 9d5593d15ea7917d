/**
 * A new CA: a constrained root, a constrained intermediate below it, and no root key. What is left on disk can vouch
 * for our domains and loopback addresses only. The constraints stand in both certificates because verifiers need not
 * look for them in a root (RFC 5280 section 6.1.1; Java does not).
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { commonName, issueCertificate } from './certificate.ts';
import { basicConstraints, keyUsage, nameConstraints, serverAuth } from './extensions.ts';
import { createKeyPair, describeKey, privateKeyPem } from './subject-key.ts';

/** Nobody trusts a local CA twice gladly. The intermediate lives as long: nothing is left that could sign another. */
const AUTHORITY_YEARS = 10;
/** Virtual machines and laptops wake up with a clock that is behind. */
const CLOCK_SKEW_MS = 60 * 60_000;
/** Leaves room in a common name of 64 characters for the words, the date and the random part. */
const MAX_HOST_LENGTH = 24;

/** The three files of a CA. */
export interface AuthorityFiles {
  rootPem: string;
  intermediatePem: string;
  intermediateKeyPem: string;
}

/**
 * Make one. The root's key lives in this call only and signs one certificate.
 * @param constrained false leaves the name constraints out, for clients that cannot read them
 */
export async function makeAuthority(
  domains: readonly string[],
  now: Date,
  constrained: boolean,
): Promise<AuthorityFiles> {
  const [rootKeys, intermediateKeys] = await Promise.all([createKeyPair(), createKeyPair()]);
  const [rootKey, intermediateKey] = await Promise.all([
    describeKey(rootKeys.publicKey),
    describeKey(intermediateKeys.publicKey),
  ]);
  const label = uniqueLabel(now);
  const name = commonName(`hostwise CA ${label}`);
  const issuer = { name, keyIdentifier: rootKey.identifier, key: rootKeys.privateKey };
  const limits = constrained ? [nameConstraints(domains)] : [];
  const life = { notBefore: new Date(now.getTime() - CLOCK_SKEW_MS), notAfter: yearsAfter(now, AUTHORITY_YEARS) };
  const rootPem = await issueCertificate(issuer, {
    ...life,
    subject: name,
    subjectKey: rootKey,
    extensions: [basicConstraints(1), keyUsage('authority'), ...limits],
  });
  const intermediatePem = await issueCertificate(issuer, {
    ...life,
    subject: commonName(`hostwise intermediate ${label}`),
    subjectKey: intermediateKey,
    extensions: [basicConstraints(0), keyUsage('authority'), serverAuth(), ...limits],
  });
  return { rootPem, intermediatePem, intermediateKeyPem: await privateKeyPem(intermediateKeys.privateKey) };
}

/**
 * Machine, date and a random part: stale copies in a trust store are recognised, and never mistaken for another CA
 * (NSS takes certificates of one subject for one certificate). No colon: NSS reads it as the name of a token.
 */
function uniqueLabel(now: Date): string {
  const host = hostname()
    .replace(/\..*$/s, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, MAX_HOST_LENGTH);
  return `${host || 'localhost'} ${now.toISOString().slice(0, 10)} ${randomBytes(3).toString('hex')}`;
}

function yearsAfter(date: Date, years: number): Date {
  const later = new Date(date);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
