/**
 * CAs that were replaced: `<data-dir>/ca.retired/<when>/` keeps their certificates, so that `untrust` recognises them in
 * a trust store. Their keys are destroyed.
 */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../core/errors.ts';
import { makeFolder } from '../platform/paths.ts';
import { FILE_NAMES } from './authority-files.ts';

/** More were hardly ever made; the newest are looked at. */
const MAX_RETIRED = 100;

/** Where the CA is. */
export function authorityFolder(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'ca');
}

function retiredFolder(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'ca.retired');
}

/** Move the CA away, if there is one, and destroy its key. @throws the system's error, with the CA as it was */
export async function retireAuthority(dataDir: string, now: Date): Promise<void> {
  const target = path.join(retiredFolder(dataDir), now.toISOString().replaceAll(':', '-'));
  await makeFolder(retiredFolder(dataDir));
  try {
    await rename(authorityFolder(dataDir), target);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  await rm(path.join(target, FILE_NAMES.intermediateKeyPem), { force: true, recursive: true });
}

/** Fingerprints (SHA-256, lower-case hex) of the CA's root and of those before; what cannot be read is left out. */
export async function knownRoots(dataDir: string): Promise<Set<string>> {
  const retired = await readdir(retiredFolder(dataDir)).catch((): string[] => []);
  const folders = retired
    .sort()
    .slice(-MAX_RETIRED)
    .map((name) => path.join(retiredFolder(dataDir), name));
  const found = await Promise.all([authorityFolder(dataDir), ...folders].map(fingerprintIn));
  return new Set(found.filter((fingerprint) => fingerprint !== undefined));
}

async function fingerprintIn(folder: string): Promise<string | undefined> {
  try {
    const pem = await readFile(path.join(folder, FILE_NAMES.rootPem));
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return undefined;
  }
}
