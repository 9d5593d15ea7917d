import { describe, expect, it } from 'vitest';
import { loadSettings } from '../config/settings.ts';
import { flagArguments, portableEnv, portableFlags } from './flag-arguments.ts';

const HOME = '/home/kim';
const CWD = '/srv/my shop';

function portable(argvFlags: Record<string, unknown>, env: Record<string, string> = {}) {
  const settings = loadSettings({ argvFlags, env, home: HOME, cwd: CWD, platform: 'linux' });
  return { args: flagArguments(portableFlags(argvFlags, settings)), env: portableEnv(env, settings) };
}

describe('the flags of a call for another process', () => {
  it('always say the data folder, and nothing that was not said', () => {
    expect(portable({ json: true }).args).toEqual(['--data-dir', '/home/kim/.local/share/hostwise']);
  });

  it('have absolute paths, repeated flags and switches', () => {
    const flags = { cacheFile: 'maps.json', domain: ['a.test', 'b.test'], nameConstraints: false, httpPort: '0' };
    expect(portable(flags).args).toEqual([
      ...['--cache-file', '/srv/my shop/maps.json', '--http-port', '0', '--domain', 'a.test', '--domain', 'b.test'],
      ...['--name-constraints', 'false', '--data-dir', '/home/kim/.local/share/hostwise'],
    ]);
    const again = { ...flags, nameConstraints: 'false' };
    expect(portable(again).args).toEqual(portable(flags).args);
  });

  it('leave the environment where it is, with absolute paths', () => {
    const env = { HOSTWISE_CACHE_FILE: 'maps.json', MODEL: 'x', HOSTWISE_DATA_DIR: '~/data' };
    const made = portable({}, env);
    expect(made.args).toEqual(['--data-dir', '/home/kim/data']);
    expect(made.env).toEqual({
      ...env,
      HOSTWISE_CACHE_FILE: '/srv/my shop/maps.json',
      HOSTWISE_DATA_DIR: '/home/kim/data',
    });
  });
});
