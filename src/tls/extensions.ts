/** The X.509 extensions that our certificates carry (RFC 5280 section 4.2), as pkijs encodes them. */
import { BitString, Integer, OctetString } from 'asn1js';
import {
  AltName,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralSubtree,
  NameConstraints,
} from 'pkijs';

const OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
};

/** Tags of GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** First octet of the KeyUsage bit string, and how many of its bits are unused. */
const KEY_USAGES = {
  /** keyCertSign (bit 5), cRLSign (bit 6). */
  authority: { bits: 0b0000_0110, unused: 1 },
  /** digitalSignature (bit 0): all that TLS 1.3 needs. */
  server: { bits: 0b1000_0000, unused: 7 },
};

/** Address and mask. Without them a constraint on names alone lets every IP address through (tried with 8 clients). */
const LOOPBACK_RANGES = [
  Uint8Array.of(127, 0, 0, 0, 255, 0, 0, 0),
  Uint8Array.of(...ipv6Loopback(), ...new Array<number>(16).fill(255)),
];

/** What a server certificate may be for. */
export type SubjectName = { dns: string } | { ip: Uint8Array<ArrayBuffer> };

/** The loopback addresses, as a SAN carries them. */
export const LOOPBACK_NAMES: readonly SubjectName[] = [
  { ip: Uint8Array.of(127, 0, 0, 1) },
  { ip: Uint8Array.of(...ipv6Loopback()) },
];

function ipv6Loopback(): number[] {
  return [...new Array<number>(15).fill(0), 1];
}

/**
 * Is it a CA, and how many CAs may stand below it? Critical for CAs, as strict verifiers ask.
 * @param pathLength undefined: no CA
 */
export function basicConstraints(pathLength?: number): Extension {
  if (pathLength === undefined) return extension(OID.basicConstraints, false, new BasicConstraints({ cA: false }));
  return extension(
    OID.basicConstraints,
    true,
    new BasicConstraints({ cA: true, pathLenConstraint: new Integer({ value: pathLength }) }),
  );
}

/** What the key may sign: certificates, or handshakes. */
export function keyUsage(role: keyof typeof KEY_USAGES): Extension {
  const { bits, unused } = KEY_USAGES[role];
  const value = new BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits: unused });
  return new Extension({ extnID: OID.keyUsage, critical: true, extnValue: value.toBER(false) });
}

/** TLS servers only. On the intermediate it also keeps its key from signing code or mail. */
export function serverAuth(): Extension {
  return extension(OID.extKeyUsage, false, new ExtKeyUsage({ keyPurposes: [OID.serverAuth] }));
}

/** Which key this certificate is about. */
export function subjectKeyIdentifier(identifier: ArrayBuffer): Extension {
  const value = new OctetString({ valueHex: identifier });
  return new Extension({ extnID: OID.subjectKeyIdentifier, critical: false, extnValue: value.toBER(false) });
}

/** Which key signed it; Python since 3.13 refuses certificates without. */
export function authorityKeyIdentifier(identifier: ArrayBuffer): Extension {
  const keyIdentifier = new OctetString({ valueHex: identifier });
  return extension(OID.authorityKeyIdentifier, false, new AuthorityKeyIdentifier({ keyIdentifier }));
}

/** Who the certificate is for. Critical, because the subject is empty (RFC 5280 section 4.1.2.6). */
export function subjectAltName(names: readonly SubjectName[]): Extension {
  return extension(OID.subjectAltName, true, new AltName({ altNames: names.map(generalName) }));
}

/**
 * What the CA can vouch for at all: these domains with everything below them, and loopback addresses. Critical, so
 * that a verifier that does not know the extension refuses rather than ignores it.
 * @param domains lower case, no leading dot: ".localhost" would refuse the bare domain
 */
export function nameConstraints(domains: readonly string[]): Extension {
  const names: GeneralName[] = domains.map((dns) => generalName({ dns }));
  for (const range of LOOPBACK_RANGES) names.push(generalName({ ip: range }));
  const permittedSubtrees = names.map((base) => new GeneralSubtree({ base }));
  return extension(OID.nameConstraints, true, new NameConstraints({ permittedSubtrees }));
}

/** The domains of a certificate's {@link nameConstraints}; null when it has none. */
export function constrainedDomains(extensions: readonly Extension[]): string[] | null {
  const found = extensions.find(({ extnID }) => extnID === OID.nameConstraints)?.parsedValue;
  if (!(found instanceof NameConstraints)) return null;
  const bases = (found.permittedSubtrees ?? []).map(({ base }) => base);
  return bases.filter(({ type }) => type === DNS_NAME).map(({ value }) => String(value));
}

function generalName(name: SubjectName): GeneralName {
  if ('dns' in name) return new GeneralName({ type: DNS_NAME, value: name.dns });
  return new GeneralName({ type: IP_ADDRESS, value: new OctetString({ valueHex: name.ip.buffer }) });
}

function extension(extnID: string, critical: boolean, parsed: { toSchema(): { toBER(): ArrayBuffer } }): Extension {
  return new Extension({ extnID, critical, extnValue: parsed.toSchema().toBER() });
}
