/** Which certificates in a store are roots that hostwise made: removed by `untrust`, everything else is left alone. */
import { createHash, X509Certificate } from 'node:crypto';
import { Certificate } from 'pkijs';
import { constrainedDomains } from '../extensions.ts';
import type { StoredRoot } from './store.ts';

/** As make-authority.ts names them. */
export const OUR_NAME_PATTERN = 'hostwise CA [A-Za-z0-9_-]{1,24} \\d{4}-\\d\\d-\\d\\d [0-9a-f]{6}';
const OUR_NAME = new RegExp(`^${OUR_NAME_PATTERN}$`);

/** What names of ours begin with, for a first look at a list of names. */
export const OUR_NAME_START = 'hostwise CA ';

/**
 * The root in these bytes if it is one of ours: named as we name them, signed by itself, and limited by name
 * constraints as nobody else limits a root, or known by its fingerprint (a CA that was made without limits).
 */
export function ourRoot(der: Uint8Array, known: ReadonlySet<string>): StoredRoot | undefined {
  try {
    const certificate = new X509Certificate(der);
    const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
    const root = { fingerprint: fingerprintOfDer(der), name };
    if (known.has(root.fingerprint)) return root;
    const isSelfMade = certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
    if (!OUR_NAME.test(name) || !certificate.ca || !isSelfMade) return undefined;
    const extensions = Certificate.fromBER(new Uint8Array(der)).extensions ?? [];
    return constrainedDomains(extensions)?.includes('localhost') ? root : undefined;
  } catch {
    return undefined;
  }
}

/** The roots of ours in a PEM text, each once. */
export function ourRootsIn(text: string, known: ReadonlySet<string>): StoredRoot[] {
  const found = new Map<string, StoredRoot>();
  for (const der of certificatesIn(text)) {
    const root = ourRoot(der, known);
    if (root) found.set(root.fingerprint, root);
  }
  return [...found.values()];
}

/** The certificates of a PEM text, as DER; nothing is checked. */
export function certificatesIn(text: string): Buffer[] {
  const blocks = text.matchAll(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]+)-----END/g);
  return [...blocks].map(([, body]) => Buffer.from(body ?? '', 'base64'));
}

/** SHA-256 of every certificate in a text, lower-case hex. */
export function fingerprintsIn(text: string): string[] {
  return certificatesIn(text).map(fingerprintOfDer);
}

/**
 * SHA-1 of the certificates with this SHA-256 fingerprint in a text: the name that the tools of macOS and Windows have
 * for a certificate. Only a name: which one is meant was settled by SHA-256.
 */
export function sha1In(text: string, fingerprint: string): string[] {
  const found = certificatesIn(text).filter((der) => fingerprintOfDer(der) === fingerprint);
  return [...new Set(found.map((der) => createHash('sha1').update(der).digest('hex')))];
}

/** SHA-256, lower-case hex. */
export function fingerprintOfDer(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}
