/**
 * A certificate that the user brought (`--cert`, `--key`; mkcert's, for instance), shown for the names that it covers.
 * Both files are read again when they change; until the new ones can be used, the old ones go on.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { type FileStamp, fileStamp, sameStamp } from '../platform/atomic-file.ts';
import { readRegularFile } from '../platform/regular-file.ts';

/** The files are looked at this often at most, and only when somebody connects. */
const LOOK_INTERVAL_MS = 1_000;
const MAX_FILE_BYTES = 1024 * 1024;

/** Where the certificate is. */
export interface CertificateFiles {
  /** PEM, the leaf first, then what lies between it and a root that clients trust. */
  certFile: string;
  /** PEM without a passphrase. */
  keyFile: string;
}

/** What {@link OwnCertificate.load} needs beside the files. */
export interface OwnCertificateOptions {
  domains: readonly string[];
  now?: () => Date;
  /** Told in words when a change of the files could not be taken. */
  onProblem?: (problem: AppError) => void;
}

/** Certificate and key as TLS takes them. */
export type KeyAndCertificate = Required<Pick<SecureContextOptions, 'key' | 'cert'>>;

interface Loaded {
  certificate: X509Certificate;
  pems: KeyAndCertificate;
  stamps: (FileStamp | undefined)[];
}

/** See the file's header. */
export class OwnCertificate {
  readonly #files: CertificateFiles;
  readonly #options: OwnCertificateOptions;
  #loaded: Loaded;
  #context: SecureContext | undefined;
  #lookedAtMs = Date.now();

  private constructor(files: CertificateFiles, options: OwnCertificateOptions, loaded: Loaded) {
    this.#files = files;
    this.#options = options;
    this.#loaded = loaded;
  }

  /** @throws {AppError} TLS_CERT_UNUSABLE: unreadable, a key of another certificate, expired, for other names */
  static async load(files: CertificateFiles, options: OwnCertificateOptions): Promise<OwnCertificate> {
    return new OwnCertificate(files, options, await load(files, options));
  }

  /** The domains that it covers nowhere: names there get a certificate of our CA. */
  get uncoveredDomains(): string[] {
    return this.#options.domains.filter((domain) => !coversUnder(this.#loaded.certificate, domain));
  }

  /** For clients that name no host; undefined where it does not cover 127.0.0.1. */
  get forLoopback(): KeyAndCertificate | undefined {
    return this.#loaded.certificate.checkIP('127.0.0.1') === undefined ? undefined : this.#loaded.pems;
  }

  /**
   * Its context, where it covers the name.
   * @param base what every context of the server shares
   */
  async contextFor(name: string, base: SecureContextOptions): Promise<SecureContext | undefined> {
    await this.#look();
    if (this.#loaded.certificate.checkHost(name) === undefined) return undefined;
    this.#context ??= createSecureContext({ ...base, ...this.#loaded.pems });
    return this.#context;
  }

  async #look(): Promise<void> {
    if (Date.now() - this.#lookedAtMs < LOOK_INTERVAL_MS) return;
    this.#lookedAtMs = Date.now();
    const stamps = await stampsOf(this.#files).catch(() => []);
    if (stamps.every((stamp, index) => sameStamp(stamp, this.#loaded.stamps[index]))) return;
    try {
      this.#loaded = await load(this.#files, this.#options);
      this.#context = undefined;
    } catch (error) {
      // Written halfway, or really wrong: told once per version of the files, and looked at again when they change.
      this.#loaded = { ...this.#loaded, stamps };
      if (error instanceof AppError) this.#options.onProblem?.(error);
    }
  }
}

function stampsOf({ certFile, keyFile }: CertificateFiles): Promise<(FileStamp | undefined)[]> {
  return Promise.all([fileStamp(certFile), fileStamp(keyFile)]);
}

async function load(
  files: CertificateFiles,
  { domains, now = () => new Date() }: OwnCertificateOptions,
): Promise<Loaded> {
  const { certFile, keyFile } = files;
  const stamps = await stampsOf(files).catch(() => []);
  const [cert, key] = await Promise.all([readPem('certificate', certFile), readPem('key', keyFile)]);
  const certificate = parse('certificate', certFile, () => new X509Certificate(cert));
  const privateKey = parse('key', keyFile, (): KeyObject => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw unusable('key', keyFile, `it does not belong to the certificate "${certFile}"`);
  }
  checkLife(certificate, certFile, now());
  if (!domains.some((domain) => coversUnder(certificate, domain))) {
    const own = namesOf(certificate).join(', ') || 'no name at all';
    throw unusable(
      'certificate',
      certFile,
      `it is for ${own}, not for a name under ${domains.join(' or ')}`,
      wildcardHint(certificate),
    );
  }
  return { certificate, pems: { cert, key }, stamps };
}

async function readPem(what: string, file: string): Promise<string> {
  try {
    return await readRegularFile(file, MAX_FILE_BYTES);
  } catch (error) {
    throw unusable(what, file, systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error));
  }
}

function parse<T>(what: string, file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const hint = /passphrase|password/i.test(messageOf(error))
      ? 'Take the passphrase off: openssl pkey -in KEY -out NEW'
      : undefined;
    throw unusable(what, file, `it is no PEM ${what} that can be read (${messageOf(error)})`, hint);
  }
}

function checkLife(certificate: X509Certificate, file: string, now: Date): void {
  const hint = `Make a new one; the clock of this machine says ${now.toISOString()}`;
  if (now > certificate.validToDate) {
    throw unusable('certificate', file, `it expired on ${certificate.validTo}`, hint);
  }
  if (now < certificate.validFromDate) {
    throw unusable('certificate', file, `it is valid only from ${certificate.validFrom} on`, hint);
  }
}

/** Names of the subject alternative name; wildcards as they are. */
function namesOf({ subjectAltName }: X509Certificate): string[] {
  return [...(subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => (name ?? '').toLowerCase());
}

/**
 * Is there a name at or under the domain that clients take it for? `*.localhost` is none: they refuse a wildcard for a
 * whole top-level domain.
 */
function coversUnder(certificate: X509Certificate, domain: string): boolean {
  return namesOf(certificate).some((name) => {
    const example = name.replace(/^\*\./, 'app.');
    const isUnder = example === domain || example.endsWith(`.${domain}`);
    return isUnder && certificate.checkHost(example) !== undefined;
  });
}

function wildcardHint(certificate: X509Certificate): string | undefined {
  const wide = namesOf(certificate).find((name) => /^\*\.[^.]+$/.test(name));
  if (wide === undefined) return undefined;
  return `Browsers refuse ${wide}: name the hosts one by one, such as shop${wide.slice(1)} and *.shop${wide.slice(1)}`;
}

function unusable(what: string, file: string, problem: string, hint?: string): AppError {
  return new AppError('TLS_CERT_UNUSABLE', `The ${what} "${file}" cannot be used: ${problem}`, {
    ...(hint === undefined ? {} : { hint }),
    data: { file },
  });
}
