import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../src/core/service.ts';
import { Scanner } from '../../../src/discovery/scan.ts';
import { needs } from '../../fixtures/needs.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { TestMachine } from './test-machine.ts';

const V4 = { host: '127.0.0.1' };

function pidOnPort({ processes }: Snapshot, port: number | undefined): number | undefined {
  return processes.find(({ listen }) => listen.some((one) => one.port === port))?.pid;
}

async function listenHere(): Promise<{ port: number; close(): Promise<unknown> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, close: () => once(server.close(), 'close') };
}

describe.skipIf(!needs('linux'))('what a scanner remembers [needs linux]', () => {
  let machine: TestMachine;
  beforeAll(async () => {
    machine = await TestMachine.make();
  });
  afterAll(() => machine.stop());

  it('follows servers that come, go and take over a port', async () => {
    const scanner = new Scanner({ backend: 'proc', ownPids: [] });
    const first = await machine.start('first', { listen: [V4] });
    const [port] = first.ports;
    expect(pidOnPort(await scanner.scan(), port)).toBe(first.pid);
    expect(pidOnPort(await scanner.scan(), port)).toBe(first.pid);

    await first.process.stop();
    expect(pidOnPort(await scanner.scan(), port)).toBeUndefined();

    const second = await machine.start('second', { listen: [{ ...V4, port }] });
    expect(pidOnPort(await scanner.scan(), port)).toBe(second.pid);
  });

  it('finds the worker when the parent that shared its socket is gone', async () => {
    const scanner = new Scanner({ backend: 'proc', ownPids: [] });
    const parent = await machine.start('orphaned', { listen: [V4], shared: true });
    expect(pidOnPort(await scanner.scan(), parent.ports[0])).toBe(parent.pid);
    process.kill(parent.pid, 'SIGKILL');
    const worker = parent.children[0]?.pid;
    await waitFor('the worker', async () => pidOnPort(await scanner.scan(), parent.ports[0]) === worker);
  });

  it('finds what a process opens that it knows, with more descriptors than before or as many', async () => {
    const scanner = new Scanner({ backend: 'proc', ownPids: [] });
    await scanner.scan();
    const first = await listenHere();
    expect(pidOnPort(await scanner.scan(), first.port)).toBe(process.pid);
    await first.close();
    const second = await listenHere();
    const snapshot = await scanner.scan();
    expect(pidOnPort(snapshot, second.port)).toBe(process.pid);
    await second.close();
  });

  it('looks again for an owner in processes that seem unchanged, a while after it looked everywhere', async () => {
    const scanner = new Scanner({ backend: 'proc', ownPids: [] });
    const server = await machine.start('moved', { listen: [V4] });
    await scanner.scan();
    const { memory } = scanner;
    for (const inode of memory.owners.keys()) memory.ownerless.add(inode);
    memory.owners.clear();
    memory.secondLookAtMs = Number.NEGATIVE_INFINITY;
    await waitFor('the owner', async () => pidOnPort(await scanner.scan(), server.ports[0]) === server.pid);
  });
});
