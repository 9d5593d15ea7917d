/** What a service manager does for us, whichever it is: systemd's for the machine, systemd's for one user, launchd. */
import type { RunResult } from '../platform/exec.ts';
import type { RunBy } from './lifecycle.ts';

/** A file that an installation writes. */
export interface ServiceFile {
  path: string;
  text: string;
}

/** Where an installation takes place; tests have a machine of their own. */
export interface ServiceMachine {
  /** `/`. */
  root: string;
  /** Run a program and wait for it. */
  run: (file: string, args: readonly string[]) => Promise<RunResult>;
  /** A file was written, a command was run: in words, for people. */
  tell: (line: string) => void;
}

/** See the file's header. */
export interface ServiceManager {
  readonly runBy: Exclude<RunBy, 'terminal' | 'start'>;
  /** Does changing it take root's rights? */
  readonly needsRoot: boolean;
  /** The data folder that a service is installed for; undefined when none of ours is. */
  installedFor(): Promise<string | undefined>;
  /** What the installed service starts: node and the script; undefined when none of ours is there, or it does not say. */
  program(): Promise<readonly [node: string, script: string] | undefined>;
  /** What {@link install} would write, and the commands that it would run. */
  preview(): { files: readonly ServiceFile[]; commands: readonly string[] };
  /** Write, enable, start; again is fine. What fails is undone. @throws {AppError} SERVICE_FAILED */
  install(): Promise<void>;
  /** Stop, disable, and remove every trace. @returns was there anything? @throws {AppError} SERVICE_FAILED */
  uninstall(): Promise<boolean>;
  /** @throws {AppError} SERVICE_FAILED */
  start(): Promise<void>;
  /** End the program and give its ports back, until the next start. @throws {AppError} SERVICE_FAILED */
  stop(): Promise<void>;
  /** Does it run, or keep the ports for it? */
  isActive(): Promise<boolean>;
  /** The lines that would start and stop it, for a user who may not. */
  readonly startCommand: string;
  readonly stopCommand: string;
}
