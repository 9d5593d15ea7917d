/**
 * Bundles for clients whose variables replace their store instead of adding to it: what they would trust otherwise, and
 * our root. Written to `<data-dir>/bundles/`; the first line says what a bundle was made from, so that it can be made
 * anew when that changes.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { getCACertificates } from 'node:tls';
import { messageOf, systemCode } from '../core/errors.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import { makeFolder } from '../platform/paths.ts';
import { fingerprintsIn } from './trust/our-roots.ts';
import type { RootCertificate } from './trust/store.ts';

/** Where systems have all their roots in one file: Debian and Arch, Fedora, openSUSE, Alpine and macOS. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** A system without any of them: the roots that Node brings along. */
const NODE_ROOTS = 'the roots of Node.js';
/** The system's is 0.2 MB. */
const MAX_SOURCE_BYTES = 16 * 1024 * 1024;
const HEADER = '# The CA of hostwise, and the certificates of ';

/** Variables that replace a client's store (curl, OpenSSL, Python's requests and httpx). */
const REPLACING = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] as const;
/** The one that adds to it. */
const ADDING = 'NODE_EXTRA_CA_CERTS';

/** Variables for a shell, and what could not be taken along. */
export interface ClientEnvironment {
  variables: { name: string; value: string }[];
  warnings: string[];
}

/** What differs in tests. */
export interface BundleOptions {
  systemBundles?: readonly string[];
}

/**
 * The variables that make programs trust the root beside what they trust now. What the environment has already (a
 * company's roots) is merged, each variable's own. Writes the bundles.
 * @throws the system's error when they cannot be written
 */
export async function clientEnvironment(
  root: RootCertificate,
  dataDir: string,
  env: Record<string, string | undefined>,
  options: BundleOptions = {},
): Promise<ClientEnvironment> {
  const folder = bundlesFolder(dataDir);
  await makeFolder(folder);
  const system = await systemSource(options.systemBundles ?? SYSTEM_BUNDLES);
  const warnings: string[] = [];
  const variables: ClientEnvironment['variables'] = [];
  for (const name of [ADDING, ...REPLACING]) {
    const own = await sourceOf(env[name], folder, root.file, system).catch((error: unknown) => {
      warnings.push(`${name} is "${env[name]}", which cannot be read (${messageOf(error)}): left out`);
      return undefined;
    });
    if (name === ADDING && own === undefined) {
      variables.push({ name, value: root.file });
      continue;
    }
    const file = path.join(folder, own === undefined ? 'system.pem' : `${name.toLowerCase()}.pem`);
    await writeBundle(file, own ?? system, root);
    variables.push({ name, value: file });
  }
  return { variables, warnings };
}

/** Make the bundles anew that are older than what they were made from, or lack the root. Never rejects. */
export async function refreshBundles(root: RootCertificate, dataDir: string): Promise<void> {
  const folder = bundlesFolder(dataDir);
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((one) => one.endsWith('.pem'))) {
    const file = path.join(folder, name);
    await refresh(file, root).catch(() => {});
  }
}

async function refresh(file: string, root: RootCertificate): Promise<void> {
  const text = await readText(file);
  const source = sourceIn(text);
  if (source === undefined) return;
  const isOlder = source !== NODE_ROOTS && (await stat(source)).mtimeMs > (await stat(file)).mtimeMs;
  if (isOlder || !fingerprintsIn(text).includes(root.fingerprint)) await writeBundle(file, source, root);
}

function bundlesFolder(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'bundles');
}

/** What a variable names already; undefined where that is nothing, the system's bundle or our own root. */
async function sourceOf(
  value: string | undefined,
  folder: string,
  rootFile: string,
  system: string,
): Promise<string | undefined> {
  if (value === undefined || value === '') return undefined;
  const file = path.resolve(value);
  // A shell that has our lines already: what was there before them is in the bundle's first line.
  const source = path.dirname(file) === folder ? sourceIn(await readText(file)) : file;
  if (source === undefined || source === system || source === rootFile) return undefined;
  await readText(source);
  return source;
}

async function systemSource(files: readonly string[]): Promise<string> {
  for (const file of files) {
    if ((await readText(file).catch(() => '')) !== '') return file;
  }
  return NODE_ROOTS;
}

/** Nothing is written where the bundle is the same already. */
async function writeBundle(file: string, source: string, root: RootCertificate): Promise<void> {
  const text = source === NODE_ROOTS ? getCACertificates('bundled').join('\n') : await readText(source);
  const ours = fingerprintsIn(text).includes(root.fingerprint) ? '' : `${root.pem.trim()}\n`;
  const bundle = `${HEADER}${source}\n${ours}${text.trim()}\n`;
  if ((await readText(file).catch(() => '')) !== bundle) await writeFileAtomic(file, bundle);
}

function sourceIn(bundle: string): string | undefined {
  return bundle.startsWith(HEADER) ? bundle.slice(HEADER.length, bundle.indexOf('\n')) : undefined;
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_SOURCE_BYTES) throw new Error(`it has ${size} bytes`);
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    throw systemCode(error) === 'EISDIR' ? new Error('it is a folder', { cause: error }) : error;
  }
}
