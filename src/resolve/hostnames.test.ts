import { expect, it } from 'vitest';
import type { ProcessService, Snapshot } from '../core/service.ts';
import { shownHosts } from './hostnames.ts';

function program(pid: number, root: string, hostwise?: string): ProcessService {
  return {
    id: `p${pid}`,
    pid,
    ppid: 99,
    command: 'node',
    argv: ['node', 'server.js'],
    args: 'node server.js',
    cwd: root,
    listen: [{ address: '127.0.0.1', port: 4000 + pid }],
    project: { root, name: root.slice(root.lastIndexOf('/') + 1), workspace: null, ...(hostwise ? { hostwise } : {}) },
    git: null,
  };
}

function shown(...processes: ProcessService[]): Record<string, string> {
  const snapshot: Snapshot = { processes, containers: [] };
  return Object.fromEntries(shownHosts(snapshot, ['localhost', 'test']));
}

it('is what the user asked for, as a name or as a whole hostname', () => {
  expect(shown(program(1, '/home/kim/kiosk', 'store'), program(2, '/home/kim/blog', 'news.test'))).toEqual({
    p1: 'store.localhost',
    p2: 'news.test',
  });
});

it('is the canonical one where what they asked for does not decide', () => {
  const twice = [program(1, '/home/kim/kiosk', 'store'), program(2, '/home/kim/blog', 'store')];
  expect(shown(...twice)).toEqual({ p1: 'kiosk.localhost', p2: 'blog.localhost' });
  const taken = [program(1, '/home/kim/kiosk', 'blog'), program(2, '/home/kim/blog')];
  expect(shown(...taken)).toEqual({ p1: 'kiosk.localhost', p2: 'blog.localhost' });
  expect(shown(program(1, '/home/kim/kiosk', 'store.example.com'))).toMatchObject({ p1: expect.any(String) });
});

it('is nobody else’s: a part of the project that was called so has none', () => {
  const workspace = { workspace: '/home/kim/shop', workspaceName: 'shop' };
  const part = (pid: number, name: string, hostwise?: string): ProcessService => {
    const own = program(pid, `/home/kim/shop/${name}`, hostwise);
    return { ...own, project: { ...own.project, root: `/home/kim/shop/${name}`, name, ...workspace } };
  };
  expect(shown(part(1, 'web'), part(2, 'pages', 'web.shop'))).toEqual({ p2: 'web.shop.localhost' });
});
