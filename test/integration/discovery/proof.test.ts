import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdsProof } from '../../../src/discovery/proof.ts';
import { Scanner } from '../../../src/discovery/scan.ts';
import { needs } from '../../fixtures/needs.ts';
import { type Server, TestMachine } from './test-machine.ts';

describe.skipIf(!needs('linux'))('holdsProof [needs linux]', () => {
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
