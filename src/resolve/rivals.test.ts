import { describe, expect, it } from 'vitest';
import type { ProcessService } from '../core/service.ts';
import { frontOf, newRivals, rivalDigests, rivalsOf } from './rivals.ts';

function program(pid: number, root: string, script: string): ProcessService {
  const name = root.split('/').at(-1) ?? '';
  return {
    id: `p${pid}`,
    pid,
    ppid: 0,
    command: 'node',
    argv: ['node', script],
    args: `node ${script}`,
    cwd: root,
    listen: [{ address: '127.0.0.1', port: 4000 + pid }],
    project: { root, name, workspace: null },
    git: { root, branch: 'main', worktree: false },
  };
}

const API = program(1, '/h/w/shop', 'api.js');
const WEB = program(2, '/h/w/shop', 'web.js');
const CART = program(3, '/h/w/cart', 'server.js');
const BLOG = program(4, '/h/w/blog', 'server.js');
const snapshotOf = (...processes: ProcessService[]) => ({ processes, containers: [] });
const ids = (services: { id: string }[]) => services.map(({ id }) => id);

describe('rivalsOf()', () => {
  it('has the same project, a shared word, and whom a step pointed at, and nobody else', () => {
    const snapshot = snapshotOf(API, WEB, CART, BLOG);
    expect(ids(rivalsOf('my-cart', API, [], snapshot))).toEqual(['p1', 'p2', 'p3']);
    expect(ids(rivalsOf('x', API, ['p4'], snapshot))).toEqual(['p1', 'p2', 'p4']);
  });
});

describe('newRivals()', () => {
  it.each([
    [[API], [API, WEB], ['p2']],
    [[WEB], [API, WEB], ['p1']],
    [[API, WEB], [API, WEB], []],
    [[API, WEB], [API], []],
  ])('tells who was not there, whatever their digests are', (before, now, expected) => {
    expect(ids(newRivals(now, rivalDigests(before)))).toEqual(expected);
  });

  it('is nobody after a restart on another port with another pid', () => {
    const again = { ...API, id: 'p9', pid: 9, listen: [{ address: '::1', port: 9999 }] };
    expect(newRivals([again], rivalDigests([API]))).toEqual([]);
  });

  it('of very many is everybody, until all of them were looked at', () => {
    const many = Array.from({ length: 100 }, (_, i) => program(i + 10, `/h/w/app${i}`, 'server.js'));
    const digests = rivalDigests(many);
    expect(digests).toHaveLength(1);
    expect(newRivals(many, digests)).toEqual([]);
    expect(newRivals(many.slice(1), digests)).toHaveLength(99);
  });
});

describe('frontOf()', () => {
  it('is the one that shows pages, if there is only one', () => {
    expect(frontOf([API, WEB], snapshotOf(API, WEB))?.id).toBe('p2');
    expect(frontOf([CART, BLOG], snapshotOf(CART, BLOG))).toBeUndefined();
    expect(frontOf([API, CART], snapshotOf(API, CART))?.id).toBe('p3');
  });
});
