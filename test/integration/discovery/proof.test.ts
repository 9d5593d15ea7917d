import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdsProof } from '../../../src/discovery/proof.ts';
import { Scanner } from '../../../src/discovery/scan.ts';
import { needs } from '../../fixtures/needs.ts';
import { type Server, TestMachine } from './test-machine.ts';

describe.skipIf(!needs('linux') || !needs('lsof'))('holdsProof [needs linux, lsof]', () => {
  let machine: TestMachine;
  beforeAll(async () => {
    machine = await TestMachine.make();
  });
  afterAll(() => machine.stop());

  async function proofOf(server: Server) {
    const { processes } = await new Scanner({ backend: 'proc', ownPids: [] }).scan();
    const listen = processes.find(({ pid }) => pid === server.pid)?.listen[0];
    return { pid: server.pid, fd: listen?.fd ?? -1, inode: listen?.inode ?? '', port: listen?.port ?? 0 };
  }

  it('holds while the process has the socket, and no longer when another one listens on its port', async () => {
    const server = await machine.start('first', { listen: [{ host: '127.0.0.1' }] });
    const { pid, fd, inode, port } = await proofOf(server);
    expect(holdsProof({ kind: 'socket', pid, fd, inode })).toBe(true);
    expect(await holdsProof({ kind: 'inode', inode, port })).toBe(true);
    expect(await holdsProof({ kind: 'inode', inode, port: port - 1 })).toBe(false);
    expect(holdsProof({ kind: 'socket', pid, fd: fd + 1, inode })).toBe(false);

    await server.process.stop();
    await machine.start('second', { listen: [{ host: '127.0.0.1', port }] });
    expect(holdsProof({ kind: 'socket', pid, fd, inode })).toBe(false);
    expect(await holdsProof({ kind: 'inode', inode, port })).toBe(false);
  });

  it('holds for a process by pid and start time, as on macOS, and not for one that is gone', async () => {
    const server = await machine.start('by-start', { listen: [{ host: '127.0.0.1' }] });
    const { processes } = await new Scanner({ backend: 'lsof', ownPids: [] }).scan();
    const startedAt = processes.find(({ pid }) => pid === server.pid)?.startedAt ?? '';
    const proof = { kind: 'process', pid: server.pid, startedAt } as const;
    expect(await holdsProof(proof)).toBe(true);
    expect(await holdsProof({ ...proof, startedAt: '2001-01-01T00:00:00.000Z' })).toBe(false);
    await server.process.stop();
    expect(await holdsProof(proof)).toBe(false);
  });

  it('holds for a socket of another family', async () => {
    const server = await machine.start('v6', { listen: [{ host: '::1' }] });
    const { inode, port } = await proofOf(server);
    expect(await holdsProof({ kind: 'inode', inode, port })).toBe(true);
  });
});

describe('holdsProof', () => {
  it('holds for an address that the user named', () => {
    expect(holdsProof({ kind: 'fixed' })).toBe(true);
  });
});
