import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { loadSettings, type Settings } from './settings.ts';
import { flagAttribute, rowOf, SETTING_KEYS } from './settings-table.ts';

/** Settings of somebody whose data folder holds no file. */
function load(env: Record<string, string> = {}, argvFlags: Record<string, unknown> = {}): Settings {
  return loadSettings({ argvFlags, env, home: '/nowhere/kim', platform: 'linux', cwd: '/nowhere/here' });
}

function errorOf(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}

/** The user's own certificate. */
const OWN = { HOSTWISE_CERT: '/own/cert.pem', HOSTWISE_KEY: '/own/key.pem' };

describe('loadSettings()', () => {
  it('gives every setting a value when nobody sets one', () => {
    expect(load()).toEqual({
      llmUrl: 'https://openrouter.ai/api/v1/chat/completions',
      llmUrlExplicit: false,
      model: 'anthropic/claude-haiku-4.5',
      nameConstraints: true,
      cacheFile: '/nowhere/kim/.local/share/hostwise/mappings.json',
      resolve: 'auto',
      httpsPort: { port: 443, explicit: false, fallback: 8443 },
      httpPort: { port: 80, explicit: false, fallback: 8080 },
      http: 'auto',
      bind: ['127.0.0.1', '::1'],
      domains: ['localhost'],
      dataDir: '/nowhere/kim/.local/share/hostwise',
      logLevel: 'info',
      seedPaths: true,
      sources: Object.fromEntries(SETTING_KEYS.map((key) => [key, 'default'])),
      warnings: [],
      unusable: [],
    });
  });

  it('is frozen, its lists too', () => {
    const settings = load();
    expect([settings, settings.domains, settings.bind, settings.httpsPort].every(Object.isFrozen)).toBe(true);
  });

  it('has a field for every row of the table', () => {
    const settings = load({ LLM_API_KEY: 'k', COMPOSE_PROJECT: 'c', DOCKER_HOST: 'unix:///d.sock', ...OWN });
    // Two settings that are only good together are one field.
    const fieldOf = (key: string): string => (key === 'cert' || key === 'key' ? 'ownCertificate' : key);
    expect(SETTING_KEYS.filter((key) => !(fieldOf(key) in settings))).toEqual([]);
  });

  it('passes over, in words, what is wrong with settings that the caller does not need', () => {
    const env = { HOSTWISE_RESOLVE: 'maybe', HOSTWISE_KEY: '/own/key.pem', HOSTWISE_HTTP_PORT: '443' };
    const some = (needs: Parameters<typeof loadSettings>[0]['needs'], argvFlags = {}): Settings =>
      loadSettings({ argvFlags, env, home: '/nowhere/kim', platform: 'linux', ...(needs ? { needs } : {}) });
    const settings = some(['dataDir']);
    expect(settings.resolve).toBe('auto');
    expect(settings.sources.resolve).toBe('default');
    expect(settings.unusable).toEqual([
      expect.stringContaining('HOSTWISE_KEY is set without --cert'),
      'HOSTWISE_RESOLVE is "maybe": expected one of auto, llm, names',
    ]);
    expect(errorOf(() => some(['resolve'])).message).toContain('HOSTWISE_RESOLVE');
    expect(errorOf(() => some(undefined)).code).toBe('CONFIG_BAD_VALUE');
    expect(errorOf(() => some([], { httpPort: 'x' })).message).toContain('--http-port is "x"');
  });

  it('takes a flag before the environment', () => {
    const settings = load({ MODEL: 'env', HOSTWISE_HTTP_PORT: '81' }, { model: 'flag' });
    expect(settings).toMatchObject({ model: 'flag', httpPort: { port: 81, explicit: true } });
    expect(settings.sources).toMatchObject({ model: 'flag', httpPort: 'environment', bind: 'default' });
  });

  it('takes an empty variable for none, and refuses an empty flag', () => {
    expect(load({ MODEL: '', LLM_API_KEY: '  ' })).toMatchObject({ model: 'anthropic/claude-haiku-4.5' });
    expect(errorOf(() => load({}, { model: '' })).message).toContain('--model has an empty value');
  });

  it('joins a flag that is given several times', () => {
    expect(load({ HOSTWISE_DOMAINS: 'ignored' }, { domain: ['test', 'dev.example.com'] }).domains).toEqual([
      'localhost',
      'test',
      'dev.example.com',
    ]);
  });

  it('reads paths from where the command was called', () => {
    expect(load({ HOSTWISE_DATA_DIR: 'data' }, { cacheFile: '~/m.json' })).toMatchObject({
      dataDir: '/nowhere/here/data',
      cacheFile: '/nowhere/kim/m.json',
    });
  });

  it('ignores what other flags a command has', () => {
    expect(load({}, { json: true, all: true, toString: 'x', __proto__: 'y' }).model).toContain('haiku');
  });

  it('warns of a bind that others can reach, of a misspelt variable, of a model that may not exist', () => {
    const { warnings } = load(
      { HOSTWISE_HTTPPORT: '1', LLM_API_URL: 'http://127.0.0.1:1234/v1' },
      { bind: ['0.0.0.0'] },
    );
    expect(warnings).toEqual([
      'HOSTWISE_HTTPPORT is set in the environment but is no setting: did you mean HOSTWISE_HTTP_PORT?',
      expect.stringContaining('0.0.0.0'),
      expect.stringContaining('MODEL is not set'),
    ]);
  });
});

describe('a bad value', () => {
  it.each([
    [{ HOSTWISE_HTTPS_PORT: '70000' }, 'HOSTWISE_HTTPS_PORT is "70000": expected a port from 0 to 65535'],
    [{ HOSTWISE_RESOLVE: 'maybe' }, 'HOSTWISE_RESOLVE is "maybe": expected one of auto, llm, names'],
    [{ HOSTWISE_BIND: '127.0.0.1,eth0' }, 'HOSTWISE_BIND is "eth0": expected an IP address'],
    [{ LLM_API_URL: 'localhost:11434' }, 'LLM_API_URL is "localhost:11434": expected an http:// or https:// URL'],
    [{ HOSTWISE_LOG_LEVEL: 'loud' }, 'HOSTWISE_LOG_LEVEL is "loud": expected one of trace'],
    [{ HOSTWISE_SEED_PATHS: 'no way' }, 'HOSTWISE_SEED_PATHS is "no way": expected on or off'],
  ])('%j is told with what would be right', (env, message) => {
    const error = errorOf(() => load(env as Record<string, string>));
    expect(error.code).toBe('CONFIG_BAD_VALUE');
    expect(error.message).toContain(message);
  });

  it('is told in one short line, whatever it is', () => {
    const { message } = errorOf(() => load({}, { httpPort: `1\n2\u001b[2J${'x'.repeat(10_000)}` }));
    expect(message).not.toMatch(/[\n\u001b]/);
    expect(message.length).toBeLessThan(200);
  });

  it('is not shown when it is a key', () => {
    expect(errorOf(() => load({ LLM_API_KEY: 'two words' })).message).not.toContain('two words');
  });

  it('is the same port twice', () => {
    const error = errorOf(() => load({ HOSTWISE_HTTP_PORT: '8443' }, { httpsPort: '8443' }));
    expect(error.message).toContain('--https-port and HOSTWISE_HTTP_PORT are both "8443"');
    expect(load({ HOSTWISE_HTTP_PORT: '0', HOSTWISE_HTTPS_PORT: '0' }).httpPort.port).toBe(0);
  });
});

describe('a key', () => {
  it('goes to the default URL, to a URL from the same place, and to one typed as a flag', () => {
    expect(load({ LLM_API_KEY: 'k' })).toMatchObject({ llmApiKey: 'k', llmUrlExplicit: false });
    expect(load({ LLM_API_KEY: 'k', LLM_API_URL: 'https://a.example/v1' })).toMatchObject({ llmUrlExplicit: true });
    expect(load({ LLM_API_KEY: 'k' }, { llmUrl: 'https://a.example/v1' }).llmUrl).toBe('https://a.example/v1');
  });
});

describe('the table of settings', () => {
  it('has every flag and every variable once', () => {
    const rows = SETTING_KEYS.map(rowOf);
    const flags = rows.flatMap(({ flag }) => flag ?? []);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(rows.map(({ env }) => env)).size).toBe(rows.length);
  });

  it('has no flag for a secret, since a process list shows it to everybody', () => {
    expect(SETTING_KEYS.filter((key) => rowOf(key).secret && rowOf(key).flag !== undefined)).toEqual([]);
  });

  it('names flags as the command line parser does', () => {
    expect(flagAttribute('--https-port')).toBe('httpsPort');
  });
});
