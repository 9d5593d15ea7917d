/** What the checks are told and may ask. What several of them ask for is looked for once. */
import type { Settings } from '../config/settings.ts';
import type { Snapshot } from '../core/service.ts';
import type { Identity } from '../service/lifecycle.ts';
import type { ServiceManager } from '../service/manager.ts';
import type { TrustOptions } from '../tls/trust/surroundings.ts';

/** The running hostwise. */
export interface DoctorDaemon {
  identity: Identity;
  ports: { https: number | null; http: number | null };
  docker: DockerState;
}

/** The Docker engine in a line. */
export interface DockerState {
  connected: boolean;
  /** Where it is, or what is wrong; '' when there is none. */
  detail: string;
}

/** See the file's header. */
export interface DoctorMachine {
  settings: Settings;
  env: NodeJS.ProcessEnv;
  /** Whose browsers and data these are. */
  home: string;
  platform: NodeJS.Platform;
  isRoot: boolean;
  now: () => Date;
  /** Root of the file system; another one in tests. */
  systemRoot: string;
  /** A command of ours as the user would call it, and the same with root's rights; shell lines. */
  line: (...words: readonly string[]) => string;
  rootLine: (...words: readonly string[]) => string;
  /** Has this version the command? */
  has: (command: string) => boolean;
  /** undefined when none runs. @throws {AppError} DAEMON_UNREACHABLE */
  daemon: () => Promise<DoctorDaemon | undefined>;
  /** What runs now. */
  snapshot: () => Promise<Snapshot>;
  docker: () => Promise<DockerState>;
  /** The hostnames of services and routes. */
  hostnames: () => Promise<string[]>;
  /** Services of ours that are installed. */
  services: () => Promise<ServiceManager[]>;
  trustOptions: () => Promise<TrustOptions>;
}
