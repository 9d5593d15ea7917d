import { describe, expect, it } from 'vitest';
import { macOutput } from '../../../test/fixtures/macos.ts';
import { askParents, askPs, parsePs, parseStart } from './ps.ts';

const LINUX = `    1     0     0 Mon Nov 23 20:39:05 2026 /sbin/init splash
18114 18113 65534 Mon Nov  2 02:13:11 2026 node -e x  y
18115 18113     0 Mon Nov 23 22:13:11 2026
`;

describe('parsePs', () => {
  it('reads rows of Linux, with times in UTC and blanks as they are', () => {
    expect([...parsePs(LINUX).values()]).toEqual([
      { pid: 1, ppid: 0, uid: 0, startedAt: '2026-11-23T20:39:05.000Z', args: '/sbin/init splash' },
      { pid: 18114, ppid: 18113, uid: 65534, startedAt: '2026-11-02T02:13:11.000Z', args: 'node -e x  y' },
      { pid: 18115, ppid: 18113, uid: 0, startedAt: '2026-11-23T22:13:11.000Z', args: '' },
    ]);
  });

  it('reads rows of macOS, made from the manual', () => {
    expect(parsePs(macOutput('ps.txt')).get(4711)).toEqual({
      pid: 4711,
      ppid: 4700,
      uid: 501,
      startedAt: '2026-11-02T09:15:02.000Z',
      args: 'node /Users/kim/bücher\\shop/node_modules/.bin/vite --port 5173',
    });
  });

  it('takes a line feed for part of the command line, and believes nothing about a process that is there twice', () => {
    const forged =
      '  7 1 0 Mon Nov 23 20:39:05 2026 node a\nb\n  8 1 0 Mon Nov 23 20:39:05 2026 me\n 8 1 0 Mon Nov 23 20:39:05 2026 real\n';
    const rows = parsePs(forged);
    expect(rows.get(7)?.args).toBe('node a\nb');
    expect(rows.has(8)).toBe(false);
  });

  it('cuts a huge command line, and says no start where the time makes no sense', () => {
    const [row] = parsePs(`7 1 0 Mon Foo 99 20:39:05 2026 ${'x'.repeat(2_000_000)}`).values();
    expect(row?.args).toHaveLength(256 * 1024);
    expect(row?.startedAt).toBeUndefined();
    expect(parseStart('nonsense')).toBeUndefined();
  });
});

describe('askPs', () => {
  it('asks nobody about nobody, and takes exit code 1 for: none of them runs', async () => {
    expect(await askPs([], () => Promise.reject(new Error('asked')))).toEqual(new Map());
    const answer = (code: number | null) => askPs([7], async () => ({ code, stdout: '', stderr: '' }));
    expect(await answer(1)).toEqual(new Map());
    expect(await answer(null)).toBeUndefined();
  });

  it('reads the parents of all processes', async () => {
    const parents = await askParents(async () => ({ code: 0, stdout: macOutput('ps-parents.txt'), stderr: '' }));
    expect(parents.get(4801)).toBe(4800);
    expect(parents.size).toBe(10);
  });
});
