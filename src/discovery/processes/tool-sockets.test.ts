import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/fixtures/temp-dir.ts';
import { nameFrom, placesOf } from './tool-sockets.ts';

describe('nameFrom', () => {
  it.each<[string, string, string | undefined, string]>([
    ['node-MainThread', '/opt/node/bin/node /srv/app/server.js', '/opt/node/bin/node', 'node'],
    ['node-MainThread', 'node', undefined, 'node'],
    ['harbour-schedul', '/home/t/bin/harbour-schedule --x', '/home/t/bin/harbour-schedule', 'harbour-schedule'],
    ['harbour-schedul', '/home/a b/harbour-schedule --x', '/home/a b/harbour-schedule', 'harbour-schedule'],
    ['jupyter-lab', '/venv/bin/python /venv/bin/jupyter-lab', '/usr/bin/python3.11', 'jupyter-lab'],
    ['prometheus-node', 'python3 /usr/bin/prometheus-node-thing --x', '/usr/bin/python3', 'prometheus-node-thing'],
    ['next-server (v1', 'next-server (v15.1.0)', '/usr/bin/node', 'next-server (v15.1.0)'],
    [
      'Google Chrome',
      '/Applications/G C.app/Google Chrome --x',
      '/Applications/G C.app/Google Chrome',
      'Google Chrome',
    ],
    ['my-api', 'my-api', '/usr/bin/node', 'my-api'],
    ['', '/usr/sbin/mysqld --user=x', undefined, 'mysqld'],
    ['', '', undefined, ''],
  ])('calls comm %j with %j (%s) %j', (comm, args, exe, name) => {
    expect(nameFrom(comm, args, exe)).toBe(name);
  });
});

describe('placesOf', () => {
  const fileOf = (directory: string, n: string) => {
    const { dev, ino } = statSync(directory, { bigint: true });
    return { f: 'cwd', D: `0x${dev.toString(16)}`, i: `${ino}`, n };
  };

  it('tells a control character from a caret by looking which directory it is', async () => {
    const root = await tempDir();
    for (const name of ['a^B', 'a\x02', 'a\\n', 'gone (deleted)']) {
      const cwd = path.join(root, name);
      await mkdir(cwd);
      const escaped = cwd.replace('\x02', '^B');
      expect(placesOf([fileOf(cwd, escaped)])).toEqual({ cwd, cwdDeleted: false, cwdIsOurs: true, exe: undefined });
    }
  });

  it('gives a directory that was removed, and whether somebody made it again', async () => {
    const root = await tempDir();
    const cwd = path.join(root, 'shop');
    const file = { ...fileOf(root, `${cwd} (deleted)`) };
    expect(placesOf([file])).toMatchObject({ cwd, cwdDeleted: true, cwdIsOurs: false });
    await mkdir(cwd);
    expect(placesOf([file])).toMatchObject({ cwd, cwdDeleted: true, cwdIsOurs: true });
  });

  it('gives a path that means another directory to us as it is, and none where lsof could not look', () => {
    expect(placesOf([{ f: 'cwd', D: '0x1', i: '1', n: '/app' }])).toMatchObject({ cwd: '/app', cwdIsOurs: false });
    expect(placesOf([{ f: 'cwd', n: '/proc/1/cwd (readlink: Permission denied)' }]).cwd).toBeNull();
    expect(placesOf([{ f: 'cwd', D: 'zz', i: 'x', n: '/tmp' }])).toMatchObject({ cwd: '/tmp', cwdIsOurs: false });
    expect(placesOf([])).toEqual({ cwd: null, cwdDeleted: false, cwdIsOurs: false, exe: undefined });
  });

  it('takes a path on a Mac for what it is to everybody, whatever its inode', async () => {
    const cwd = await tempDir();
    const file = { f: 'cwd', D: '0x1', i: '1', n: cwd };
    expect(placesOf([file], true)).toMatchObject({ cwd, cwdIsOurs: true });
    expect(placesOf([{ ...file, n: `${cwd}/gone` }], true)).toMatchObject({ cwd: `${cwd}/gone`, cwdIsOurs: false });
    expect(placesOf([file], false).cwdIsOurs).toBe(false);
  });

  it('takes the first text file for the executable', () => {
    const files = ['/opt/my node (deleted)', '/usr/lib/dyld'].map((n) => ({ f: 'txt', n }));
    expect(placesOf(files).exe).toBe('/opt/my node');
    expect(placesOf([{ f: 'txt', n: 'unknown' }]).exe).toBeUndefined();
  });
});
