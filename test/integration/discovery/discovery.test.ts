import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ScanThread } from '../../../src/discovery/scan-thread.ts';
import { Discovery } from '../../../src/discovery/snapshot.ts';
import { needs } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { TestMachine } from './test-machine.ts';

const OPTIONS = { backend: 'auto', ownPids: [process.pid] } as const;

function fixture(name: string): URL {
  return new URL(`../../fixtures/discovery/${name}`, import.meta.url);
}

describe.skipIf(!needs('linux'))('Discovery [needs linux]', () => {
  let machine: TestMachine;
  beforeAll(async () => {
    machine = await TestMachine.make();
  });
  afterAll(() => machine.stop());

  it('finds a server that was started before the call, and marks ourselves', async () => {
    const discovery = new Discovery();
    onTestFinished(() => discovery.close());
    const seen: unknown[] = [];
    discovery.onSnapshot((snapshot) => seen.push(snapshot));
    const running = discovery.refresh();
    const server = await machine.start('live', { listen: [{ host: '127.0.0.1' }] });
    const own = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void own.close());
    await once(own, 'listening');
    const [, snapshot] = await Promise.all([running, discovery.refresh()]);
    expect(snapshot.processes.find(({ pid }) => pid === server.pid)?.cwd).toBe(server.cwd);
    expect(snapshot.processes.find(({ pid }) => pid === process.pid)?.noise).toBe('hostwise itself');
    expect(discovery.current).toBe(snapshot);
    expect(seen).toContain(snapshot);
  });
});

describe('ScanThread', () => {
  const limits = { timeoutMs: 5_000 };
  const close = (thread: ScanThread) => onTestFinished(() => thread.close());

  it('keeps its thread for as long as it is not closed, without keeping the process', async () => {
    const thread = new ScanThread(OPTIONS, limits, fixture('echo-worker.mjs'));
    close(thread);
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
    const first = await thread.scan();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length).toBe(before);
    expect((await thread.scan()).threadId).toBe(first.threadId);
  });

  it('asks a new thread when one crashes, and gives up when that crashes too', async () => {
    const thread = new ScanThread(OPTIONS, limits, fixture('crashing-worker.mjs'));
    close(thread);
    await expect(thread.scan()).rejects.toMatchObject({
      code: 'DISCOVERY_FAILED',
      message: expect.stringContaining('the scan failed: broken'),
    });
    await expect(thread.scan()).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
  });

  it('gives up a scan that hangs, and the next one has a new thread', async () => {
    const thread = new ScanThread(OPTIONS, { ...limits, timeoutMs: 50 }, fixture('hanging-worker.mjs'));
    close(thread);
    const late = { code: 'DISCOVERY_FAILED', message: 'the scan took longer than 50 ms' };
    await expect(thread.scan()).rejects.toMatchObject(late);
    await expect(thread.scan()).rejects.toMatchObject(late);
  });

  it.skipIf(!needs('linux'))(
    'starts no third thread while two hang, and goes on when one ends [needs linux]',
    async () => {
      const directory = await makeTempDir('hws');
      onTestFinished(() => removeDir(directory));
      const pipe = path.join(directory, 'pipe');
      await promisify(execFile)('mkfifo', [pipe]);
      // Both open it and come back when somebody writes, and are then ended.
      const release = () => open(pipe, 'r+').then((file) => file.close());
      onTestFinished(release);
      const source = new ScanThread(
        { ...OPTIONS, ownScript: pipe },
        { ...limits, timeoutMs: 1_000 },
        fixture('hung-read-worker.mjs'),
      );
      const discovery = new Discovery({}, source);
      onTestFinished(() => discovery.close());

      const late = 'the scan took longer than 1000 ms';
      const hanging = expect.stringContaining('2 scans hang in reads that do not come back');
      expect((await discovery.refresh()).warnings).toEqual([late]);
      await discovery.refresh();
      for (let i = 0; i < 3; i++) expect((await discovery.refresh()).warnings).toEqual([late, hanging]);
      await release();
      // It hangs again, which only a thread can.
      await waitFor('a new thread', () => source.scan().catch((error) => error.message === late || undefined));
    },
  );

  it('fails open questions when it is closed', async () => {
    const thread = new ScanThread(OPTIONS, limits, fixture('hanging-worker.mjs'));
    const scan = thread.scan();
    const failed = expect(scan).rejects.toMatchObject({ code: 'DISCOVERY_FAILED' });
    await thread.close();
    await failed;
  });
});
