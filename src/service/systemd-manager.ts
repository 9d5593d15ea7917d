/** The service under systemd: of the machine, with sockets that root opens, or of the user's own manager. */
import path from 'node:path';
import { AppError } from '../core/errors.ts';
import type { ServiceFile, ServiceMachine, ServiceManager } from './manager.ts';
import { programOf } from './program-path.ts';
import { removeEmptyFolders, removeServiceFile, textOf, writeServiceFile } from './service-files.ts';
import { UNIT_MARK, UNIT_NAMES, type Unit, unitDataDir, unitWords } from './units/systemd.ts';

const SERVICE = 'hostwise.service';
/** Where `systemctl enable` puts links (WantedBy= of our units). */
const WANTED_BY = ['sockets.target.wants', 'multi-user.target.wants', 'default.target.wants'];

/** Which of the two. */
export interface SystemdPlace {
  scope: 'system' | 'user';
  /** Folder of the units, below the machine's root. */
  folder: string;
}

/** `/etc/systemd/system`. */
export const SYSTEM_PLACE: SystemdPlace = { scope: 'system', folder: '/etc/systemd/system' };

/** `~/.config/systemd/user`. */
export function userPlace(configHome: string): SystemdPlace {
  return { scope: 'user', folder: path.join(configHome, 'systemd', 'user') };
}

/** See {@link ServiceManager}. */
export class SystemdManager implements ServiceManager {
  readonly #machine: ServiceMachine;
  readonly #place: SystemdPlace;
  readonly #units: readonly Unit[];
  readonly #folder: string;

  /** @param units what to install; none is needed for everything else */
  constructor(machine: ServiceMachine, place: SystemdPlace, units: readonly Unit[] = []) {
    this.#machine = machine;
    this.#place = place;
    this.#units = units;
    this.#folder = path.join(machine.root, place.folder);
  }

  get runBy(): 'systemd' | 'systemd-user' {
    return this.needsRoot ? 'systemd' : 'systemd-user';
  }

  get needsRoot(): boolean {
    return this.#place.scope === 'system';
  }

  get startCommand(): string {
    return this.#line('start', ...this.#allNames());
  }

  get stopCommand(): string {
    return this.#line('stop', ...this.#allNames());
  }

  async installedFor(): Promise<string | undefined> {
    const text = await textOf(path.join(this.#folder, SERVICE));
    return text === undefined ? undefined : unitDataDir(text);
  }

  async program(): Promise<readonly [string, string] | undefined> {
    const text = await textOf(path.join(this.#folder, SERVICE));
    return text === undefined ? undefined : programOf(unitWords(text));
  }

  preview(): { files: readonly ServiceFile[]; commands: readonly string[] } {
    const names = this.#units.map(({ name }) => name);
    return {
      files: this.#units.map(({ name, text }) => ({ path: path.join(this.#folder, name), text })),
      commands: [this.#line('daemon-reload'), this.#line('enable', SERVICE), this.#line('restart', ...names)],
    };
  }

  async install(): Promise<void> {
    const wasThere = (await this.installedFor()) !== undefined;
    // Sockets of the last time may be on other ports.
    if (wasThere) await this.stop();
    try {
      for (const file of this.preview().files) {
        await writeServiceFile(file, (text) => text.startsWith(UNIT_MARK));
        this.#machine.tell(`wrote ${file.path}`);
      }
      await this.#must('daemon-reload');
      await this.#must('enable', SERVICE);
      await this.#must('restart', ...this.#units.map(({ name }) => name));
    } catch (error) {
      if (!wasThere) await this.uninstall().catch(() => {});
      throw error;
    }
  }

  async uninstall(): Promise<boolean> {
    const ours = await this.#ourNames();
    if (ours.length === 0) return false;
    await this.#systemctl('disable', '--now', ...ours);
    for (const name of ours) {
      await removeServiceFile(path.join(this.#folder, name));
      // Where systemctl could not be asked.
      for (const wants of WANTED_BY) await removeServiceFile(path.join(this.#folder, wants, name));
      this.#machine.tell(`removed ${path.join(this.#folder, name)}`);
    }
    await removeEmptyFolders(WANTED_BY.map((wants) => path.join(this.#folder, wants)));
    if (!this.needsRoot) await removeEmptyFolders([this.#folder, path.dirname(this.#folder)]);
    await this.#systemctl('daemon-reload');
    await this.#machine.run('systemctl', this.#args('reset-failed', ...ours));
    return true;
  }

  async start(): Promise<void> {
    await this.#must('start', ...(await this.#ourNames()));
  }

  async stop(): Promise<void> {
    await this.#must('stop', ...(await this.#ourNames()));
  }

  async isActive(): Promise<boolean> {
    const { stdout } = await this.#machine.run('systemctl', this.#args('is-active', ...(await this.#ourNames())));
    return /^active$/m.test(stdout);
  }

  /** Of the units that may be there those that we wrote. */
  async #ourNames(): Promise<string[]> {
    const texts = await Promise.all(UNIT_NAMES.map((name) => textOf(path.join(this.#folder, name))));
    return UNIT_NAMES.filter((_, i) => texts[i]?.startsWith(UNIT_MARK));
  }

  #allNames(): readonly string[] {
    return this.needsRoot ? UNIT_NAMES : [SERVICE];
  }

  #args(...args: readonly string[]): string[] {
    return [...(this.needsRoot ? [] : ['--user']), ...args];
  }

  #line(...args: readonly string[]): string {
    return [...(this.needsRoot ? ['sudo'] : []), 'systemctl', ...this.#args(...args)].join(' ');
  }

  async #systemctl(...args: readonly string[]): Promise<{ ok: boolean; said: string }> {
    const { code, stderr } = await this.#machine.run('systemctl', this.#args(...args));
    if (code === 0) this.#machine.tell(`ran systemctl ${this.#args(...args).join(' ')}`);
    return { ok: code === 0, said: stderr.trim() };
  }

  async #must(...args: readonly string[]): Promise<void> {
    const { ok, said } = await this.#systemctl(...args);
    if (ok) return;
    const [first = 'it failed without a word'] = said.split('\n');
    const journal = this.needsRoot ? 'journalctl -u hostwise' : 'journalctl --user -u hostwise';
    throw new AppError('SERVICE_FAILED', `"${this.#line(...args)}": ${first}`, {
      hint: `${journal} -n 20 says more`,
    });
  }
}
