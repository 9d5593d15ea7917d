/** What other programs do to discovery: it gives what it could see, and never fails for the rest. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ProcessService, Snapshot } from '../../../src/core/service.ts';
import { Discovery } from '../../../src/discovery/snapshot.ts';
import { needs } from '../../fixtures/needs.ts';
import { TestMachine } from './test-machine.ts';

const V4 = { host: '127.0.0.1' };
/** The kernel takes 128 KiB for one argument, and 2 MiB for all. */
const LONG_ARGUMENT_BYTES = 120_000;

function ofPid({ processes }: Snapshot, wanted: number): ProcessService | undefined {
  return processes.find(({ pid }) => pid === wanted);
}

describe.skipIf(!needs('linux'))('Discovery among bad neighbours [needs linux]', () => {
  let machine: TestMachine;
  let discovery: Discovery;
  beforeAll(async () => {
    machine = await TestMachine.make();
    discovery = new Discovery({ backend: 'proc' });
  });
  afterAll(async () => {
    await discovery.close();
    await machine.stop();
  });

  it('finds servers with command lines of 2 MB, and keeps the beginning of them', async () => {
    const long = Array.from({ length: 15 }, (_, i) => `--option-${i}=${'x'.repeat(LONG_ARGUMENT_BYTES)}`);
    const many = Array.from({ length: 60_000 }, () => 'y');
    const [first, second] = await Promise.all([
      machine.start('long', { listen: [V4] }, { args: long }),
      machine.start('many', { listen: [V4] }, { args: many }),
    ]);
    const snapshot = await discovery.refresh();
    expect(snapshot.warnings).toBeUndefined();
    for (const { pid, ports } of [first, second]) {
      const found = ofPid(snapshot, pid);
      expect(found?.listen.map(({ port }) => port)).toEqual(ports);
      expect(found?.argv?.[0]).toBe(process.execPath);
      expect(found?.args.length).toBeLessThan(300_000);
      expect(found?.argv?.length).toBeLessThan(5_000);
    }
  });

  it('goes on while processes come and go in the middle of scans', async () => {
    const steady = await machine.start('steady', { listen: [V4] });
    let isOver = false;
    const restless = Array.from({ length: 3 }, async (_, i) => {
      while (!isOver) {
        const server = await machine.start(`restless${i}`, { listen: [V4] });
        process.kill(server.pid, 'SIGKILL');
      }
    });
    onTestFinished(() => {
      isOver = true;
    });
    for (let i = 0; i < 20; i++) {
      const snapshot = await discovery.refresh();
      expect(snapshot.warnings).toBeUndefined();
      expect(ofPid(snapshot, steady.pid)?.listen.map(({ port }) => port)).toEqual(steady.ports);
    }
    isOver = true;
    await Promise.all(restless);
  });

  it('describes what runs among broken manifests, links in circles and directories in place of files', async () => {
    const broken = await machine.start('broken', { listen: [V4] });
    await writeFile(path.join(broken.cwd, 'package.json'), '{"name": "broken", ');
    await writeFile(path.join(broken.cwd, 'pyproject.toml'), Buffer.alloc(400_000, 0xff));
    await symlink('go.mod', path.join(broken.cwd, 'go.mod'));
    await mkdir(path.join(broken.cwd, 'Cargo.toml'));
    await symlink('.git', path.join(broken.cwd, '.git'));
    const snapshot = await discovery.refresh();
    expect(snapshot.warnings).toBeUndefined();
    expect(ofPid(snapshot, broken.pid)).toMatchObject({
      cwd: broken.cwd,
      project: { root: broken.cwd, name: 'broken' },
      git: null,
    });
  });
});
