import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ProcessService, type Snapshot, snapshotSchema } from '../../../src/core/service.ts';
import { needs } from '../../fixtures/needs.ts';
import { NOBODY, type Server, TestMachine } from './test-machine.ts';

const isRoot = needs('linux') && needs('root');
const SCAN_AS = fileURLToPath(new URL('../../fixtures/discovery/scan-as.mjs', import.meta.url));

/** What nobody gets to see. */
async function scanAsNobody(backend: string): Promise<Snapshot> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCAN_AS, backend, String(NOBODY)], { cwd: '/' });
  return snapshotSchema.parse(JSON.parse(stdout));
}

function onPort({ processes }: Snapshot, port: number | undefined): ProcessService | undefined {
  return processes.find(({ listen }) => listen.some((one) => one.port === port));
}

describe.skipIf(!isRoot || !needs('lsof'))('lsof, run by such a user [needs root, lsof]', () => {
  it('shows nothing of what may not be inspected, and says so', async () => {
    const machine = await TestMachine.make();
    onTestFinished(() => machine.stop());
    const roots = await machine.start('roots', { listen: [{ host: '127.0.0.1' }] });
    const snapshot = await scanAsNobody('lsof');
    expect(snapshot.warnings).toEqual(['"lsof" shows only your own processes']);
    expect(onPort(snapshot, roots.ports[0])).toBeUndefined();
  });
});

describe.skipIf(!isRoot)('a user who may not inspect other processes [needs root]', () => {
  let machine: TestMachine;
  let roots: Server;
  beforeAll(async () => {
    machine = await TestMachine.make();
    roots = await machine.start('roots', { listen: [{ host: '127.0.0.1' }, { host: '::1' }] });
  });
  afterAll(() => machine.stop());

  it.each(['proc', ...(needs('ss') ? ['ss'] : [])])(
    '%s: sees each of their sockets, with all that is known',
    async (backend) => {
      const snapshot = await scanAsNobody(backend);
      expect(snapshot.warnings).toBeUndefined();
      for (const [i, address] of ['127.0.0.1', '::1'].entries()) {
        const service = onPort(snapshot, roots.ports[i]);
        const inode = service?.listen[0]?.inode;
        expect(service).toEqual({
          id: `s${inode}`,
          pid: 0,
          ppid: 0,
          command: '',
          args: '',
          cwd: null,
          listen: [{ address, port: roots.ports[i], inode }],
          project: null,
          git: null,
          uid: 0,
        });
      }
    },
  );
});
