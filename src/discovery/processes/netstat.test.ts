import { describe, expect, it } from 'vitest';
import { macOutput } from '../../../test/fixtures/macos.ts';
import { parseNetstat } from './netstat.ts';

const rows = (text: string) =>
  parseNetstat(text).map(({ socket, holders }) => [socket.address, socket.port, holders[0]?.pid, holders[0]?.name]);

describe('parseNetstat', () => {
  it('reads listening sockets of both families with their pid', () => {
    expect(rows(macOutput('netstat-pid.txt'))).toEqual([
      ['::', 3000, 5000, ''],
      ['::1', 5173, 4711, ''],
      ['127.0.0.1', 8000, 4801, ''],
      ['fe80::1', 9222, 4900, ''],
      ['0.0.0.0', 22, 1, ''],
      ['192.168.64.1', 53, undefined, undefined],
    ]);
  });

  it('reads the layout with names, which may hold blanks and look like columns', () => {
    expect(rows(macOutput('netstat-process-pid.txt'))).toEqual([
      ['::', 3306, 330, 'mysqld'],
      ['fe80::1', 9222, 4900, 'Google Chrome'],
      ['127.0.0.1', 8000, 4801, 'Python'],
      ['127.0.0.1', 9000, 4711, 'x:1 0 0 evil:77'],
      ['0.0.0.0', 22, 1, 'launchd'],
    ]);
  });

  it('gives nothing for another system’s netstat, and leaves out what makes no sense', () => {
    expect(parseNetstat('')).toEqual([]);
    expect(parseNetstat('tcp        0      0 127.0.0.1:80   0.0.0.0:*   LISTEN   12/nginx\n')).toEqual([]);
    const odd = [
      'tcp4 0 0 nowhere.80 *.* LISTEN 1 1 5 0',
      'tcp4 0 0 *.99999 *.* LISTEN 1 1 5 0',
      'tcp4 0 0 *.0 *.* LISTEN',
    ];
    expect(parseNetstat(odd.join('\n'))).toEqual([]);
  });
});
