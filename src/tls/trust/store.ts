/** What every place that trusts CAs looks like to us. One file per kind of place beside this one. */
import type { RunLimits, RunResult } from '../../platform/exec.ts';

/** A root that is to be trusted. */
export interface RootCertificate {
  /** PEM file, readable for the user. */
  file: string;
  pem: string;
  /** SHA-256, lower-case hex. */
  fingerprint: string;
  /** Common name: how it is called in stores that give names. */
  name: string;
}

/** A root of ours that a store has, of this CA or of an earlier one. */
export type StoredRoot = Pick<RootCertificate, 'fingerprint' | 'name'>;

/** What became of a change. */
export type StoreOutcome =
  | { done: true }
  /** `commands` would do it: shell lines in order, each to be copied as it is, and run again without harm. */
  | { done: false; reason: string; commands: string[] };

/**
 * A trust store. Looking never changes it, and nothing here rejects for what a store is like: what cannot be told is
 * false, what cannot be done is an outcome with its reason.
 */
export interface TrustStore {
  /** Stable, for programs: `system`, `chromium`, `firefox:<profile folder>`. */
  id: string;
  /** For people. */
  title: string;
  /**
   * Browsers read stores of their own; `system` is what curl and the like read; a `runtime` is one language's.
   * `unused`: nobody reads it now, it is only emptied.
   */
  kind: 'browser' | 'system' | 'runtime' | 'unused';
  /** What the user has to do after a change: `restart it afterwards`. */
  afterwards?: string;
  /** Is it there, or would a program that is there read it? */
  present(): Promise<boolean>;
  /** Does it hold this root, as a CA for servers? Reads files or runs a program with a time limit. */
  isTrusted(fingerprint: string): Promise<boolean>;
  /** Put the root in. Doing it again changes nothing. */
  install(root: RootCertificate): Promise<StoreOutcome>;
  /** Take the root out, under every name that it has there; `done` also when it was not there. */
  uninstall(fingerprint: string): Promise<StoreOutcome>;
  /** Every root of ours, never a stranger's: what {@link uninstall} is for. */
  ours(): Promise<StoredRoot[]>;
  /** Shell lines with which a person puts the root in. */
  commands(root: RootCertificate): string[];
}

/** What a store is told about the machine. */
export interface TrustSurroundings {
  home: string;
  /** Root of the file system; another one in tests. */
  systemRoot: string;
  /** Programs that are installed, by name, with their absolute paths: browsers, certutil, package managers. */
  programs: ReadonlyMap<string, string>;
  /** Does this process have root's rights already? */
  isRoot: boolean;
  /** Whose stores these are where that is not the user of this process (sudo): their files stay theirs. */
  user?: { uid: number; gid: number };
  /** JAVA_HOME. */
  javaHome?: string;
  /** Is this Linux a guest of Windows (WSL)? */
  isWsl: boolean;
  /** Fingerprints of our CA and of those before it: ours also without name constraints. */
  known: ReadonlySet<string>;
  /** How the user would call `trust` again. */
  trustCommand: string;
  /** Runs programs; another one in tests. */
  run(file: string, args: readonly string[], limits?: RunLimits): Promise<RunResult>;
}

/** Run a program on the user's own files: as that user, so that nothing there becomes root's. */
export function runAsUser(
  { run, user, home }: Pick<TrustSurroundings, 'run' | 'user' | 'home'>,
  file: string,
  args: readonly string[],
  limits: RunLimits = {},
): Promise<RunResult> {
  if (!user) return run(file, args, limits);
  return run(file, args, { ...limits, user, env: { ...limits.env, HOME: home } });
}

/** The last words of a program that failed, in one line. */
export function failureText({ code, stdout, stderr }: RunResult): string {
  const text = (stderr.trim() || stdout.trim()).split('\n').at(-1)?.trim() ?? '';
  return text === '' ? `exit code ${code}` : text.slice(0, 300);
}
