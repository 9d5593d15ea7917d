import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { controlSocketPath, defaultDataDir, homeFolder } from './paths.ts';

describe('defaultDataDir', () => {
  it.each([
    ['linux', {}, '/home/kim', '/home/kim/.local/share/hostwise'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/home/kim', '/data/hostwise'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/kim', '/home/kim/.local/share/hostwise'],
    ['linux', { XDG_DATA_HOME: '' }, '/home/kim v. d. Berg', '/home/kim v. d. Berg/.local/share/hostwise'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/Users/kim', '/Users/kim/Library/Application Support/hostwise'],
  ] as const)('%s %j %s', (platform, env, home, dir) => {
    expect(defaultDataDir(env, platform, home)).toBe(dir);
  });

  it('asks the user database where HOME is not set, empty or relative', () => {
    const { homedir } = os.userInfo();
    for (const env of [{}, { HOME: '' }, { HOME: 'here' }]) expect(homeFolder(env)).toBe(homedir);
    expect(defaultDataDir({}, 'linux')).toBe(path.join(homedir, '.local/share/hostwise'));
    expect(homeFolder({ HOME: '/home/kim.b c' })).toBe('/home/kim.b c');
  });
});

describe('controlSocketPath', () => {
  const long = `/home/${'x'.repeat(120)}`;

  it('is in the data folder where its length allows', () => {
    expect(controlSocketPath('/home/kim/.local/share/hostwise', {})).toBe(
      '/home/kim/.local/share/hostwise/control.sock',
    );
  });

  it('falls back to the run-time folder, else to a folder of the user’s own, always the same for one data folder', () => {
    const inRuntime = controlSocketPath(long, { XDG_RUNTIME_DIR: '/run/user/1000' });
    expect(inRuntime).toMatch(/^\/run\/user\/1000\/hostwise-[0-9a-f]{16}\.sock$/);
    expect(controlSocketPath(long, { XDG_RUNTIME_DIR: '/run/user/1000' })).toBe(inRuntime);
    expect(controlSocketPath(`${long}2`, { XDG_RUNTIME_DIR: '/run/user/1000' })).not.toBe(inRuntime);
    const own = new RegExp(`/hostwise-${process.getuid?.()}/[0-9a-f]{16}\\.sock$`);
    for (const env of [{}, { XDG_RUNTIME_DIR: 'relative' }, { XDG_RUNTIME_DIR: long }]) {
      expect(controlSocketPath(long, env)).toMatch(own);
    }
  });

  it('counts bytes, not characters, and never passes the limit', () => {
    for (let length = 1; length < 200; length++) {
      for (const letter of ['x', 'ž']) {
        const socket = controlSocketPath(`/${letter.repeat(length)}`, {});
        expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100);
      }
    }
  });
});
