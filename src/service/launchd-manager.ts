/** The service under launchd: an agent of the user's session, or a daemon of the machine. Tested as built; docs/unverified-macos.md. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../core/errors.ts';
import type { ServiceFile, ServiceMachine, ServiceManager } from './manager.ts';
import { programOf } from './program-path.ts';
import { removeServiceFile, textOf, writeServiceFile } from './service-files.ts';
import { DAEMON_OUTPUT, LAUNCHD_LABEL, plistDataDir, plistWords } from './units/launchd.ts';

/** A job that was just removed may still be on its way out: launchd then answers "5: Input/output error". */
const BOOTSTRAP_TRIES = 10;
const TRY_AGAIN_MS = 500;

/** Whose agent, or the machine's daemon. */
export type LaunchdPlace = { home: string; uid: number } | 'daemon';

/** See {@link ServiceManager}. */
export class LaunchdManager implements ServiceManager {
  readonly runBy: 'launchd' | 'launchd-daemon';
  readonly needsRoot: boolean;
  readonly #machine: ServiceMachine;
  readonly #file: ServiceFile;
  readonly #domain: string;
  readonly #pauseMs: number;

  /** @param text what to install; '' is enough for everything else */
  constructor(machine: ServiceMachine, place: LaunchdPlace, text = '', pauseMs = TRY_AGAIN_MS) {
    const isDaemon = place === 'daemon';
    const folder = isDaemon ? '/Library/LaunchDaemons' : path.join(place.home, 'Library', 'LaunchAgents');
    this.#machine = machine;
    this.#file = { path: path.join(machine.root, folder, `${LAUNCHD_LABEL}.plist`), text };
    this.#domain = isDaemon ? 'system' : `gui/${place.uid}`;
    this.#pauseMs = pauseMs;
    this.needsRoot = isDaemon;
    this.runBy = isDaemon ? 'launchd-daemon' : 'launchd';
  }

  get #sudo(): string {
    return this.needsRoot ? 'sudo ' : '';
  }

  get #job(): string {
    return `${this.#domain}/${LAUNCHD_LABEL}`;
  }

  get startCommand(): string {
    return `${this.#sudo}launchctl kickstart ${this.#job}`;
  }

  get stopCommand(): string {
    return `${this.#sudo}launchctl bootout ${this.#job}`;
  }

  async installedFor(): Promise<string | undefined> {
    const text = await textOf(this.#file.path);
    return text === undefined ? undefined : plistDataDir(text);
  }

  async program(): Promise<readonly [string, string] | undefined> {
    const text = await textOf(this.#file.path);
    return text === undefined ? undefined : programOf(plistWords(text));
  }

  preview(): { files: readonly ServiceFile[]; commands: readonly string[] } {
    return { files: [this.#file], commands: [`${this.#sudo}launchctl bootstrap ${this.#domain} ${this.#file.path}`] };
  }

  async install(): Promise<void> {
    const before = await this.installedFor();
    await writeServiceFile(this.#file, (text) => plistDataDir(text) !== undefined);
    this.#machine.tell(`wrote ${this.#file.path}`);
    try {
      // Fails where there is none, which is fine.
      await this.#machine.run('launchctl', ['bootout', this.#job]);
      await this.#bootstrap();
    } catch (error) {
      if (before === undefined) await this.uninstall().catch(() => {});
      throw error;
    }
  }

  async uninstall(): Promise<boolean> {
    if ((await this.installedFor()) === undefined) return false;
    await this.#machine.run('launchctl', ['bootout', this.#job]);
    this.#machine.tell(`ran launchctl bootout ${this.#job}`);
    await removeServiceFile(this.#file.path);
    this.#machine.tell(`removed ${this.#file.path}`);
    if (this.needsRoot) await removeServiceFile(path.join(this.#machine.root, DAEMON_OUTPUT));
    return true;
  }

  async start(): Promise<void> {
    if (await this.isActive()) await this.#must('kickstart', this.#job);
    else await this.#bootstrap();
  }

  /** The job stays known, and starts again at the next login. */
  async stop(): Promise<void> {
    await this.#must('kill', 'SIGTERM', this.#job);
  }

  async isActive(): Promise<boolean> {
    return (await this.#machine.run('launchctl', ['print', this.#job])).code === 0;
  }

  async #bootstrap(): Promise<void> {
    for (let left = BOOTSTRAP_TRIES; ; left--) {
      const { code, stderr } = await this.#machine.run('launchctl', ['bootstrap', this.#domain, this.#file.path]);
      if (code === 0) break;
      if (left === 1) throw failed(['bootstrap', this.#domain, this.#file.path], stderr);
      await delay(this.#pauseMs);
    }
    this.#machine.tell(`ran launchctl bootstrap ${this.#domain} ${this.#file.path}`);
  }

  async #must(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#machine.run('launchctl', args);
    if (code !== 0) throw failed(args, stderr);
    this.#machine.tell(`ran launchctl ${args.join(' ')}`);
  }
}

function failed(args: readonly string[], stderr: string): AppError {
  const [first = ''] = stderr.trim().split('\n');
  return new AppError('SERVICE_FAILED', `"launchctl ${args.join(' ')}": ${first || 'it failed without a word'}`, {
    hint: `launchctl print gui/UID/${LAUNCHD_LABEL} says more`,
  });
}
