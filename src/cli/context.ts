/** What every command gets: the printer, the environment, and the settings that its flags and surroundings make. */
import { loadSettings, type Settings } from '../config/settings.ts';
import type { SettingKey } from '../config/settings-table.ts';
import { createLogger, type Logger } from '../platform/log.ts';
import { controlSocketPath } from '../platform/paths.ts';
import { ApiClient } from './api-client.ts';
import type { HeadStart } from './head-start.ts';
import type { Output } from './output.ts';

/** How a command's action says how the program ends. */
export type Done = (exitCode: number) => void;

/** Flags as commander gives them. */
export type Flags = Record<string, unknown>;

/** See the file's header. */
export class CliContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** What was begun before the command was known. */
  readonly started: HeadStart;
  /** Names of all commands: an advice names only one that there is. */
  #commands: ReadonlySet<string> = new Set();

  constructor(parts: { output: Output; env: NodeJS.ProcessEnv; version: string; started?: HeadStart }) {
    this.output = parts.output;
    this.env = parts.env;
    this.version = parts.version;
    this.started = parts.started ?? {};
  }

  /** Told once, when all commands are there. */
  knowCommands(names: Iterable<string>): void {
    this.#commands = new Set(names);
  }

  /** Has this version the command? */
  has(command: string): boolean {
    return this.#commands.has(command);
  }

  /**
   * @param needs the settings that matter to the command, default all; a wrong value of another one is told and passed over
   * @throws {AppError} CONFIG_*
   */
  settings(flags: Flags, needs?: readonly SettingKey[]): Settings {
    return loadSettings({ argvFlags: flags, env: this.env, ...(needs === undefined ? {} : { needs }) });
  }

  /** The same for a command that needs only some of them. What is odd is told at once. @throws {AppError} CONFIG_* */
  someSettings(flags: Flags, needs: readonly SettingKey[]): Settings {
    const settings = this.settings(flags, needs);
    this.warn([...settings.warnings, ...settings.unusable.map((what) => `${what}; passed over here`)]);
    return settings;
  }

  /** For a command that runs beside its result: warnings only, unless the user asked for a level. */
  quietLog(settings: Settings): Logger {
    return createLogger({ level: settings.sources.logLevel === 'default' ? 'warn' : settings.logLevel });
  }

  /** The hostwise that runs with this data folder; undefined when none does. @throws {AppError} DAEMON_UNREACHABLE */
  daemon(settings: Settings): Promise<ApiClient | undefined> {
    return ApiClient.find(controlSocketPath(settings.dataDir, this.env));
  }

  /** How the user would call this program again: a checkout has no `hostwise` on its PATH. */
  commandLine(args: string): string {
    const script = this.env.npm_lifecycle_event;
    if (script !== 'start' && script !== 'hostwise') return `hostwise ${args}`;
    return args.startsWith('run ') ? `npm start -- ${args.slice(4)}` : `npm run --silent hostwise -- ${args}`;
  }

  /** Tell what is odd. */
  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.output.message(`hostwise: ${warning}`);
  }
}
