/**
 * SNI name -> certificate, during the handshake: permission, bounded cache, one mint shared by all who ask.
 * A web page can make a browser ask for any number of names, so everything here is bounded, and nothing is written.
 */
import { randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../core/single-flight.ts';
import type { Authority } from './authority.ts';
import { ContextRelease, type Handshake } from './context-release.ts';
import { createLeafKeys, type Leaf, type LeafKeys, mintDefaultLeaf, mintLeaf } from './leaf.ts';
import type { OwnCertificate } from './own-certificate.ts';
import { mayCertify } from './permission.ts';
import { TokenBucket } from './token-bucket.ts';

/** About 40 KiB each: 20 MB at the worst. */
const MAX_CONTEXTS = 512;
/** A mint costs 1 ms of CPU: a hostile page gets a fifth of one core, at most. */
const MINTS_PER_SECOND = 200;
/** A browser that opens all its tabs again asks for many names at once, some of them not routed yet. */
const MINTS_AT_ONCE = 500;
const LEAF_DAYS = 60;
/** How often the certificate for clients without SNI is looked at: nobody asks us for it. */
const DEFAULT_CHECK_MS = 60 * 60_000;
/** Of a leaf's life; from then on it is minted anew. */
const RENEW_AT = 2 / 3;
/** What OpenSSL asks for: name, HMAC key and AES key of session tickets. */
const TICKET_KEYS_BYTES = 48;

/** What {@link CertificateContexts.create} may be told; the rest is for tests. */
export interface CertificateContextsOptions {
  /** Lower-case suffixes whose names get a certificate, as far as the CA covers them. */
  domains: readonly string[];
  /** Is this name remembered already? Then it is no invention of a page, and no limit holds its certificate up. */
  isRouted?: (name: string) => boolean;
  /** Shown instead of ours for the names that it covers. */
  own?: OwnCertificate;
  now?: () => Date;
  maxContexts?: number;
  mintsPerSecond?: number;
}

/** Base options of a TLS server: the certificate for clients without SNI, and what every name shares with it. */
export type SecureServerOptions = Required<
  Pick<SecureContextOptions, 'key' | 'cert' | 'minVersion' | 'ticketKeys' | 'sessionIdContext'>
>;

/** What all contexts share. */
type SharedOptions = Omit<SecureServerOptions, 'cert'>;

interface Entry {
  context: SecureContext;
  chainPem: string;
  notBeforeMs: number;
  renewAtMs: number;
  notAfterMs: number;
}

/** See the file's header. */
export class CertificateContexts {
  readonly #authority: Authority;
  readonly #keys: LeafKeys;
  readonly #domains: readonly string[];
  readonly #now: () => Date;
  readonly #entries: LRUCache<string, Entry>;
  readonly #flights = new SingleFlight<Entry>();
  readonly #release = new ContextRelease();
  readonly #bucket: TokenBucket;
  readonly #shared: SharedOptions;
  readonly #isRouted: (name: string) => boolean;
  readonly #own: OwnCertificate | undefined;
  #default: Entry;
  #mints = 0;

  private constructor(authority: Authority, keys: LeafKeys, first: Leaf, options: CertificateContextsOptions) {
    this.#authority = authority;
    this.#keys = keys;
    this.#domains = options.domains;
    this.#now = options.now ?? (() => new Date());
    this.#entries = new LRUCache({
      max: options.maxContexts ?? MAX_CONTEXTS,
      dispose: ({ context }) => this.#release.dismiss(context),
    });
    const { mintsPerSecond } = options;
    const burst = mintsPerSecond ?? MINTS_AT_ONCE;
    this.#bucket = new TokenBucket(mintsPerSecond ?? MINTS_PER_SECOND, this.#now().getTime(), burst);
    this.#isRouted = options.isRouted ?? (() => false);
    this.#own = options.own;
    this.#shared = {
      key: keys.privateKeyPem,
      minVersion: 'TLSv1.3',
      // The same everywhere: a ticket comes back to whichever context the name leads to.
      ticketKeys: randomBytes(TICKET_KEYS_BYTES),
      sessionIdContext: 'hostwise',
    };
    // The first context of a process costs 2 to 20 ms; no visitor should wait for that.
    this.#default = this.#entryOf(first);
  }

  /** Make the key of this start and the certificate for clients without SNI. */
  static async create(authority: Authority, options: CertificateContextsOptions): Promise<CertificateContexts> {
    const keys = await createLeafKeys();
    const now = options.now?.() ?? new Date();
    const defaultLeaf = await mintDefaultLeaf(authority, keys, { now, days: LEAF_DAYS });
    return new CertificateContexts(authority, keys, defaultLeaf, options);
  }

  /** For `tls.createServer` or `http2.createSecureServer`; a copy. Its certificate is for clients without SNI. */
  secureServerOptions(): SecureServerOptions {
    return { ...this.#shared, cert: this.#default.chainPem, ...this.#own?.forLoopback };
  }

  /**
   * Renew what clients without SNI get, if it is due. A server keeps what it was made with, so it has to be told.
   * @param apply gives the server its new options: `server.setSecureContext`
   */
  async renewDefault(apply: (options: SecureServerOptions) => void): Promise<void> {
    if (!this.#isDue(this.#default)) return;
    const leaf = await mintDefaultLeaf(this.#authority, this.#keys, { now: this.#now(), days: LEAF_DAYS });
    this.#default = this.#entryOf(leaf);
    apply(this.secureServerOptions());
  }

  /** {@link renewDefault} now and then, for as long as the process runs. @returns what ends it */
  keepDefaultFresh(apply: (options: SecureServerOptions) => void): () => void {
    const timer = setInterval(() => void this.renewDefault(apply).catch(() => {}), DEFAULT_CHECK_MS);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** How many leaves were made since the start, the default one not counted. */
  get mints(): number {
    return this.#mints;
  }

  /**
   * The context for one handshake. Resumed sessions do not come here, so nothing may be authorised or counted here.
   * @param serverName SNI as the client sent it; undefined without
   * @param handshake the socket whose handshake it is: the context is not freed before its end
   * @returns the default certificate without SNI and over the limit of mints; undefined for a name that gets none
   */
  async contextFor(serverName: string | undefined, handshake?: Handshake): Promise<SecureContext | undefined> {
    const context = await this.#find(serverName);
    if (context && handshake) this.#release.hold(context, handshake);
    return context;
  }

  async #find(serverName: string | undefined): Promise<SecureContext | undefined> {
    if (serverName === undefined) return this.#default.context;
    const name = mayCertify(serverName, this.#domains);
    if (name === null) return undefined;
    const own = await this.#own?.contextFor(name, this.#shared);
    if (own) return own;
    if (mayCertify(name, this.#authority.domains) === null) return undefined;
    const known = this.#entries.get(name);
    if (known && !this.#isDue(known)) return known.context;
    if (!this.#mayMint(name)) return known && this.#isValid(known) ? known.context : this.#default.context;
    return (await this.#flights.run(name, () => this.#mint(name))).context;
  }

  /** A flight that is under way costs nothing more. */
  #mayMint(name: string): boolean {
    return this.#flights.has(name) || this.#isRouted(name) || this.#bucket.take(this.#now().getTime());
  }

  #isDue({ notBeforeMs, renewAtMs }: Entry): boolean {
    const nowMs = this.#now().getTime();
    return nowMs < notBeforeMs || nowMs >= renewAtMs;
  }

  #isValid({ notBeforeMs, notAfterMs }: Entry): boolean {
    const nowMs = this.#now().getTime();
    return nowMs >= notBeforeMs && nowMs < notAfterMs;
  }

  async #mint(name: string): Promise<Entry> {
    this.#mints += 1;
    const leaf = await mintLeaf(this.#authority, this.#keys, name, { now: this.#now(), days: LEAF_DAYS });
    const entry = this.#entryOf(leaf);
    this.#entries.set(name, entry);
    return entry;
  }

  #entryOf({ chainPem, notBefore, notAfter }: Leaf): Entry {
    const notBeforeMs = notBefore.getTime();
    const notAfterMs = notAfter.getTime();
    return {
      context: createSecureContext({ ...this.#shared, cert: chainPem }),
      chainPem,
      notBeforeMs,
      notAfterMs,
      renewAtMs: notBeforeMs + (notAfterMs - notBeforeMs) * RENEW_AT,
    };
  }
}
