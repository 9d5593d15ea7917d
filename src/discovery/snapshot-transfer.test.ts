import { describe, expect, it } from 'vitest';
import type { ProcessService, Snapshot } from '../core/service.ts';
import { SnapshotPacker, SnapshotUnpacker } from './snapshot-transfer.ts';

function makeProcess(pid: number, args = 'node server.js'): ProcessService {
  const where = { cwd: '/src/shop', project: null, git: null };
  return {
    id: `p${pid}`,
    pid,
    ppid: 1,
    command: 'node',
    args,
    ...where,
    listen: [{ address: '::1', port: 3000 + pid }],
  };
}

function makeSnapshot(...processes: ProcessService[]): Snapshot {
  return { processes, containers: [], warnings: ['one'] };
}

function makeEnds() {
  const packer = new SnapshotPacker();
  const unpacker = new SnapshotUnpacker();
  const pass = (snapshot: Snapshot) => {
    const packed = structuredClone(packer.pack(structuredClone(snapshot)));
    return { added: packed.added.length, snapshot: unpacker.unpack(packed) };
  };
  return pass;
}

describe('snapshots between threads', () => {
  it('arrive as they were sent', () => {
    const pass = makeEnds();
    const sent = makeSnapshot(makeProcess(1), makeProcess(2));
    expect(pass(sent).snapshot).toEqual(sent);
    expect(pass(makeSnapshot()).snapshot).toEqual(makeSnapshot());
    expect(pass(sent).snapshot).toEqual(sent);
  });

  it('bring only what changed, and keep the objects of the rest', () => {
    const pass = makeEnds();
    const first = pass(makeSnapshot(makeProcess(1), makeProcess(2), makeProcess(3))).snapshot;
    const next = makeSnapshot(makeProcess(3), makeProcess(2, 'node other.js'), makeProcess(4));
    const second = pass(next);
    expect(second.added).toBe(2);
    expect(second.snapshot).toEqual(next);
    expect(second.snapshot.processes[0]).toBe(first.processes[2]);
  });

  it('may hold the same process twice', () => {
    const pass = makeEnds();
    const twice = makeSnapshot(makeProcess(1), makeProcess(1));
    expect(pass(twice).snapshot).toEqual(twice);
    expect(pass(twice)).toMatchObject({ added: 0, snapshot: twice });
  });
});
