import { describe, expect, it } from 'vitest';
import { macTools } from '../../../test/fixtures/macos.ts';
import { scanMac } from './mac.ts';

async function scan(...options: Parameters<typeof macTools>) {
  const { runTool, calls } = macTools(...options);
  const { processes, warnings } = await scanMac(runTool);
  const byPid = new Map(processes.map(({ service }) => [service.pid, service]));
  return { calls, warnings, processes, byPid, pids: [...byPid.keys()] };
}

describe('scanMac, on output made from the manuals', () => {
  it('describes a process with several sockets: no argv, where its end cannot be known', async () => {
    const { byPid, warnings } = await scan();
    expect(warnings).toEqual([]);
    expect(byPid.get(4711)).toEqual({
      id: 'p4711',
      pid: 4711,
      ppid: 4700,
      command: 'node',
      args: 'node /Users/kim/bücher\\shop/node_modules/.bin/vite --port 5173',
      cwd: '/Users/kim/bücher\\shop',
      listen: [
        { address: '::1', port: 5173, inode: '0x5c3e1b2a9f0d4e31', fd: 18 },
        // A port of its own that only netstat shows.
        { address: '127.0.0.1', port: 9000 },
        { address: '127.0.0.1', port: 24678, inode: '0x5c3e1b2a9f0d4e32', fd: 23 },
      ],
      project: null,
      git: null,
      startedAt: '2026-11-02T09:15:02.000Z',
      uid: 501,
    });
  });

  it('gives one service for a parent and the worker that holds its socket, whomever netstat names', async () => {
    const { byPid } = await scan();
    expect(byPid.get(4800)?.listen.map(({ port }) => port)).toEqual([8000]);
    expect(byPid.has(4801)).toBe(false);
  });

  it('calls a program by its executable, blanks and all, and a server by its title', async () => {
    const { byPid } = await scan();
    expect(byPid.get(4900)?.command).toBe('Google Chrome');
    expect(byPid.get(5000)).toMatchObject({ command: 'node', args: 'next-server (v15.1.0)', cwd: '/Users/kim/web' });
  });

  it('shows other users’ processes, of which netstat and ps know all but the directory', async () => {
    const { byPid } = await scan();
    expect(byPid.get(330)).toMatchObject({
      command: 'mysqld',
      cwd: null,
      uid: 74,
      listen: [{ address: '::', port: 3306 }],
    });
    expect(byPid.get(1)).toMatchObject({ command: 'launchd', listen: [{ address: '0.0.0.0', port: 22 }] });
  });

  it('asks each tool once for all processes, and ps once more where a socket is shared', async () => {
    const { calls } = await scan();
    expect(calls.map((call) => call.split(' ')[0]).sort()).toEqual(['lsof', 'lsof', 'netstat', 'ps', 'ps']);
    expect(calls.find((call) => call.startsWith('lsof -nP -w -a'))).toContain(
      '-d cwd,txt -p 501,612,4711,4800,4900,5000',
    );
  });

  it('falls back on netstat where lsof gives nothing, as under launchd', async () => {
    const { byPid, warnings } = await scan({ lsof: { code: 1, stdout: '' } }, 'netstat-pid.txt');
    expect(warnings).toEqual([]);
    expect(byPid.get(4711)).toMatchObject({ command: 'node', cwd: null, listen: [{ address: '::1', port: 5173 }] });
    expect(byPid.get(0)).toMatchObject({ id: 's192.168.64.1:53', command: '' });
  });

  it('says which tool failed, and shows what the others know', async () => {
    const missing = { code: null, stdout: '', stderr: 'missing' };
    expect((await scan({ netstat: missing })).warnings).toEqual([
      expect.stringContaining('"netstat -anvW -p tcp" failed'),
    ]);
    expect((await scan({ lsof: missing })).pids).toContain(4900);
    const { byPid, warnings } = await scan({ ps: missing });
    expect(warnings).toEqual([expect.stringContaining('"ps" failed')]);
    expect(byPid.get(4900)).toMatchObject({ command: 'Google Chrome', args: '', uid: 501 });
    await expect(scan({ lsof: missing, netstat: missing })).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
  });

  it('drops a process that ended between two calls', async () => {
    expect((await scan({ ps: { code: 1, stdout: '' } })).pids.filter((pid) => pid > 0)).toEqual([]);
  });
});
