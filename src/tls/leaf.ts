/**
 * The certificates that the server shows: one exact name each, because clients refuse `*.localhost`. They and their
 * key live in memory only; a start makes a new key.
 */
import type { Authority } from './authority.ts';
import { emptyName, issueCertificate } from './certificate.ts';
import {
  basicConstraints,
  keyUsage,
  LOOPBACK_NAMES,
  type SubjectName,
  serverAuth,
  subjectAltName,
} from './extensions.ts';
import { mayCertify } from './permission.ts';
import { createKeyPair, describeKey, privateKeyPem, type SubjectKey } from './subject-key.ts';

/** Virtual machines and laptops wake up with a clock that is behind. */
const CLOCK_SKEW_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** The key that all leaves of one start share: one trust domain, one process. */
export interface LeafKeys {
  privateKeyPem: string;
  subjectKey: SubjectKey;
}

/** A leaf with the intermediate after it. */
export interface Leaf {
  chainPem: string;
  notBefore: Date;
  notAfter: Date;
}

/** When, and for how long. */
export interface LeafLife {
  now: Date;
  days: number;
}

type Signer = Pick<Authority, 'issuer' | 'intermediatePem' | 'notAfter'>;

/** Make the key for this start. */
export async function createLeafKeys(): Promise<LeafKeys> {
  const { publicKey, privateKey } = await createKeyPair();
  return { privateKeyPem: await privateKeyPem(privateKey), subjectKey: await describeKey(publicKey) };
}

/**
 * Sign the leaf for one hostname; about 1 ms.
 * @param name as `mayCertify` returns it; nothing is checked here
 */
export function mintLeaf(authority: Signer, keys: LeafKeys, name: string, life: LeafLife): Promise<Leaf> {
  return mint(authority, keys, [{ dns: name }], life);
}

/**
 * Sign the leaf for clients that name no host (https://127.0.0.1). It alone has IP addresses: Bun refuses leaves with
 * any under a CA that limits them.
 */
export function mintDefaultLeaf(
  authority: Signer & Pick<Authority, 'domains'>,
  keys: LeafKeys,
  life: LeafLife,
): Promise<Leaf> {
  const own = mayCertify('localhost', authority.domains) === null ? [] : [{ dns: 'localhost' }];
  return mint(authority, keys, [...own, ...LOOPBACK_NAMES], life);
}

async function mint(
  authority: Signer,
  keys: LeafKeys,
  names: readonly SubjectName[],
  { now, days }: LeafLife,
): Promise<Leaf> {
  const notBefore = new Date(now.getTime() - CLOCK_SKEW_MS);
  const notAfter = new Date(Math.min(now.getTime() + days * DAY_MS, authority.notAfter.getTime()));
  const leafPem = await issueCertificate(authority.issuer, {
    subject: emptyName(),
    subjectKey: keys.subjectKey,
    notBefore,
    notAfter,
    extensions: [basicConstraints(), keyUsage('server'), serverAuth(), subjectAltName(names)],
  });
  // The root is left out: who trusts it has it (RFC 8446 section 4.4.2).
  return { chainPem: leafPem + authority.intermediatePem, notBefore, notAfter };
}
