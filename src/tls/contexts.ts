/**
 * SNI name -> certificate, during the handshake: permission, bounded cache, one mint shared by all who ask.
 * A web page can make a browser ask for any number of names, so everything here is bounded, and nothing is written.
 */
import { randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../core/single-flight.ts';
import type { Authority } from './authority.ts';
import { createLeafKeys, type Leaf, type LeafKeys, mintDefaultLeaf, mintLeaf } from './leaf.ts';
import { mayCertify } from './permission.ts';
import { TokenBucket } from './token-bucket.ts';

/** About 36 KiB each: 20 MB at the worst. */
const MAX_CONTEXTS = 512;
/** A mint costs 1 ms of CPU: a hostile page gets a fifth of one core, at most. */
const MINTS_PER_SECOND = 200;
const LEAF_DAYS = 60;
/**
 * A server asks nobody for the certificate of clients without SNI, so that one is never renewed and has to outlive the
 * process. Below the 825 days that Apple's clients take from a CA which the user installed (support.apple.com/103769).
 */
const DEFAULT_LEAF_DAYS = 390;
/** Of a leaf's life; from then on it is minted anew. */
const RENEW_AT = 2 / 3;
/** What OpenSSL asks for: name, HMAC key and AES key of session tickets. */
const TICKET_KEYS_BYTES = 48;

/** What {@link CertificateContexts.create} may be told; the rest is for tests. */
export interface CertificateContextsOptions {
  /** Lower-case suffixes whose names get a certificate, as far as the CA covers them. */
  domains: readonly string[];
  now?: () => Date;
  maxContexts?: number;
  mintsPerSecond?: number;
}

/** Base options of a TLS server: the certificate for clients without SNI, and what every name shares with it. */
export type SecureServerOptions = Required<
  Pick<SecureContextOptions, 'key' | 'cert' | 'minVersion' | 'ticketKeys' | 'sessionIdContext'>
>;

interface Entry {
  context: SecureContext;
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
  readonly #bucket: TokenBucket;
  readonly #base: SecureServerOptions;
  readonly #defaultContext: SecureContext;
  #mints = 0;

  private constructor(authority: Authority, keys: LeafKeys, defaultLeaf: Leaf, options: CertificateContextsOptions) {
    this.#authority = authority;
    this.#keys = keys;
    this.#domains = options.domains;
    this.#now = options.now ?? (() => new Date());
    this.#entries = new LRUCache({ max: options.maxContexts ?? MAX_CONTEXTS });
    this.#bucket = new TokenBucket(options.mintsPerSecond ?? MINTS_PER_SECOND, this.#now().getTime());
    this.#base = {
      key: keys.privateKeyPem,
      cert: defaultLeaf.chainPem,
      minVersion: 'TLSv1.3',
      // The same everywhere: a ticket comes back to whichever context the name leads to.
      ticketKeys: randomBytes(TICKET_KEYS_BYTES),
      sessionIdContext: 'hostwise',
    };
    // The first context of a process costs 2 to 20 ms; no visitor should wait for that.
    this.#defaultContext = createSecureContext(this.#base);
  }

  /** Make the key of this start and the certificate for clients without SNI. */
  static async create(authority: Authority, options: CertificateContextsOptions): Promise<CertificateContexts> {
    const keys = await createLeafKeys();
    const now = options.now?.() ?? new Date();
    const defaultLeaf = await mintDefaultLeaf(authority, keys, { now, days: DEFAULT_LEAF_DAYS });
    return new CertificateContexts(authority, keys, defaultLeaf, options);
  }

  /** For `tls.createServer` or `http2.createSecureServer`; a copy. */
  secureServerOptions(): SecureServerOptions {
    return { ...this.#base };
  }

  /** How many leaves were made since the start, the default one not counted. */
  get mints(): number {
    return this.#mints;
  }

  /**
   * The context for one handshake. Resumed sessions do not come here, so nothing may be authorised or counted here.
   * @param serverName SNI as the client sent it; undefined without
   * @returns the default certificate without SNI and over the limit of mints; undefined for a name that gets none
   */
  async contextFor(serverName: string | undefined): Promise<SecureContext | undefined> {
    if (serverName === undefined) return this.#defaultContext;
    const name = mayCertify(serverName, this.#domains);
    if (name === null || mayCertify(name, this.#authority.domains) === null) return undefined;
    const nowMs = this.#now().getTime();
    const known = this.#entries.get(name);
    if (known && nowMs >= known.notBeforeMs && nowMs < known.renewAtMs) return known.context;
    if (!this.#flights.has(name) && !this.#bucket.take(nowMs)) {
      const stillGood = known && nowMs >= known.notBeforeMs && nowMs < known.notAfterMs;
      return stillGood ? known.context : this.#defaultContext;
    }
    return (await this.#flights.run(name, () => this.#mint(name))).context;
  }

  async #mint(name: string): Promise<Entry> {
    this.#mints += 1;
    const leaf = await mintLeaf(this.#authority, this.#keys, name, { now: this.#now(), days: LEAF_DAYS });
    const notBeforeMs = leaf.notBefore.getTime();
    const notAfterMs = leaf.notAfter.getTime();
    const entry: Entry = {
      context: createSecureContext({ ...this.#base, cert: leaf.chainPem }),
      notBeforeMs,
      notAfterMs,
      renewAtMs: notBeforeMs + (notAfterMs - notBeforeMs) * RENEW_AT,
    };
    this.#entries.set(name, entry);
    return entry;
  }
}
