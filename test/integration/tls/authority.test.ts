/** The CA on disk: made once, found again, and refused rather than replaced when something is wrong with it. */
import { X509Certificate } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { type Authority, type AuthorityOptions, loadOrCreateAuthority } from '../../../src/tls/authority.ts';
import { needs } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const DOMAINS = ['localhost'];
const YEAR_MS = 365.25 * 86_400_000;

function load(dir: string, options: Partial<AuthorityOptions> = {}): Promise<Authority> {
  return loadOrCreateAuthority(dir, { domains: DOMAINS, ...options });
}

/** The error that loading gives. */
async function refusal(dir: string, options: Partial<AuthorityOptions> = {}): Promise<AppError> {
  const error = await load(dir, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`it was not refused: ${error}`);
  return error;
}

async function modeOf(file: string): Promise<string> {
  return ((await lstat(file)).mode & 0o777).toString(8);
}

describe('a new CA', () => {
  it('is three private files in a private folder, and no root key', async () => {
    const dir = await tempDir();
    const { created } = await load(dir);
    expect(created).toBe(true);
    expect(await readdir(dir)).toEqual(['ca']);
    expect((await readdir(join(dir, 'ca'))).sort()).toEqual(['intermediate.key', 'intermediate.pem', 'root.pem']);
    expect(await modeOf(join(dir, 'ca'))).toBe('700');
    expect(await modeOf(join(dir, 'ca/intermediate.key'))).toBe('600');
    const key = await readFile(join(dir, 'ca/intermediate.key'), 'utf8');
    expect(new X509Certificate(await readFile(join(dir, 'ca/intermediate.pem'))).publicKey.asymmetricKeyType).toBe(
      'ec',
    );
    expect(key.match(/BEGIN/g)).toHaveLength(1);
  });

  it('has a name and a fingerprint that tell it from every other', async () => {
    const one = await load(await tempDir());
    const other = await load(await tempDir());
    expect(one.commonName).toMatch(/^hostwise CA [\w-]+ \d{4}-\d\d-\d\d [0-9a-f]{6}$/);
    expect(one.commonName.length).toBeLessThanOrEqual(64);
    expect(one.rootFingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(one.commonName).not.toBe(other.commonName);
    expect(one.rootFingerprint).not.toBe(other.rootFingerprint);
    expect(one.intermediateKey.extractable).toBe(false);
  });

  it('is found again as it was', async () => {
    const dir = await tempDir();
    const made = await load(dir);
    const found = await load(dir);
    expect(found.created).toBe(false);
    const same = ({ rootPem, intermediatePem, rootFingerprint, domains }: Authority): unknown => ({
      rootPem,
      intermediatePem,
      rootFingerprint,
      domains,
    });
    expect(same(found)).toEqual(same(made));
    expect(found.rootPem).toBe(await readFile(found.rootFile, 'utf8'));
  });

  it('is made once when several start at the same time', async () => {
    const dir = await tempDir();
    const all = await Promise.all(Array.from({ length: 5 }, () => load(dir)));
    expect(new Set(all.map(({ rootFingerprint }) => rootFingerprint)).size).toBe(1);
    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(await readdir(dir)).toEqual(['ca']);
  });

  it('takes an empty folder that is already there', async () => {
    const dir = await tempDir();
    await mkdir(join(dir, 'ca'));
    expect((await load(dir)).created).toBe(true);
  });

  it.each(['', '.localhost', 'LOCALHOST', '*', 'a b'])('refuses the domain %j', async (domain) => {
    const dir = await tempDir();
    expect((await refusal(dir, { domains: ['localhost', domain] })).code).toBe('TLS_NAME_NOT_ALLOWED');
    expect(await readdir(dir)).toEqual([]);
  });

  it('can be made without constraints', async () => {
    const dir = await tempDir();
    const { rootPem, domains } = await load(dir, { nameConstraints: false, domains: ['localhost', 'test'] });
    expect(domains).toEqual(['localhost', 'test']);
    const constrained = await load(await tempDir());
    // The extension's OID, 2.5.29.30, in DER.
    const oid = Buffer.from('0603551d1e', 'hex');
    expect(new X509Certificate(rootPem).raw.includes(oid)).toBe(false);
    expect(new X509Certificate(constrained.rootPem).raw.includes(oid)).toBe(true);
    expect(new X509Certificate(constrained.intermediatePem).raw.includes(oid)).toBe(true);
  });
});

describe('a CA for other domains than are asked for', () => {
  it('stays, and says which domains it cannot vouch for', async () => {
    const dir = await tempDir();
    const made = await load(dir);
    const found = await load(dir, { domains: ['localhost', 'dev.localhost', 'test'] });
    expect(found.rootFingerprint).toBe(made.rootFingerprint);
    expect(found.domains).toEqual(['localhost']);
    expect(found.uncoveredDomains).toEqual(['test']);
    expect(made.uncoveredDomains).toEqual([]);
  });
});

describe('a CA that cannot be trusted to be ours', () => {
  const damages: [string, string, (dir: string) => Promise<unknown>, RegExp][] = [
    ['a torn key', 'intermediate.key', (ca) => truncate(join(ca, 'intermediate.key'), 100), /damaged/],
    ['an empty root', 'root.pem', (ca) => truncate(join(ca, 'root.pem'), 0), /empty/],
    ['a torn intermediate', 'intermediate.pem', (ca) => truncate(join(ca, 'intermediate.pem'), 300), /damaged/],
    ['a missing key', 'intermediate.key', (ca) => rm(join(ca, 'intermediate.key')), /missing/],
    ['a missing root', 'root.pem', (ca) => rm(join(ca, 'root.pem')), /missing/],
    ['a key others can read', 'intermediate.key', (ca) => chmod(join(ca, 'intermediate.key'), 0o640), /mode 640/],
    ['a key the world can read', 'intermediate.key', (ca) => chmod(join(ca, 'intermediate.key'), 0o604), /mode 604/],
    ['a root others can write', 'root.pem', (ca) => chmod(join(ca, 'root.pem'), 0o666), /mode 666/],
    ['a huge file', 'root.pem', (ca) => writeFile(join(ca, 'root.pem'), 'x'.repeat(100_000)), /100000 bytes/],
    ['a folder as key', 'intermediate.key', (ca) => folderInstead(join(ca, 'intermediate.key')), /regular file/],
    ['a link as key', 'intermediate.key', (ca) => linkInstead(join(ca, 'intermediate.key')), /symbolic link/],
  ];

  it.each(damages)('%s: names "%s" and the way out', async (_what, file, damage, problem) => {
    const dir = await tempDir();
    const { rootPem } = await load(dir);
    await damage(join(dir, 'ca'));
    const before = await snapshot(join(dir, 'ca'));
    const error = await refusal(dir);
    expect(error.code).toBe('TLS_CA_UNREADABLE');
    expect(error.message).toContain(join(dir, 'ca', file));
    expect(error.message).toMatch(problem);
    expect(error.hint).toContain(`mv ${join(dir, 'ca')}`);
    expect(await snapshot(join(dir, 'ca'))).toEqual(before);
    expect(rootPem).toContain('BEGIN');
  });

  it('refuses a folder that others may write into', async () => {
    const dir = await tempDir();
    await load(dir);
    await chmod(join(dir, 'ca'), 0o777);
    expect(await refusal(dir)).toMatchObject({ code: 'TLS_CA_UNREADABLE', hint: `chmod 700 ${join(dir, 'ca')}` });
  });

  it.each([
    ['intermediate.key', 'intermediate.key'],
    ['root.pem', 'intermediate.pem'],
    ['intermediate.pem', 'intermediate.pem'],
  ])('refuses the %s of another CA, and names %s', async (swapped, named) => {
    const [dir, other] = [await tempDir(), await tempDir()];
    await load(dir);
    await load(other);
    await rename(join(other, 'ca', swapped), join(dir, 'ca', swapped));
    expect((await refusal(dir)).message).toContain(join(dir, 'ca', named));
  });

  it.skipIf(!needs('root'))("refuses another user's key [needs root]", async () => {
    const dir = await tempDir();
    await load(dir);
    await chown(join(dir, 'ca/intermediate.key'), 65_534, 65_534);
    expect((await refusal(dir)).message).toMatch(/intermediate\.key.*another user \(uid 65534\)/);
  });

  it.skipIf(!needs('root'))('gives the files to the owner of the data folder, under sudo [needs root]', async () => {
    const dir = await tempDir();
    await chown(dir, 65_534, 65_534);
    await load(dir);
    for (const file of ['ca', 'ca/intermediate.key', 'ca/root.pem']) {
      expect((await lstat(join(dir, file))).uid).toBe(65_534);
    }
    expect((await load(dir)).created).toBe(false);
  });

  it('refuses an expired one, and one from the future', async () => {
    const dir = await tempDir();
    await load(dir);
    const late = await refusal(dir, { now: () => new Date(Date.now() + 11 * YEAR_MS) });
    expect(late.message).toMatch(/root\.pem.*expired/);
    const early = await refusal(dir, { now: () => new Date(Date.now() - YEAR_MS) });
    expect(early.hint).toMatch(/clock/);
  });

  it('says what is wrong when the folder is a file', async () => {
    const dir = await tempDir();
    await writeFile(join(dir, 'ca'), '');
    expect((await refusal(dir)).code).toBe('TLS_CA_UNREADABLE');
  });
});

async function folderInstead(file: string): Promise<void> {
  await rm(file);
  await mkdir(file);
}

async function linkInstead(file: string): Promise<void> {
  await rename(file, `${file}.real`);
  await symlink(`${file}.real`, file);
}

/** Names and contents, to see that nothing was touched. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const read = async (name: string): Promise<[string, string]> => [
    name,
    await readFile(join(folder, name), 'utf8').catch((error: Error) => error.message),
  ];
  return Object.fromEntries(await Promise.all(names.map(read)));
}
