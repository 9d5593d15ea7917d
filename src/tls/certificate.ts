/** One certificate: the fields that all of ours share. pkijs encodes, Node's WebCrypto signs. */
import { randomBytes, type webcrypto } from 'node:crypto';
import { Integer, Utf8String } from 'asn1js';
import { AttributeTypeAndValue, Certificate, type Extension, RelativeDistinguishedNames, Time, TimeType } from 'pkijs';
import { authorityKeyIdentifier, subjectKeyIdentifier } from './extensions.ts';
import { pemOf, type SubjectKey } from './subject-key.ts';

const COMMON_NAME = '2.5.4.3';
/** Version 3 is written as 2 (RFC 5280 section 4.1.2.1). */
const VERSION_3 = 2;
const SERIAL_BYTES = 16;

/** Who signs. */
export interface Issuer {
  /** Subject of the issuer's certificate. */
  name: RelativeDistinguishedNames;
  keyIdentifier: ArrayBuffer;
  key: webcrypto.CryptoKey;
}

/** What differs from certificate to certificate. */
export interface CertificateFields {
  subject: RelativeDistinguishedNames;
  subjectKey: SubjectKey;
  notBefore: Date;
  notAfter: Date;
  /** Beside the two key identifiers, which every certificate gets. */
  extensions: readonly Extension[];
}

/** Sign a certificate. @returns PEM */
export async function issueCertificate(issuer: Issuer, fields: CertificateFields): Promise<string> {
  const { subject, subjectKey, notBefore, notAfter, extensions } = fields;
  const certificate = new Certificate({ version: VERSION_3, serialNumber: randomSerial() });
  certificate.issuer = issuer.name;
  certificate.subject = subject;
  certificate.subjectPublicKeyInfo = subjectKey.info;
  certificate.notBefore = timeOf(notBefore);
  certificate.notAfter = timeOf(notAfter);
  certificate.extensions = [
    ...extensions,
    subjectKeyIdentifier(subjectKey.identifier),
    authorityKeyIdentifier(issuer.keyIdentifier),
  ];
  await certificate.sign(issuer.key, 'SHA-256');
  return pemOf('CERTIFICATE', certificate.toSchema().toBER());
}

/** A name with nothing but a common name. @param text at most 64 characters (RFC 5280 appendix A.1) */
export function commonName(text: string): RelativeDistinguishedNames {
  const value = new Utf8String({ value: text });
  return new RelativeDistinguishedNames({ typesAndValues: [new AttributeTypeAndValue({ type: COMMON_NAME, value })] });
}

/**
 * The empty name: hostnames may be longer than the 64 characters of a common name, and stand in the SAN anyway.
 * Given as bytes, because pkijs encodes a name without parts as SEQUENCE { SET {} }, which Chromium refuses
 * (ERR_SSL_SERVER_CERT_BAD_FORMAT).
 */
export function emptyName(): RelativeDistinguishedNames {
  return new RelativeDistinguishedNames({ valueBeforeDecode: Uint8Array.of(0x30, 0).buffer });
}

/** The short form has two digits for the year (RFC 5280 section 4.1.2.5). */
function timeOf(value: Date): Time {
  const type = value.getUTCFullYear() >= 2050 ? TimeType.GeneralizedTime : TimeType.UTCTime;
  return new Time({ type, value });
}

/** Positive and never 0 (RFC 5280 section 4.1.2.2): the first byte is 0x40 to 0x7f. */
function randomSerial(): Integer {
  const bytes = new Uint8Array(randomBytes(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return new Integer({ valueHex: bytes.buffer });
}
