/**
 * The CA of this user: loaded from `<data-dir>/ca`, or made there once. Browsers trust the one that they know, so it is
 * replaced only where the user asks for it, or for domains that it cannot vouch for.
 */
import { createPrivateKey, type KeyObject, type webcrypto, X509Certificate } from 'node:crypto';
import path from 'node:path';
import { Certificate } from 'pkijs';
import { AppError, messageOf } from '../core/errors.ts';
import { normalizeHostname } from '../core/hostname.ts';
import { FILE_NAMES, readAuthorityFiles, unreadable, writeAuthorityFiles } from './authority-files.ts';
import type { Issuer } from './certificate.ts';
import { constrainedDomains } from './extensions.ts';
import { type AuthorityFiles, makeAuthority } from './make-authority.ts';
import { mayCertify } from './permission.ts';
import { authorityFolder, retireAuthority } from './retired-authorities.ts';
import { importSigningKey } from './subject-key.ts';

/** A CA that can sign. */
export interface Authority {
  /** PEM file that clients trust. */
  rootFile: string;
  rootPem: string;
  /** Sent by the server after each leaf. */
  intermediatePem: string;
  /** Signs leaves; cannot be exported. */
  intermediateKey: webcrypto.CryptoKey;
  /** SHA-256 of the root, lower-case hex without colons. */
  rootFingerprint: string;
  /** Of the root: what trust stores show. */
  commonName: string;
  /** Made in this call, so nobody can trust it yet. */
  created: boolean;
  /** The domains for which it replaced the CA before, in this call; empty when it did not. */
  replacedFor: readonly string[];
  /** Has it name constraints? Without them it could vouch for any site. */
  constrained: boolean;
  /** What it may vouch for: these and everything below. */
  domains: readonly string[];
  /** Domains asked for that it may not vouch for: names there get no certificate until there is a new CA. */
  uncoveredDomains: readonly string[];
  /** The intermediate, as a signer. */
  issuer: Issuer;
  /** End of the intermediate's life; no leaf outlives it. */
  notAfter: Date;
}

/** What {@link loadOrCreateAuthority} may be told. */
export interface AuthorityOptions {
  /** Lower-case suffixes that a new CA is limited to. */
  domains: readonly string[];
  now?: () => Date;
  /** false makes a new CA without limits, for clients that cannot read them. Default true. A CA on disk stays as it is. */
  nameConstraints?: boolean;
  /** Replace a CA that cannot vouch for all of `domains`. Default false: they are `uncoveredDomains`. */
  replaceUncovered?: boolean;
}

/**
 * Load the CA, or make one where there is none (two key pairs, two signatures, three files synced: about 10 ms).
 * @throws {AppError} TLS_CA_UNREADABLE with the file and the way out · DATA_DIR_UNUSABLE
 */
export async function loadOrCreateAuthority(dataDir: string, options: AuthorityOptions): Promise<Authority> {
  const { domains, now = () => new Date(), nameConstraints = true, replaceUncovered = false } = options;
  const folder = authorityFolder(dataDir);
  const found = await readAuthorityFiles(folder);
  if (found) {
    const authority = await open(folder, found, domains, now(), false);
    if (!replaceUncovered || authority.uncoveredDomains.length === 0) return authority;
    return { ...(await rotateAuthority(dataDir, options)), replacedFor: authority.uncoveredDomains };
  }
  domains.forEach(checkDomain);
  const created = await writeAuthorityFiles(folder, await makeAuthority(domains, now(), nameConstraints));
  return readBack(folder, domains, now(), created);
}

/**
 * Make a new CA in the place of the one that is there, whatever state that is in. It has to be trusted anew. The old
 * one's certificates are kept beside, so that `untrust` knows them; its key is destroyed.
 * @throws {AppError} DATA_DIR_UNUSABLE
 */
export async function rotateAuthority(dataDir: string, options: AuthorityOptions): Promise<Authority> {
  const { domains, now = () => new Date(), nameConstraints = true } = options;
  const folder = authorityFolder(dataDir);
  domains.forEach(checkDomain);
  const files = await makeAuthority(domains, now(), nameConstraints);
  const created = await writeAuthorityFiles(folder, files, () => retireAuthority(dataDir, now()));
  return readBack(folder, domains, now(), created);
}

/** Read back, also what we wrote: what is used is what the next start will find. */
async function readBack(folder: string, domains: readonly string[], now: Date, created: boolean): Promise<Authority> {
  const files = await readAuthorityFiles(folder);
  if (!files) throw unreadable(path.join(folder, FILE_NAMES.rootPem), 'it vanished while it was made');
  return open(folder, files, domains, now, created);
}

/** An empty or odd suffix in a constraint could permit everything. */
function checkDomain(domain: string): void {
  if (normalizeHostname(domain) === domain) return;
  throw new AppError('TLS_NAME_NOT_ALLOWED', `The domain "${domain}" cannot stand in a certificate`, {
    hint: 'Use a lower-case name such as "localhost" or "dev.test"',
  });
}

async function open(
  folder: string,
  files: AuthorityFiles,
  wanted: readonly string[],
  now: Date,
  created: boolean,
): Promise<Authority> {
  const rootFile = path.join(folder, FILE_NAMES.rootPem);
  const intermediateFile = path.join(folder, FILE_NAMES.intermediatePem);
  const keyFile = path.join(folder, FILE_NAMES.intermediateKeyPem);
  const root = readCertificate(rootFile, files.rootPem, now);
  const intermediate = readCertificate(intermediateFile, files.intermediatePem, now);
  if (!root.verify(root.publicKey)) throw unreadable(rootFile, 'it is not signed with its own key');
  if (!intermediate.checkIssued(root) || !intermediate.verify(root.publicKey)) {
    throw unreadable(intermediateFile, `it was not issued by "${rootFile}"`);
  }
  const intermediateKey = await readKey(keyFile, files.intermediateKeyPem, intermediate);
  const parsed = Certificate.fromBER(new Uint8Array(intermediate.raw));
  const constrainedTo = constrainedDomains(parsed.extensions ?? []);
  const domains = constrainedTo ?? wanted;
  return {
    rootFile,
    rootPem: root.toString(),
    intermediatePem: intermediate.toString(),
    intermediateKey,
    rootFingerprint: fingerprintOf(root),
    commonName: commonNameOf(root),
    created,
    replacedFor: [],
    constrained: constrainedTo !== null,
    domains,
    uncoveredDomains: wanted.filter((domain) => mayCertify(domain, domains) === null),
    issuer: { name: parsed.subject, keyIdentifier: keyIdentifierOf(parsed, intermediateFile), key: intermediateKey },
    notAfter: intermediate.validToDate,
  };
}

function readCertificate(file: string, pem: string, now: Date): X509Certificate {
  const certificate = parse(file, () => new X509Certificate(pem));
  if (!certificate.ca) throw unreadable(file, 'it is not the certificate of a CA');
  const { validFrom, validFromDate, validTo, validToDate } = certificate;
  if (now > validToDate) {
    throw unreadable(file, `it expired on ${validTo}`, { hint: clockHint(now), clock: 'late' });
  }
  if (now < validFromDate) {
    throw unreadable(file, `it is valid only from ${validFrom} on`, { hint: clockHint(now), clock: 'early' });
  }
  return certificate;
}

/** A clock that is years off is likelier than a CA that outlived its ten years; nothing is thrown away for it. */
function clockHint(now: Date): string {
  return `The clock of this machine says ${now.toISOString()}: set it right, or, if it is, run "hostwise ca rotate" and trust the new CA`;
}

async function readKey(file: string, pem: string, certificate: X509Certificate): Promise<webcrypto.CryptoKey> {
  const key: KeyObject = parse(file, () => createPrivateKey(pem));
  if (!certificate.checkPrivateKey(key)) throw unreadable(file, 'it does not belong to the certificate beside it');
  try {
    return await importSigningKey(new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })));
  } catch (error) {
    throw unreadable(file, 'it is not a P-256 key', { cause: error });
  }
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(file, `it is damaged (${messageOf(error)})`, { cause: error });
  }
}

/** SHA-256 of a certificate, lower-case hex without colons. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'hostwise CA';
}

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

function keyIdentifierOf(certificate: Certificate, file: string): ArrayBuffer {
  const found = certificate.extensions?.find(({ extnID }) => extnID === SUBJECT_KEY_IDENTIFIER)?.parsedValue;
  const bytes: unknown = found?.valueBlock?.valueHexView;
  if (!(bytes instanceof Uint8Array)) throw unreadable(file, 'it names no key identifier');
  return new Uint8Array(bytes).buffer;
}
