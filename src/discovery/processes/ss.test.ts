import { describe, expect, it } from 'vitest';
import { parseSs } from './ss.ts';

const ROWS = `LISTEN 0      511        127.0.0.1:3000       0.0.0.0:*    users:(("node-MainThread",pid=4121,fd=23)) uid:1000 ino:61849 sk:5 cgroup:/user.slice <->
LISTEN 0      4096   127.0.0.53%lo:53         0.0.0.0:*    uid:101 ino:22 sk:6 cgroup:/system.slice/systemd-resolved.service <->
LISTEN 0      511                *:8080             *:*    users:(("nginx",pid=12,fd=6),("nginx",pid=11,fd=6)) ino:701 sk:7 v6only:0 <->
LISTEN 0      511             [::]:8081          [::]:*    users:(("node",pid=13,fd=18)) ino:702 sk:8 v6only:1 <->
LISTEN 0      511            [::1]:5173          [::]:*    users:(("we"ird ()),pid=x",pid=14,fd=19)) uid:1000 ino:703 sk:9 <->
LISTEN 0      511 [::ffff:127.0.0.1]:9000            *:*    ino:704 sk:a <->
LISTEN 0      128          0.0.0.0:2024       0.0.0.0:*   
`;

describe('parseSs', () => {
  it('reads addresses of both families, wildcards and scopes', () => {
    expect(parseSs(ROWS).map(({ socket }) => `${socket.address} ${socket.port}`)).toEqual([
      '127.0.0.1 3000',
      '127.0.0.53 53',
      ':: 8080',
      ':: 8081',
      '::1 5173',
      '127.0.0.1 9000',
      '0.0.0.0 2024',
    ]);
  });

  it('reads every holder, and none where ss shows none', () => {
    const holders = parseSs(ROWS).map((row) => row.holders.map(({ pid, fd }) => `${pid}:${fd}`));
    expect(holders).toEqual([['4121:23'], [], ['12:6', '11:6'], ['13:18'], ['14:19'], [], []]);
  });

  it('reads inode and uid, where no uid means root and no inode means that nothing is known', () => {
    const rows = parseSs(ROWS);
    expect(rows[0]?.socket).toMatchObject({ inode: '61849', uid: 1000 });
    expect(rows[2]?.socket).toMatchObject({ inode: '701', uid: 0 });
    expect(rows[6]?.socket).toMatchObject({ inode: '', uid: undefined });
  });

  it('keeps names with quotes, brackets, blanks and line feeds', () => {
    expect(parseSs(ROWS)[4]?.holders[0]?.name).toBe('we"ird ()),pid=x');
    const broken = 'LISTEN 0 1 127.0.0.1:1 0.0.0.0:* users:(("a\nLISTEN 0 1 *:2",pid=7,fd=3)) ino:9 sk:1\n';
    expect(parseSs(broken)).toEqual([
      {
        socket: { address: '127.0.0.1', port: 1, inode: '9', uid: 0 },
        holders: [{ name: 'a\nLISTEN 0 1 *:2', pid: 7, fd: 3 }],
      },
    ]);
  });

  it('does not take an inode or a uid from a process’s name', () => {
    const [row] = parseSs('LISTEN 0 1 *:80 *:* users:((" ino:1 uid:2 ",pid=7,fd=3)) uid:1000 ino:9 sk:1');
    expect(row?.socket).toMatchObject({ inode: '9', uid: 1000 });
  });

  it('leaves out what makes no sense', () => {
    expect(parseSs('')).toEqual([]);
    expect(parseSs('LISTEN 0 1 nowhere:80 *:*\nLISTEN 0 1 127.0.0.1:99999 *:*\nESTAB 0 0 a:1 b:2\n')).toEqual([]);
  });
});
