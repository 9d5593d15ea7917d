import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isShared, listeningSockets, listensOn } from '../../../src/discovery/processes/listening-tables.ts';
import { holdsProof } from '../../../src/discovery/proof.ts';
import { Scanner } from '../../../src/discovery/scan.ts';
import { needs } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
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

  it('sees who else listens where a socket does: on the same address, or before a wildcard', async () => {
    const open = async (host: string, port = 0): Promise<number> => {
      const server = createServer();
      onTestFinished(() => void server.close());
      await once(server.listen({ host, port, reusePort: true }), 'listening');
      return (server.address() as AddressInfo).port;
    };
    const inodeAt = (port: number, address: string): string =>
      listeningSockets().sockets.find((one) => one.port === port && one.address === address)?.inode ?? '';
    for (const [first, second, shared] of [
      ['127.0.0.1', '127.0.0.1', true],
      ['0.0.0.0', '127.0.0.1', true],
      ['0.0.0.0', '127.0.0.2', false],
      ['127.0.0.1', '0.0.0.0', false],
    ] as const) {
      const port = await open(first);
      const place = { address: '127.0.0.1', port, inode: inodeAt(port, first) };
      expect(await isShared(place)).toBe(false);
      await open(second, port);
      expect(await isShared(place), `${first} and ${second}`).toBe(shared);
    }
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

/** A line of /proc/net/tcp: a port, a state (0A listens, 01 is connected) and an inode. */
function line(port: number, state: string, inode: number): string {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0`.padEnd(
    149,
  );
}

describe('listensOn', () => {
  const HEADING = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const listening = Array.from({ length: 300 }, (_, i) => line(3000 + i, '0A', 70_000 + i));
  const connections = Array.from({ length: 5_000 }, (_, i) => line(40_000, '01', 80_000 + i));
  let directory: string;
  beforeAll(async () => {
    directory = await makeTempDir('hwt');
  });
  afterAll(() => removeDir(directory));

  async function table(name: string, lines: string[]): Promise<string> {
    const file = path.join(directory, name);
    await writeFile(file, `${[HEADING, ...lines].join('\n')}\n`);
    return file;
  }

  it('finds each listening socket, by port and inode, wherever its line is cut', async () => {
    const file = await table('cut', [...listening, ...connections]);
    const found = await Promise.all(listening.map((_, i) => listensOn(3000 + i, `${70_000 + i}`, [file])));
    expect(found).toEqual(listening.map(() => true));
    expect(await listensOn(3001, '70000', [file])).toBe(false);
    expect(await listensOn(3000, '7000', [file])).toBe(false);
    expect(await listensOn(40_000, '80000', [file])).toBe(false);
  });

  it('reads no connections: the kernel lists them after all that listens', async () => {
    const late = line(9000, '0A', 99_999);
    const file = await table('late', [...listening, ...connections, late]);
    expect(await listensOn(9000, '99999', [file])).toBe(false);
    const other = await table('other', [late]);
    expect(await listensOn(9000, '99999', [file, path.join(directory, 'none'), other])).toBe(true);
  });
});
