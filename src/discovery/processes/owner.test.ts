import { describe, expect, it } from 'vitest';
import { type Holders, ownerAmong, ownerFrom } from './owner.ts';

/** A machine as pid -> [parent, does it hold the socket]. */
function machine(tree: Record<number, [number, boolean]>, activators: number[] = [1]): Holders {
  return {
    fdOf: (pid) => (tree[pid]?.[1] ? pid * 10 : undefined),
    parentOf: (pid) => tree[pid]?.[0] ?? 0,
    activates: (pid) => activators.includes(pid),
  };
}

describe('ownerFrom', () => {
  it('gives a lone holder', () => {
    expect(ownerFrom({ pid: 9, fd: 90 }, '5', machine({ 9: [1, true], 1: [0, false] }))).toEqual({ pid: 9, fd: 90 });
  });

  it('gives the parent of pre-forked workers', () => {
    const tree = machine({ 9: [8, true], 8: [7, true], 7: [1, false], 1: [0, false] });
    expect(ownerFrom({ pid: 9, fd: 90 }, '5', tree)).toEqual({ pid: 8, fd: 80 });
  });

  it('gives the oldest ancestor even where one between does not hold it', () => {
    const tree = machine({ 9: [8, true], 8: [7, false], 7: [1, true], 1: [0, false] });
    expect(ownerFrom({ pid: 9, fd: 90 }, '5', tree).pid).toBe(7);
  });

  it('never gives the init process or a user’s systemd, which open sockets for others', () => {
    const tree = machine({ 9: [3, true], 3: [1, true], 1: [0, true] }, [1, 3]);
    expect(ownerFrom({ pid: 9, fd: 90 }, '5', tree).pid).toBe(9);
  });

  it('ends in a tree that was read while it changed and has a circle', () => {
    expect(ownerFrom({ pid: 9, fd: 90 }, '5', machine({ 9: [8, true], 8: [9, true] })).fd).toBeGreaterThan(0);
  });
});

describe('ownerAmong', () => {
  const all = (...pids: number[]) => pids.map((pid) => ({ pid, fd: pid * 10 }));

  it('gives the same one of orphaned workers whichever is known first', () => {
    const orphans = machine({ 7: [1, true], 8: [1, true], 9: [1, true], 1: [0, false] });
    expect(ownerAmong(all(9, 7, 8), '5', orphans)).toEqual({ pid: 7, fd: 70 });
    expect(ownerAmong(all(7, 8, 9), '5', orphans)).toEqual({ pid: 7, fd: 70 });
  });

  it('gives a parent rather than its workers, also where pids came round and the workers’ are lower', () => {
    const wrapped = machine({ 3: [90, true], 4: [90, true], 90: [1, true], 1: [0, false] });
    expect(ownerAmong(all(3, 4, 90), '5', wrapped)).toEqual({ pid: 90, fd: 900 });
  });

  it('gives nobody where only those hold it who open sockets for others', () => {
    expect(ownerAmong(all(1), '5', machine({ 1: [0, true] }))).toBeUndefined();
  });
});
