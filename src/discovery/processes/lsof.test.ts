import { describe, expect, it } from 'vitest';
import { macOutput } from '../../../test/fixtures/macos.ts';
import { listLsof, parseLsofSockets } from './lsof.ts';

/** Of lsof 4.95 on Linux, where the device field is the inode. */
const LINUX =
  'p10\0R1\0cnginx\0u0\0\nf6\0tIPv4\0d700\0n*:80\0\nf7\0tIPv6\0d701\0n*:80\0\n' +
  'p11\0R10\0cnginx\0u33\0\nf6\0tIPv4\0d700\0n*:80\0\n' +
  'p12\0R1\0ca\\nb"\\\\ ^Y\0u1000\0\nf22\0tIPv6\0d702\0n[::1]:5173\0\nf23\0tIPv6\0d703\0n127.0.0.1:9000\0\n';

describe('parseLsofSockets', () => {
  const places = (text: string) => parseLsofSockets(text).map(({ socket }) => `${socket.address} ${socket.port}`);

  it('reads addresses of both families, where the type tells the family of a wildcard', () => {
    expect(places(LINUX)).toEqual(['0.0.0.0 80', ':: 80', '::1 5173', '127.0.0.1 9000']);
  });

  it('gathers everybody who holds one socket, with their descriptors', () => {
    const [shared] = parseLsofSockets(LINUX);
    expect(shared?.socket.inode).toBe('700');
    expect(shared?.holders).toEqual([
      { pid: 10, fd: 6, name: 'nginx', uid: 0 },
      { pid: 11, fd: 6, name: 'nginx', uid: 33 },
    ]);
  });

  it('gives a name with line feeds, quotes and back-slashes as it is', () => {
    expect(parseLsofSockets(LINUX)[2]?.holders[0]?.name).toBe('a\nb"\\ ^Y');
  });

  it('reads macOS, made from the manual: one socket of two descriptors, a link-local address', () => {
    const sockets = parseLsofSockets(macOutput('lsof-listen.txt'));
    const vite = sockets.find(({ socket }) => socket.port === 24678);
    expect(vite?.socket.inode).toBe('0x5c3e1b2a9f0d4e32');
    expect(vite?.holders.map(({ fd }) => fd)).toEqual([23, 24]);
    expect(sockets.find(({ socket }) => socket.port === 9222)?.socket.address).toBe('fe80::1');
  });

  it('tells sockets by their address where their ids are hidden', () => {
    const hidden = 'p1\0cx\0\nf3\0tIPv4\0d0x0\0n*:80\0\nf4\0tIPv4\0d0x0000\0n*:80\0\nf5\0tIPv4\0n*:81\0\n';
    expect(parseLsofSockets(hidden).map(({ socket, holders }) => [socket.inode, holders.length])).toEqual([
      ['', 2],
      ['', 1],
    ]);
  });

  it('leaves out what makes no sense', () => {
    const odd = ['nowhere:80', '*:http', '*:0', '*:99999', '[::zz]:80', '1.2.3.4:5->6.7.8.9:1', '*', 'no PCB'];
    expect(places(odd.map((name, i) => `p${i + 1}\0\nf3\0tIPv4\0d1\0n${name}\0\n`).join(''))).toEqual([]);
  });
});

describe('listLsof', () => {
  const list = (code: number | null, stdout = '', stderr = '') => listLsof(async () => ({ code, stdout, stderr }));

  it('takes exit code 1 with an output for success, with a complaint beside it too', async () => {
    expect(await list(1, LINUX)).toHaveLength(4);
    expect(await list(1, LINUX, 'lsof: WARNING: cannot stat fuse')).toHaveLength(4);
  });

  it('takes exit code 1 without a word for: nothing listens', async () => {
    expect(await list(1)).toEqual([]);
    expect(await list(0)).toEqual([]);
  });

  it('fails where lsof is missing or complains, and says which', async () => {
    const missing = { code: 'DISCOVERY_FAILED', message: expect.stringContaining('"lsof" could not be run: ENOENT') };
    await expect(list(null, '', '"lsof" could not be run: ENOENT')).rejects.toMatchObject(missing);
    await expect(list(1, '', 'lsof: illegal option -- F\n usage: ...')).rejects.toMatchObject({
      message: expect.stringMatching(/illegal option -- F$/),
    });
  });
});
