/**
 * All settings as they were written, with the file read once: which place says each, and whether what it says can be
 * used.
 */
import path from 'node:path';
import { closestWord } from '../core/closest-word.ts';
import { AppError } from '../core/errors.ts';
import { defaultDataDir, homeFolder, type PathEnvironment } from '../platform/paths.ts';
import { type EnvFile, readEnvFile } from './env-file.ts';
import type { ParseContext } from './parsers.ts';
import { flagAttribute, rowOf, SETTING_KEYS, type SettingKey, type SettingValue } from './settings-table.ts';

/** Where a value came from. */
export type SettingSource = 'flag' | 'environment' | 'file' | 'default';

/** What settings are made of. */
export interface SettingsInput {
  /** As the command line parser gives them: `llmUrl` for `--llm-url`. Others are ignored. */
  argvFlags: Record<string, unknown>;
  env: PathEnvironment;
  /** '' or undefined: found out. */
  home?: string;
  platform?: NodeJS.Platform;
  /** What relative paths of flags and environment start from; default the working directory. */
  cwd?: string;
  /**
   * The settings that matter to the caller; default all. What the environment and the file say wrongly of others is
   * passed over: a typo in a file must not keep anybody from stopping what runs.
   */
  needs?: readonly SettingKey[];
}

const KEYS_IN_FILE = SETTING_KEYS.filter((key) => !rowOf(key).notInFile);

/** One value as it was written. */
interface Given {
  text: string;
  source: Exclude<SettingSource, 'default'>;
  /** How the user calls it: `--llm-url`, `LLM_API_URL`. */
  called: string;
}

/** See the file's header. */
export class GivenSettings {
  readonly dataDir: string;
  readonly #input: SettingsInput;
  readonly #context: ParseContext;
  readonly #file: EnvFile;
  readonly #filePath: string;
  /** Settings whose value was passed over, and why. */
  readonly #unusable = new Map<SettingKey | 'file', string>();

  constructor(input: SettingsInput) {
    this.#input = input;
    const cwd = input.cwd ?? process.cwd();
    const said = this.#fromFlags('dataDir') ?? this.#fromEnv('dataDir');
    // A home that nobody knows matters only where something has to be put there.
    const home = input.home || (said === undefined ? homeFolder(input.env) : (input.env.HOME ?? ''));
    this.#context = { home, base: cwd };
    this.dataDir = said ? parse('dataDir', said, this.#context) : defaultDataDir(input.env, input.platform, home);
    this.#filePath = path.join(this.dataDir, 'hostwise.env');
    this.#file = this.#readFile();
  }

  /** @throws {AppError} CONFIG_FILE_UNREADABLE, unless nothing that the caller needs may stand in it */
  #readFile(): EnvFile {
    try {
      return readEnvFile(this.#filePath, {
        known: KEYS_IN_FILE.map((key) => rowOf(key).env),
        secrets: SETTING_KEYS.filter((key) => rowOf(key).secret).map((key) => rowOf(key).env),
      });
    } catch (error) {
      if (!(error instanceof AppError) || KEYS_IN_FILE.some((key) => this.#needs(key))) throw error;
      this.#unusable.set('file', error.message);
      return { values: new Map(), warnings: [] };
    }
  }

  /** A look that may fail for a wrong value of `key`. @returns undefined where it failed and was passed over */
  checked<Result>(key: SettingKey, look: () => Result): Result | undefined {
    try {
      return look();
    } catch (error) {
      // What was typed just now is wrong, whatever it is for.
      if (!(error instanceof AppError) || error.message.startsWith('--') || this.#needs(key)) throw error;
      this.#unusable.set(key, error.message);
      return undefined;
    }
  }

  #needs(key: SettingKey): boolean {
    return this.#input.needs?.includes(key) ?? true;
  }

  /** What was passed over, in words. */
  get unusable(): string[] {
    return [...this.#unusable.values()];
  }

  /** The checked value, or undefined where nobody set it. */
  value<Key extends SettingKey>(key: Key): SettingValue<Key> | undefined {
    const given = this.#given(key);
    if (given === undefined) return undefined;
    // In the file a relative path cannot mean where somebody happens to stand.
    const base = given.source === 'file' ? this.dataDir : this.#context.base;
    const file = given.source === 'file' ? this.#filePath : undefined;
    return this.checked(key, () => parse(key, given, { ...this.#context, base }, file));
  }

  /** Did the user set it? Not what was passed over: ask after {@link value}. */
  isSet(key: SettingKey): boolean {
    return this.#given(key) !== undefined && !this.#unusable.has(key);
  }

  sources(): Record<string, SettingSource> {
    const sourceOf = (key: SettingKey) => (this.isSet(key) ? this.#given(key)?.source : undefined) ?? 'default';
    return Object.fromEntries(SETTING_KEYS.map((key) => [key, sourceOf(key)]));
  }

  /** What the file and the environment hold that is no setting. */
  warnings(): string[] {
    const names = SETTING_KEYS.map((key) => rowOf(key).env);
    const strange = Object.keys(this.#input.env).filter(
      (name) => name.startsWith('HOSTWISE_') && !names.includes(name),
    );
    const asked = strange.map((name) => {
      const closest = closestWord(name, names);
      return `${name.slice(0, 60)} is set in the environment but is no setting${closest ? `: did you mean ${closest}?` : ''}`;
    });
    return [...this.#file.warnings, ...asked];
  }

  /**
   * A key goes only to the URL that it was configured with: otherwise whoever can set one variable of a shell, or a
   * forgotten file, could have the key of the other place sent anywhere. A flag was typed by the user just now.
   * @throws {AppError} CONFIG_KEY_WITHOUT_URL
   */
  checkKeyAndUrl(): void {
    const key = this.#given('llmApiKey');
    const url = this.#given('llmUrl');
    if (!key || !url || url.source === 'flag' || key.source === url.source) return;
    throw new AppError(
      'CONFIG_KEY_WITHOUT_URL',
      `${key.called} comes from ${this.#placeOf(key)} but ${url.called} from ${this.#placeOf(url)}, and a key goes only to the URL it was configured with: set both in one place, or say --llm-url`,
    );
  }

  /** @throws {AppError} CONFIG_BAD_VALUE when one of the two files is missing */
  ownCertificate(): { certFile: string; keyFile: string } | undefined {
    const [certFile, keyFile] = [this.value('cert'), this.value('key')];
    if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
    const lone = this.#given('cert') ?? this.#given('key');
    if (lone === undefined) return undefined;
    const other = certFile === undefined ? rowOf('cert') : rowOf('key');
    throw new AppError(
      'CONFIG_BAD_VALUE',
      `${lone.called} is set without ${other.flag}: a certificate and its key belong together (${other.flag} FILE or ${other.env})`,
    );
  }

  /** @throws {AppError} CONFIG_BAD_VALUE when both ports are asked to be the same */
  checkPorts({ httpsPort, httpPort }: Record<'httpsPort' | 'httpPort', { port: number }>): void {
    const [https, http] = [this.#given('httpsPort'), this.#given('httpPort')];
    if (!https || !http || httpsPort.port !== httpPort.port || httpsPort.port === 0) return;
    throw new AppError(
      'CONFIG_BAD_VALUE',
      `${https.called} and ${http.called} are both "${http.text}": give one of them another port (each takes https and plain http)`,
    );
  }

  #placeOf({ source }: Given): string {
    return source === 'file' ? `"${this.#filePath}"` : 'the environment';
  }

  #given(key: SettingKey): Given | undefined {
    return this.#fromFlags(key) ?? this.#fromEnv(key) ?? this.#fromFile(key);
  }

  #fromFlags(key: SettingKey): Given | undefined {
    const { flag } = rowOf(key);
    const value = flag === undefined ? undefined : this.#input.argvFlags[flagAttribute(flag)];
    if (flag === undefined || value === undefined) return undefined;
    const text = (Array.isArray(value) ? value.map(String).join(',') : String(value)).trim();
    // Given, and yet nothing: `--model "$MODLE"` is a mistake, an empty variable of a shell is "not set".
    if (text === '')
      throw new AppError(
        'CONFIG_BAD_VALUE',
        `${flag} has an empty value: say ${flag} ${rowOf(key).valueName}, or leave it away`,
      );
    return { text, source: 'flag', called: flag };
  }

  #fromEnv(key: SettingKey): Given | undefined {
    const { env } = rowOf(key);
    const text = this.#input.env[env]?.trim();
    return text ? { text, source: 'environment', called: env } : undefined;
  }

  #fromFile(key: SettingKey): Given | undefined {
    const { env, notInFile } = rowOf(key);
    const text = this.#file.values.get(env)?.trim();
    return text && !notInFile ? { text, source: 'file', called: env } : undefined;
  }
}

/**
 * @param file where it stands, if it stands in one
 * @throws {AppError} CONFIG_BAD_VALUE: what is wrong and what would be right, in one line
 */
function parse<Key extends SettingKey>(
  key: Key,
  given: Given,
  context: ParseContext,
  file?: string,
): SettingValue<Key> {
  const row = rowOf(key);
  const parsed = row.parse(given.text, context);
  // The row's parser makes what the table says of this key; the compiler does not follow a key into a table.
  if ('value' in parsed) return parsed.value as SettingValue<Key>;
  const { expected, wrong = given.text } = parsed;
  const where = file === undefined ? '' : ` in "${file}"`;
  const shown = row.secret ? 'is not usable' : `is "${oneLine(wrong)}"`;
  throw new AppError('CONFIG_BAD_VALUE', `${given.called}${where} ${shown}: expected ${expected}`);
}

/** A value for an error of one line: no control characters, not too long. */
function oneLine(text: string): string {
  const clean = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '?');
  return clean.length > 80 ? `${clean.slice(0, 80)}…` : clean;
}
