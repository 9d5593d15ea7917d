/** What our CA can vouch for, judged by openssl's strict rules: not by the code that made it. */
import { execFile } from 'node:child_process';
import { randomUUID, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, loadOrCreateAuthority } from '../../../src/tls/authority.ts';
import { emptyName, issueCertificate } from '../../../src/tls/certificate.ts';
import { basicConstraints, keyUsage, type SubjectName } from '../../../src/tls/extensions.ts';
import { createLeafKeys, type LeafKeys, mintDefaultLeaf, mintLeaf } from '../../../src/tls/leaf.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { rogueLeaf } from '../../fixtures/tls-stand.ts';

const DAY_MS = 86_400_000;

let dir: string;
let authority: Authority;
let keys: LeafKeys;

beforeAll(async () => {
  dir = await makeTempDir('hw-ca');
  authority = await loadOrCreateAuthority(dir, { domains: ['localhost', 'dev.test'] });
  keys = await createLeafKeys();
});
afterAll(() => removeDir(dir));

/** openssl's verdict: 'OK', or what it says against the certificate. */
async function judge(pem: string, checks: readonly string[] = []): Promise<string> {
  const file = join(dir, `${randomUUID()}.pem`);
  const chain = join(dir, `${randomUUID()}.pem`);
  await writeFile(file, pem);
  await writeFile(chain, authority.intermediatePem);
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', authority.rootFile];
  return new Promise((resolve) => {
    execFile(requireTool('openssl'), [...args, '-untrusted', chain, ...checks, file], (_error, stdout, stderr) => {
      resolve(stdout.trim().endsWith(': OK') ? 'OK' : stderr);
    });
  });
}

function life(): { now: Date; days: number } {
  return { now: new Date(), days: 60 };
}

describe.skipIf(!needs('openssl'))('openssl, with our root trusted [needs openssl]', () => {
  const longName = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.localhost`;

  it.each(['localhost', 'a.localhost', 'a.b.localhost', 'under_score.localhost', 'x.dev.test', 'dev.test', longName])(
    'accepts a leaf for %s, for that name only',
    async (name) => {
      const { chainPem } = await mintLeaf(authority, keys, name, life());
      expect(await judge(chainPem, ['-verify_hostname', name])).toBe('OK');
      expect(await judge(chainPem, ['-verify_hostname', `x.${name}`])).toMatch(/hostname mismatch/i);
    },
  );

  it.each([
    ['-verify_ip', '127.0.0.1'],
    ['-verify_ip', '::1'],
    ['-verify_hostname', 'localhost'],
  ])('accepts the default leaf with %s %s', async (option, value) => {
    const { chainPem } = await mintDefaultLeaf(authority, keys, life());
    expect(await judge(chainPem, [option, value])).toBe('OK');
    expect(await judge(chainPem, ['-verify_hostname', 'a.localhost'])).toMatch(/hostname mismatch/i);
  });

  const google = Uint8Array.of(8, 8, 8, 8);
  const otherIpv6 = Uint8Array.of(0x20, 1, ...new Array<number>(13).fill(0), 1);
  it.each<[string, SubjectName[]]>([
    ['example.com', [{ dns: 'example.com' }]],
    ['notlocalhost', [{ dns: 'notlocalhost' }]],
    ['test, above our dev.test', [{ dns: 'test' }]],
    ['localhost.example.com', [{ dns: 'localhost.example.com' }]],
    ['a.localhost and example.com', [{ dns: 'a.localhost' }, { dns: 'example.com' }]],
    ['8.8.8.8', [{ ip: google }]],
    ['a.localhost and 8.8.8.8', [{ dns: 'a.localhost' }, { ip: google }]],
    ['2001::1', [{ ip: otherIpv6 }]],
  ])('refuses a leaf of the same intermediate for %s', async (_what, names) => {
    expect(await judge(await rogueLeaf(authority, keys, names))).toMatch(/permitted subtree violation/);
  });

  it('refuses a further CA below the intermediate', async () => {
    const rogueCa = await issueCertificate(authority.issuer, {
      subject: emptyName(),
      subjectKey: keys.subjectKey,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      extensions: [basicConstraints(0), keyUsage('authority')],
    });
    expect(await judge(rogueCa)).toMatch(/error/);
  });

  it('refuses example.com also where the intermediate itself was trusted', async () => {
    const intermediate = join(dir, `${randomUUID()}.pem`);
    await writeFile(intermediate, authority.intermediatePem);
    const verdict = await judge(await rogueLeaf(authority, keys, [{ dns: 'example.com' }]), [
      '-partial_chain',
      '-trusted',
      intermediate,
    ]);
    expect(verdict).not.toBe('OK');
  });
});

describe('a leaf', () => {
  it('has one exact name, an empty subject and its own life', async () => {
    const now = new Date('2030-05-05T12:00:00Z');
    const { chainPem, notBefore, notAfter } = await mintLeaf(authority, keys, 'shop.localhost', { now, days: 30 });
    const leaf = new X509Certificate(chainPem);
    expect(leaf.subject).toBeFalsy();
    expect(leaf.subjectAltName).toBe('DNS:shop.localhost');
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect([leaf.validFromDate, leaf.validToDate]).toEqual([notBefore, notAfter]);
    expect([notBefore, notAfter]).toEqual([new Date('2030-05-05T11:00:00Z'), new Date('2030-06-04T12:00:00Z')]);
  });

  it('is followed by the intermediate and not by the root', async () => {
    const { chainPem } = await mintLeaf(authority, keys, 'shop.localhost', life());
    const chain = chainPem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    expect(chain).toHaveLength(2);
    const [leaf, intermediate] = chain.map((pem) => new X509Certificate(pem));
    expect(leaf && intermediate && leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
  });

  it('does not outlive the CA', async () => {
    const now = new Date(authority.notAfter.getTime() - DAY_MS);
    const { notAfter } = await mintLeaf(authority, keys, 'shop.localhost', { now, days: 60 });
    expect(notAfter).toEqual(authority.notAfter);
  });

  it('has a serial number of its own', async () => {
    const mint = async (): Promise<string> =>
      new X509Certificate((await mintLeaf(authority, keys, 'shop.localhost', life())).chainPem).serialNumber;
    const serials = await Promise.all([mint(), mint(), mint()]);
    expect(new Set(serials).size).toBe(3);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});
