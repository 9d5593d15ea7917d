/**
 * The system's store on Linux: a folder of anchors, from which a program makes the bundle that clients read.
 * Which distribution it is shows in which folder is there (mkcert's way); /etc/os-release says less.
 */
import { access, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { rootLine } from '../../core/shell-quote.ts';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import { fingerprintsIn, ourRootsIn } from './our-roots.ts';
import {
  failureText,
  type RootCertificate,
  type StoredRoot,
  type StoreOutcome,
  type TrustStore,
  type TrustSurroundings,
} from './store.ts';

/** Where a family of distributions has what. */
interface Distribution {
  anchors: string;
  /** Debian's program takes no other ending than .crt. */
  ending: string;
  update: readonly string[];
  /** The same after a removal, where it differs: Debian's program leaves dangling links behind otherwise (tried). */
  updateAfterRemoval?: readonly string[];
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
    updateAfterRemoval: ['update-ca-certificates', '--fresh'],
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

/** Anchors that are looked at; people have a handful. */
const MAX_ANCHORS = 200;
/** Debian's and Arch's programs rebuild several stores, Java's among them. */
const UPDATE_LIMITS = { timeoutMs: 120_000, maxBytes: 64 * 1024 };

/** Programs that are looked for. */
export const SYSTEM_PROGRAMS: readonly string[] = DISTRIBUTIONS.flatMap(({ update }) => update[0] ?? []);

/** The system's store first; folders of other distributions that are there, too, are only emptied. */
export async function linuxSystemStores(surroundings: TrustSurroundings): Promise<TrustStore[]> {
  const there = await Promise.all(
    DISTRIBUTIONS.map(({ anchors }) => exists(path.join(surroundings.systemRoot, anchors))),
  );
  const found = DISTRIBUTIONS.filter((_distribution, index) => there[index]);
  return found.map((distribution, index) => systemStore(distribution, surroundings, index === 0));
}

function systemStore(distribution: Distribution, surroundings: TrustSurroundings, isUsed: boolean): TrustStore {
  const anchors = new Anchors(distribution, surroundings);
  return {
    id: isUsed ? 'system' : `system:${distribution.anchors}`,
    title: isUsed ? 'This system (curl, git, most programs)' : `This system, unused folder ${distribution.anchors}`,
    kind: isUsed ? 'system' : 'unused',
    present: async () => true,
    isTrusted: (fingerprint) => anchors.isInBundle(fingerprint),
    ours: () => anchors.ours(),
    install: (root) => anchors.add(root),
    uninstall: (fingerprint) => anchors.remove(fingerprint),
    commands: (root) => anchors.additionLines(root),
  };
}

/** One distribution's folder of anchors and the bundle that is made from it. */
class Anchors {
  readonly #distribution: Distribution;
  readonly #surroundings: TrustSurroundings;

  constructor(distribution: Distribution, surroundings: TrustSurroundings) {
    this.#distribution = distribution;
    this.#surroundings = surroundings;
  }

  additionLines(root: RootCertificate): string[] {
    // `install` gives the mode: with cp, the copy of a private file would be unreadable for everybody else.
    const lines = [['install', '-m', '644', root.file, this.#target(root)], [...this.#distribution.update]];
    return lines.map((words) => rootLine(this.#surroundings.isRoot, ...words));
  }

  async add(root: RootCertificate): Promise<StoreOutcome> {
    const commands = this.additionLines(root);
    if (!this.#surroundings.isRoot) return { done: false, reason: 'only root may do this', commands };
    try {
      await writeFileAtomic(this.#inRoot(this.#target(root)), root.pem, { mode: 0o644 });
    } catch (error) {
      return { done: false, reason: messageOf(error), commands };
    }
    return this.#update(this.#distribution.update, commands);
  }

  async remove(fingerprint: string): Promise<StoreOutcome> {
    const files = (await this.#read()).filter(({ text }) => fingerprintsIn(text).includes(fingerprint));
    if (files.length === 0) return { done: true };
    // A file with others in it is not one of ours to delete.
    const shared = files.find(({ text }) => fingerprintsIn(text).length > 1);
    if (shared) return { done: false, reason: `"${shared.file}" holds other certificates, too`, commands: [] };
    const { isRoot } = this.#surroundings;
    const { update, updateAfterRemoval = update } = this.#distribution;
    const lines = [['rm', '-f', ...files.map(({ file }) => file)], [...updateAfterRemoval]];
    const commands = lines.map((words) => rootLine(isRoot, ...words));
    if (!isRoot) return { done: false, reason: 'only root may do this', commands };
    try {
      for (const { file } of files) await rm(this.#inRoot(file), { force: true });
    } catch (error) {
      return { done: false, reason: messageOf(error), commands };
    }
    return this.#update(updateAfterRemoval, commands);
  }

  async ours(): Promise<StoredRoot[]> {
    const texts = (await this.#read()).map(({ text }) => text);
    return ourRootsIn(texts.join('\n'), this.#surroundings.known);
  }

  /** In the bundle; in a folder of anchors alone it is not yet used, unless this system makes no bundle. */
  async isInBundle(fingerprint: string): Promise<boolean> {
    for (const bundle of this.#distribution.bundles) {
      const text = await readText(this.#inRoot(bundle));
      if (text !== undefined) return fingerprintsIn(text).includes(fingerprint);
    }
    return (await this.#read()).some(({ text }) => fingerprintsIn(text).includes(fingerprint));
  }

  async #update(words: readonly string[], commands: string[]): Promise<StoreOutcome> {
    const { programs, run } = this.#surroundings;
    const [name = '', ...args] = words;
    const program = programs.get(name);
    if (program === undefined) return { done: false, reason: `the program ${name} is missing`, commands };
    const updated = await run(program, args, UPDATE_LIMITS);
    return updated.code === 0 ? { done: true } : { done: false, reason: failureText(updated), commands };
  }

  async #read(): Promise<{ file: string; text: string }[]> {
    const { anchors } = this.#distribution;
    const names = await readdir(this.#inRoot(anchors)).catch((): string[] => []);
    const files = names.slice(0, MAX_ANCHORS).map((name) => path.posix.join(anchors, name));
    return Promise.all(files.map(async (file) => ({ file, text: (await readText(this.#inRoot(file))) ?? '' })));
  }

  #target({ name }: RootCertificate): string {
    return path.posix.join(this.#distribution.anchors, anchorName(name) + this.#distribution.ending);
  }

  #inRoot(file: string): string {
    return path.join(this.#surroundings.systemRoot, file);
  }
}

/** File name for a root, without its ending: no other CA of ours has it. */
export function anchorName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-');
}

/** undefined for what is no readable file. */
async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'latin1').catch(() => undefined);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
