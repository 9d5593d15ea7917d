import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { controlSocketPath } from '../../../src/platform/paths.ts';
import { acquireControlSocket, type ControlSocket } from '../../../src/service/control-socket.ts';
import { withStartLock } from '../../../src/service/instance-lock.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const MODULE = new URL('../../../src/service/control-socket.ts', import.meta.url).href;

async function acquire(socketPath: string, answer = 'ours'): Promise<ControlSocket> {
  const control = await acquireControlSocket(socketPath, (_request, response) => void response.end(answer));
  onTestFinished(() => control.close());
  return control;
}

function ask(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: '/', agent: false }, async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve(text);
      })
      .on('error', reject);
  });
}

/** A socket file that nobody listens on any more, as kill -9 leaves it. */
async function leaveStale(socketPath: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script]), 'exit');
  expect((await lstat(socketPath)).isSocket()).toBe(true);
}

describe('acquireControlSocket', () => {
  it('answers HTTP on a socket that is its user’s alone, and takes it away at the end', async () => {
    const socketPath = path.join(await tempDir(), 'data', 'control.sock');
    const control = await acquire(socketPath);
    expect((await lstat(socketPath)).mode & 0o777).toBe(0o600);
    expect(await ask(socketPath)).toBe('ours');
    await control.close();
    await control.close();
    expect(await readdir(path.dirname(socketPath))).toEqual([]);
  });

  it('ends streams that would go on for ever when it is closed', async () => {
    const socketPath = path.join(await tempDir(), 'control.sock');
    const control = await acquireControlSocket(socketPath, (_request, response) => void response.write('event'));
    const client = net.connect(socketPath);
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'data');
    const ended = once(client, 'close');
    await control.close();
    await ended;
  });

  it('refuses a second daemon and leaves the first one alone', async () => {
    const socketPath = path.join(await tempDir(), 'control.sock');
    await acquire(socketPath, 'first');
    await expect(acquire(socketPath)).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      hint: expect.stringContaining('--data-dir'),
    });
    expect(await ask(socketPath)).toBe('first');
    expect(await readdir(path.dirname(socketPath))).toEqual(['control.sock']);
  });

  it('replaces the socket of a daemon that was killed', async () => {
    const socketPath = path.join(await tempDir(), 'control.sock');
    await leaveStale(socketPath);
    await acquire(socketPath);
    expect(await ask(socketPath)).toBe('ours');
  });

  it('leaves a socket alone that is another daemon’s by the time it closes', async () => {
    const socketPath = path.join(await tempDir(), 'control.sock');
    const first = await acquire(socketPath, 'first');
    await rm(socketPath);
    await acquire(socketPath, 'second');
    await first.close();
    expect(await ask(socketPath)).toBe('second');
  });

  it('never removes what is no socket', async () => {
    const socketPath = path.join(await tempDir(), 'control.sock');
    await writeFile(socketPath, 'precious');
    await expect(acquire(socketPath)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    expect(await readFile(socketPath, 'utf8')).toBe('precious');
  });

  it('works for a data folder whose path is too long for a socket', async () => {
    const dataDir = path.join(await tempDir(), 'x'.repeat(120));
    const runtime = await tempDir();
    const socketPath = controlSocketPath(dataDir, { XDG_RUNTIME_DIR: runtime });
    await acquire(socketPath);
    expect(await ask(socketPath)).toBe('ours');
  });

  it('works at the longest path that is used', async () => {
    const dir = await tempDir();
    const socketPath = path.join(dir, 'x'.repeat(100 - Buffer.byteLength(dir) - 1));
    expect(Buffer.byteLength(socketPath)).toBe(100);
    await acquire(socketPath);
    expect(await ask(socketPath)).toBe('ours');
  });

  it('lets one of many win that start at once over a stale socket', async () => {
    for (let round = 0; round < 10; round++) {
      const socketPath = path.join(await tempDir(), 'control.sock');
      await leaveStale(socketPath);
      const starts = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => acquire(socketPath, `daemon ${i}`)));
      const winner = starts.findIndex(({ status }) => status === 'fulfilled');
      expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(starts.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))).toEqual(
        Array(7).fill('ALREADY_RUNNING'),
      );
      expect(await ask(socketPath)).toBe(`daemon ${winner}`);
    }
  });

  it('lets one of several processes win', async () => {
    const socketPath = path.join(await tempDir(), 'control.sock');
    await leaveStale(socketPath);
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', STARTER, MODULE, socketPath]),
    );
    onTestFinished(() => void children.map((child) => child.kill('SIGKILL')));
    const said = await Promise.all(children.map(async (child) => String((await once(child.stdout, 'data'))[0])));
    expect(said.sort()).toEqual(['ALREADY_RUNNING', 'ALREADY_RUNNING', 'ALREADY_RUNNING', 'running']);
  });
});

const STARTER = `
const [module, socketPath] = process.argv.slice(1);
const { acquireControlSocket } = await import(module);
acquireControlSocket(socketPath, () => {}).then(
  () => process.stdout.write('running'),
  (error) => process.stdout.write(error.code ?? String(error)),
);`;

describe('withStartLock', () => {
  it('lets one in at a time and cleans up, also after an error', async () => {
    const file = path.join(await tempDir(), 'lock');
    let inside = 0;
    let most = 0;
    const work = async (fail: boolean): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      if (fail) throw new Error('failed');
    };
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => withStartLock(file, () => work(i % 2 === 0))),
    );
    expect(most).toBe(1);
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  it('breaks the lock of a process that is gone, or that holds it for too long', async () => {
    const file = path.join(await tempDir(), 'lock');
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await writeFile(file, `${child.pid} abc\n`);
    expect(await withStartLock(file, async () => 'done')).toBe('done');
    await writeFile(file, `${process.pid} abc\n`);
    await utimes(file, 1, 1);
    expect(await Promise.all([1, 2, 3].map((n) => withStartLock(file, async () => n)))).toEqual([1, 2, 3]);
    expect(await readdir(path.dirname(file))).toEqual([]);
  });
});
