/** Settings from `<data-dir>/hostwise.env` on a real disk. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings, type Settings } from '../../../src/config/settings.ts';
import { AppError } from '../../../src/core/errors.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

/** A data folder with this file in it. */
async function dataDirWith(text: string, mode = 0o600): Promise<string> {
  const dataDir = await tempDir('hw-env');
  const file = join(dataDir, 'hostwise.env');
  await writeFile(file, text);
  await chmod(file, mode);
  return dataDir;
}

function load(dataDir: string, env: Record<string, string> = {}, argvFlags: Record<string, unknown> = {}): Settings {
  return loadSettings({ argvFlags, env: { HOSTWISE_DATA_DIR: dataDir, ...env }, home: '/nowhere', platform: 'linux' });
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

describe('hostwise.env', () => {
  it('a named pipe is an error, not a wait for whoever writes into it', async () => {
    const dataDir = await tempDir('hw-env');
    execFileSync('mkfifo', [join(dataDir, 'hostwise.env')]);
    const { code, message } = errorOf(() => load(dataDir));
    expect({ code, message }).toEqual({
      code: 'CONFIG_FILE_UNREADABLE',
      message: expect.stringContaining('cannot be read: it is no regular file'),
    });
  });

  it('comes after the environment and before the default', async () => {
    const dataDir = await dataDirWith('MODEL=file\nHOSTWISE_HTTP_PORT=81\nHOSTWISE_RESOLVE=names\n');
    const settings = load(dataDir, { HOSTWISE_HTTP_PORT: '82' }, { resolve: 'llm' });
    expect(settings).toMatchObject({ model: 'file', httpPort: { port: 82 }, resolve: 'llm', http: 'auto' });
    expect(settings.sources).toMatchObject({
      model: 'file',
      httpPort: 'environment',
      resolve: 'flag',
      http: 'default',
    });
  });

  it('has paths relative to its folder', async () => {
    const dataDir = await dataDirWith('HOSTWISE_CACHE_FILE=routes.json\n');
    expect(load(dataDir).cacheFile).toBe(join(dataDir, 'routes.json'));
  });

  it('cannot say where it is itself, and warns of names that are no settings', async () => {
    const dataDir = await dataDirWith('HOSTWISE_DATA_DIR=/elsewhere\nLLM_APIKEY=sk-geheim\n');
    const settings = load(dataDir);
    expect(settings.dataDir).toBe(dataDir);
    expect(settings.warnings).toEqual([
      expect.stringContaining('"HOSTWISE_DATA_DIR", which is no setting'),
      expect.stringContaining('"LLM_APIKEY", which is no setting: did you mean LLM_API_KEY?'),
    ]);
    expect(settings.warnings.join()).not.toContain('geheim');
  });

  it('warns with the command when others can read the key in it', async () => {
    expect(load(await dataDirWith('LLM_API_KEY=k\n', 0o640)).warnings.join()).toContain('chmod 600 ');
    expect(load(await dataDirWith('LLM_API_KEY=k\n', 0o600)).warnings).toEqual([]);
    expect(load(await dataDirWith('MODEL=m\n', 0o644)).warnings).toEqual([]);
  });

  it('names itself when a value in it is wrong', async () => {
    const dataDir = await dataDirWith('HOSTWISE_HTTP_PORT=http\n');
    expect(errorOf(() => load(dataDir)).message).toContain(`HOSTWISE_HTTP_PORT in "${dataDir}/hostwise.env" is "http"`);
  });

  it('gives no key to a URL of the environment, nor a URL to the environment’s key', async () => {
    const withKey = await dataDirWith('LLM_API_KEY=k\n');
    const withUrl = await dataDirWith('LLM_API_URL=https://a.example/v1\n');
    const errors = [
      errorOf(() => load(withKey, { LLM_API_URL: 'https://b.example/v1' })),
      errorOf(() => load(withUrl, { LLM_API_KEY: 'k' })),
    ];
    for (const { code, message } of errors) {
      expect(code).toBe('CONFIG_KEY_WITHOUT_URL');
      expect(message).toMatch(/LLM_API_KEY.*LLM_API_URL/);
      expect(message).toContain('hostwise.env');
    }
    expect(load(withKey).llmApiKey).toBe('k');
    expect(load(withKey, {}, { llmUrl: 'https://b.example/v1' }).llmApiKey).toBe('k');
    expect(load(withUrl, {}, { model: 'm' }).llmUrlExplicit).toBe(true);
  });

  it.each([
    ['is a folder', (file: string) => mkdir(file)],
    ['is larger than settings can be', (file: string) => writeFile(file, 'A=b\n'.repeat(50_000))],
    ['is a link that leads to itself', (file: string) => symlink(file, file)],
  ])('that %s is an error', async (_, make) => {
    const dataDir = await tempDir('hw-env');
    await make(join(dataDir, 'hostwise.env'));
    expect(errorOf(() => load(dataDir)).code).toBe('CONFIG_FILE_UNREADABLE');
  });

  it('of bytes that are no text is read without harm', async () => {
    const dataDir = await tempDir('hw-env');
    await writeFile(join(dataDir, 'hostwise.env'), Buffer.from([0xff, 0xfe, 0, 0x41, 0x0a, 0x3d, 0x0a]));
    expect(load(dataDir).warnings).toHaveLength(2);
  });
});
