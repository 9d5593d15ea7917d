/**
 * The system's store on Linux: a folder of anchors, from which a program makes the bundle that clients read.
 * Which distribution it is shows in which folder is there (mkcert's way); /etc/os-release says less.
 */
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { rootLine } from './shell-quote.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';

interface Distribution {
  anchors: string;
  /** Debian's program takes no other ending than .crt. */
  ending: string;
  update: readonly string[];
  /** Files that the program writes; the first that is there counts. */
  bundles: readonly string[];
}

/** In the order of mkcert, which has met more systems than we have. */
const DISTRIBUTIONS: readonly Distribution[] = [
  {
    anchors: '/etc/pki/ca-trust/source/anchors',
    ending: '.pem',
    update: ['update-ca-trust', 'extract'],
    bundles: ['/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', '/etc/pki/tls/certs/ca-bundle.crt'],
  },
  {
    anchors: '/usr/local/share/ca-certificates',
    ending: '.crt',
    update: ['update-ca-certificates'],
    bundles: ['/etc/ssl/certs/ca-certificates.crt'],
  },
  {
    anchors: '/etc/ca-certificates/trust-source/anchors',
    ending: '.crt',
    update: ['trust', 'extract-compat'],
    bundles: ['/etc/ca-certificates/extracted/tls-ca-bundle.pem', '/etc/ssl/certs/ca-certificates.crt'],
  },
  {
    anchors: '/etc/pki/trust/anchors',
    ending: '.pem',
    update: ['update-ca-certificates'],
    bundles: ['/var/lib/ca-certificates/ca-bundle.pem', '/etc/ssl/ca-bundle.pem'],
  },
  {
    anchors: '/usr/share/pki/trust/anchors',
    ending: '.pem',
    update: ['update-ca-certificates'],
    bundles: ['/var/lib/ca-certificates/ca-bundle.pem', '/etc/ssl/ca-bundle.pem'],
  },
];

/** Anchors that are read where there is no bundle; people have a handful. */
const MAX_ANCHORS = 200;

/** The system's store; undefined on a Linux without any folder that we know. */
export async function linuxSystemStore(surroundings: TrustSurroundings): Promise<TrustStore | undefined> {
  const { systemRoot, isRoot, caName } = surroundings;
  const inRoot = (file: string): string => path.join(systemRoot, file);
  for (const distribution of DISTRIBUTIONS) {
    if (!(await exists(inRoot(distribution.anchors)))) continue;
    return {
      id: 'system',
      title: 'This system (curl, git, most programs)',
      kind: 'system',
      present: async () => true,
      isTrusted: (rootPem) => isInBundle(distribution, inRoot, rootPem),
      commands: (rootFile) => {
        const target = path.posix.join(distribution.anchors, fileName(caName) + distribution.ending);
        // `install` gives the mode: with cp, the copy of a private file would be unreadable for everybody else.
        const lines = [['install', '-m', '644', rootFile, target], [...distribution.update]];
        return lines.map((words) => rootLine(isRoot, ...words));
      },
    };
  }
  return undefined;
}

/** A name that no other CA of ours has. */
function fileName(caName: string): string {
  return caName.replace(/[^A-Za-z0-9._-]+/g, '-');
}

/** In the bundle; in a folder of anchors alone it is not yet used, unless this system makes no bundle. */
async function isInBundle(
  { bundles, anchors }: Distribution,
  inRoot: (file: string) => string,
  rootPem: string,
): Promise<boolean> {
  const wanted = bodyOf(rootPem);
  if (wanted === '') return false;
  for (const bundle of bundles) {
    const text = await readText(inRoot(bundle));
    if (text !== undefined) return withoutSpace(text).includes(wanted);
  }
  const names = await readdir(inRoot(anchors)).catch((): string[] => []);
  for (const name of names.slice(0, MAX_ANCHORS)) {
    const text = await readText(path.join(inRoot(anchors), name));
    if (text !== undefined && withoutSpace(text).includes(wanted)) return true;
  }
  return false;
}

/** The base64 of the first certificate: the same however long a bundle's lines are. */
function bodyOf(pem: string): string {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  return withoutSpace(body ?? '');
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '');
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'latin1').catch(() => undefined);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
