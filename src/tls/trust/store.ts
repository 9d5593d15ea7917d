/** What every place that trusts CAs looks like to us. One file per kind of place beside this one. */

/** A trust store. Looking never changes it; only the user runs the commands. */
export interface TrustStore {
  /** Stable, for programs: `system`, `chromium`, `firefox:<profile folder>`. */
  id: string;
  /** For people. */
  title: string;
  /** Browsers read their own stores; `system` is what curl and the like read. */
  kind: 'browser' | 'system';
  /** Is it there, or would a program that is there read it? */
  present(): Promise<boolean>;
  /**
   * Does it hold this root, as a CA for servers? Reads files or runs a program with a time limit. Never rejects:
   * what cannot be told is false.
   * @param fingerprint SHA-256, lower-case hex
   */
  isTrusted(rootPem: string, fingerprint: string): Promise<boolean>;
  /** Shell lines that put the root in, in order; each can be copied as it is, and run again without harm. */
  commands(rootFile: string): string[];
}

/** What a store is told about the CA and the machine. */
export interface TrustSurroundings {
  home: string;
  /** The root's common name: how it is called in stores that give names. */
  caName: string;
  /** Root of the file system; another one in tests. */
  systemRoot: string;
  /** Programs that are installed, by name, with their absolute paths: browsers, certutil, package managers. */
  programs: ReadonlyMap<string, string>;
  /** Does the user who runs the commands have root's rights already? */
  isRoot: boolean;
}
