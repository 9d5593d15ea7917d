/** When a process counts as ended: not before its last thread is, since its sockets live as long. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../../src/platform/is-alive.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** The first thread ends (and is a zombie), the other goes on. */
const FIRST_THREAD_GONE = `
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
`;

it.skipIf(!needs('linux') || !needs('python3'))(
  'a process whose first thread has ended, and others not, is alive [needs linux, python3]',
  async () => {
    const child = spawn(requireTool('python3'), ['-c', FIRST_THREAD_GONE], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    onTestFinished(() => void child.kill('SIGKILL'));
    const state = async (): Promise<string> =>
      (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]?.[0] ?? '';
    await waitFor('a zombie as the first thread', async () => (await state()) === 'Z' || undefined);
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(pid)).toBe(false);
  },
);

it('this process is alive, and one that was never there is not', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(2 ** 22 + 7)).toBe(false);
});
