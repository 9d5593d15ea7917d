import { describe, expect, it } from 'vitest';
import { commandShape, identityMatch, identityOf, sameProgram } from './identity.ts';
import type { ProcessService } from './service.ts';

const ROOT = '/home/kim/shop';

function service(argv: string[], more: Partial<ProcessService> = {}): ProcessService {
  return {
    id: 'p1',
    pid: 1,
    ppid: 0,
    command: argv[0]?.split('/').at(-1) ?? '',
    argv,
    args: argv.join(' '),
    cwd: ROOT,
    listen: [{ address: '127.0.0.1', port: 5173 }],
    project: { root: ROOT, name: 'shop', workspace: null },
    git: { root: ROOT, branch: 'main', worktree: false },
    ...more,
  };
}

/** How surely `live` is taken for what `remembered` was. */
function match(remembered: ProcessService, live: ProcessService): number {
  const identity = identityOf(remembered);
  if (!identity) throw new Error('no identity');
  return identityMatch(identity, live);
}

describe('commandShape()', () => {
  it.each([
    [['node', `${ROOT}/node_modules/.bin/vite`, '--port', '5173'], 'node vite'],
    [['node', 'server.js'], 'node server.js'],
    [['/usr/bin/python3.12', 'manage.py', 'runserver', '0.0.0.0:8000'], 'python3.12 manage.py runserver'],
    [['next-server (v15.1.0)'], 'next-server'],
    [['node', `${ROOT}/apps/api/main.ts`], 'node main.ts'],
  ])('of %j is %s', (argv, shape) => {
    expect(commandShape(service(argv, { command: argv[0] ?? '' })).shape).toBe(shape);
  });

  it('holds no value of a flag and no long secret word', () => {
    const secret = 'sk-or-v1-0123456789abcdef0123456789abcdef';
    for (const argv of [
      ['node', 'server.js', '--token', secret],
      ['node', 'server.js', '--password', 'hunter2'],
      ['mytool', '--password', 'hunter2'],
      ['postgres://admin:hunter2@dbhost'],
      ['server', secret],
      ['node', '--api-key=hunter2', 'server.js'],
    ]) {
      const { shape } = commandShape(service(argv));
      expect(shape).not.toContain(secret);
      expect(shape).not.toContain('hunter2');
    }
  });
});

describe('identityMatch()', () => {
  const vite = service(['node', `${ROOT}/node_modules/.bin/vite`, '--port', '5173']);

  it('knows a service again on another port, address and pid', () => {
    const again = service(['node', `${ROOT}/node_modules/.bin/vite`, '--port=5199', '--host', '::1'], {
      id: 'p2',
      pid: 2,
      listen: [{ address: '::1', port: 5199 }],
    });
    expect(match(vite, again)).toBe(match(vite, vite));
  });

  it('does not mind flags such as --force and --open', () => {
    const forced = service([...(vite.argv ?? []), '--force', '--open']);
    expect(match(vite, forced)).toBe(match(vite, vite));
  });

  it('sees the same program in another job, and no other program of the place', () => {
    const identity = identityOf(vite);
    const preview = service(['node', `${ROOT}/node_modules/.bin/vite`, 'preview']);
    if (!identity) throw new Error('no identity');
    expect(identityMatch(identity, preview)).toBe(0);
    expect(sameProgram(identity, preview)).toBe(true);
    expect(sameProgram(identity, service(['node', 'server.js']))).toBe(false);
    expect(sameProgram(identity, service(preview.argv ?? [], { cwd: '/home/kim/other' }))).toBe(false);
  });

  it('tells two apps of one root apart, and ranks other flags of the same app lower', () => {
    expect(match(vite, service(['node', 'server.js']))).toBe(0);
    const other = service(['node', `${ROOT}/node_modules/.bin/vite`, '--config', 'admin.config.ts']);
    expect(match(vite, other)).toBeGreaterThan(0);
    expect(match(vite, other)).toBeLessThan(match(vite, vite));
  });

  it('never takes another checkout or another project', () => {
    const git = { root: '/home/kim/shop-fix', branch: 'fix', worktree: true };
    expect(match(vite, service(vite.argv ?? [], { git }))).toBe(0);
    const project = { root: '/home/kim/shop/admin', name: 'admin', workspace: ROOT };
    expect(match(vite, service(vite.argv ?? [], { project }))).toBe(0);
  });

  it('needs the very directory where there is no project', () => {
    const bare = service(['python3', '-m', 'http.server'], { project: null, git: null, cwd: '/srv/a' });
    expect(match(bare, { ...bare, cwd: '/srv/b' })).toBe(0);
    expect(match(bare, { ...bare, pid: 9 })).toBeGreaterThan(0);
  });

  it('has nothing to go by for a process that may not be inspected', () => {
    expect(identityOf(service([], { command: '', args: '', cwd: null, project: null, git: null }))).toBeNull();
  });
});

describe('a directory that becomes a project', () => {
  const argv = ['node', 'server.js'];
  const bare: Partial<ProcessService> = { project: null, git: null };
  const later: [string, Partial<ProcessService>][] = [
    ['by its first manifest', { git: null }],
    ['by git init', { project: null }],
    ['by both', {}],
  ];

  it.each(later)('%s, is still itself, and was it before', (_how, more) => {
    expect(match(service(argv, bare), service(argv, more))).toBe(4);
    expect(match(service(argv, more), service(argv, bare))).toBe(4);
  });

  it('is not another directory without a project', () => {
    expect(match(service(argv, bare), service(argv, { ...bare, cwd: '/home/kim/blog' }))).toBe(0);
    expect(match(service(argv, bare), service(argv, { cwd: '/home/kim/shop/api' }))).toBe(0);
  });
});

describe('identityMatch() on containers', () => {
  const web = {
    id: 'c1',
    name: 'shop-web-1',
    image: 'shop',
    expose: [80],
    publish: [],
    compose: { project: 'shop', service: 'web' },
    labels: {},
  };

  it('takes another replica of the service, and never a one-off run of it', () => {
    const identity = identityOf(web);
    if (!identity) throw new Error('no identity');
    expect(identityMatch(identity, { ...web, id: 'c2', name: 'shop-web-2' })).toBe(1);
    const oneOff = { ...web, id: 'c3', name: 'shop-web-run-9f', labels: { 'com.docker.compose.oneoff': 'True' } };
    expect(identityMatch(identity, oneOff)).toBe(0);
  });
});
