import { describe, expect, it } from 'vitest';
import type { ContainerHint, ContainerService, ProcessService } from '../core/service.ts';
import { matchHints, type UserChoice } from './hints.ts';

const HINT: ContainerHint = { host: 'store.localhost', source: 'VIRTUAL_HOST', image: false, decides: true };

function container(
  id: string,
  hints: Partial<ContainerHint>[],
  more: Partial<ContainerService> = {},
): ContainerService {
  const hintDetails = hints.map((hint) => ({ ...HINT, ...hint }));
  return { id, name: id, image: 'i', expose: [80], publish: [], compose: null, labels: {}, hintDetails, ...more };
}

function program(pid: number, root: string, hostwise: string | undefined, branch?: string): ProcessService {
  const name = root.split('/').at(-1) ?? '';
  return {
    id: `p${pid}`,
    pid,
    ppid: 0,
    command: 'node',
    args: 'node server.js',
    cwd: root,
    listen: [{ address: '127.0.0.1', port: 4000 + pid }],
    project: { root, name, workspace: null, ...(hostwise === undefined ? {} : { hostwise }) },
    git: { root, branch: branch ?? 'main', worktree: branch !== undefined, ...(branch ? { main: '/h/w/shop' } : {}) },
  };
}

function match(
  hostname: string,
  services: (ContainerService | ProcessService)[],
  { userChoice, domains = ['localhost'] }: { userChoice?: UserChoice; domains?: string[] } = {},
) {
  const snapshot = {
    processes: services.filter((service): service is ProcessService => 'pid' in service && !('image' in service)),
    containers: services.filter((service): service is ContainerService => 'image' in service),
  };
  const name = hostname.slice(0, hostname.lastIndexOf('.'));
  return matchHints({ hostname, name, domains, userChoice }, snapshot);
}

describe('a label or variable of a container', () => {
  it('decides for the hostname that it names, with its port', () => {
    const store = container('c1', [{ port: 8080 }], { expose: [80, 8080] });
    expect(match('store.localhost', [store])).toMatchObject({ outcome: 'decided', id: 'c1', port: 8080 });
    expect(match('store.localhost', [store]).detail).toContain('VIRTUAL_HOST of c1');
  });

  it('does not count when it came with the image, and is shown', () => {
    const found = match('store.localhost', [container('c1', [{ image: true }])]);
    expect(found).toMatchObject({ outcome: 'nothing', ids: ['c1'] });
    expect(found.detail).toContain('came with the image');
  });

  it('is evidence only when its rule has further conditions', () => {
    const found = match('store.localhost', [container('c1', [{ decides: false, source: 'traefik.rule' }])]);
    expect(found).toMatchObject({ outcome: 'nothing', ids: ['c1'] });
    expect(found.detail).toContain('further conditions');
  });

  it('beats another one’s evidence', () => {
    const services = [container('c1', [{ decides: false }]), container('c2', [{}])];
    expect(match('store.localhost', services)).toMatchObject({ outcome: 'decided', id: 'c2' });
  });

  it('decides nothing when two ask for one name', () => {
    const found = match('store.localhost', [container('c1', [{}]), container('c2', [{}])]);
    expect(found).toMatchObject({ outcome: 'ambiguous', ids: ['c1', 'c2'] });
  });

  it('is not counted again for a one-off copy of its service', () => {
    const labels = { 'com.docker.compose.oneoff': 'True' };
    const services = [container('c1', [{}]), container('c2', [{}], { labels })];
    expect(match('store.localhost', services)).toMatchObject({ outcome: 'decided', id: 'c1' });
  });

  it.each(['store.example.com', 'store.local', 'x.store.localhost', 'store'])(
    'for %s is not about this name',
    (host) => {
      expect(match('store.localhost', [container('c1', [{ host }])])).toMatchObject({ outcome: 'nothing', ids: [] });
    },
  );

  it('under a domain that is configured counts', () => {
    const services = [container('c1', [{ host: 'store.example.com' }])];
    const found = match('store.example.com', services, { domains: ['localhost', 'example.com'] });
    expect(found).toMatchObject({ outcome: 'decided', id: 'c1' });
  });

  it('that is written for us may leave the domain out', () => {
    const services = [container('c1', [{ host: 'my.store', source: 'hostwise.host' }])];
    expect(match('my.store.localhost', services)).toMatchObject({ outcome: 'decided', id: 'c1' });
  });

  it('with a port that the service does not have is followed without it', () => {
    const found = match('store.localhost', [container('c1', [{ port: 9999 }])]);
    expect(found).toMatchObject({ outcome: 'decided', port: 80 });
    expect(found.detail).toContain('no container port 9999');
    const several = container('c1', [{ port: 9999 }], { expose: [3000, 4000] });
    expect(match('store.localhost', [several])).toMatchObject({ outcome: 'ambiguous', ids: ['c1'] });
  });

  it('may be said twice, but not with two ports', () => {
    const two = (port: number) => container('c1', [{ port: 80 }, { port, source: 'caddy' }], { expose: [80, 81] });
    expect(match('store.localhost', [two(80)])).toMatchObject({ outcome: 'decided', port: 80 });
    expect(match('store.localhost', [two(81)])).toMatchObject({ outcome: 'ambiguous' });
  });

  it('does not take the exact name of another project, running beside it', () => {
    const found = match('shop.localhost', [
      container('c1', [{ host: 'shop.localhost' }]),
      program(1, '/h/w/shop', undefined),
    ]);
    expect(found).toMatchObject({ outcome: 'ambiguous', ids: ['c1'] });
    expect(found.detail).toContain('exact name of shop (node)');
  });

  it('may give a name of its own project to another part of it', () => {
    const compose = { project: 'shop', service: 'proxy', workdir: '/h/w/shop' };
    const own = container('c1', [{ host: 'shop.localhost' }], { compose });
    expect(match('shop.localhost', [own, program(1, '/h/w/shop', undefined)])).toMatchObject({
      outcome: 'decided',
      id: 'c1',
    });
  });

  it('does not take what the user gave to another service', () => {
    const userChoice = { label: 'the blog', id: 'p9' };
    const found = match('store.localhost', [container('c1', [{}])], { userChoice });
    expect(found).toMatchObject({ outcome: 'ambiguous', ids: ['c1'] });
    expect(found.detail).toContain('you gave it to the blog');
    expect(match('store.localhost', [container('c1', [{}])], { userChoice: { label: 'c1', id: 'c1' } })).toMatchObject({
      outcome: 'decided',
    });
  });

  it('in a snapshot that names only the hosts counts as the user’s', () => {
    const { hintDetails: _, ...listed } = container('c1', [], { hints: ['store.localhost'] });
    expect(match('store.localhost', [listed])).toMatchObject({ outcome: 'decided', id: 'c1' });
  });
});

describe('"hostwise" in package.json', () => {
  it('gives the project another name, under every domain', () => {
    const services = [program(1, '/h/w/shop', 'store')];
    expect(match('store.localhost', services)).toMatchObject({ outcome: 'decided', id: 'p1', port: 4001 });
    expect(match('store.dev', services, { domains: ['localhost', 'dev'] })).toMatchObject({ outcome: 'decided' });
  });

  it('may name the domain, and is meant for that one then', () => {
    const services = [program(1, '/h/w/shop', 'store.localhost')];
    expect(match('store.localhost', services)).toMatchObject({ outcome: 'decided' });
    expect(match('store.dev', services, { domains: ['localhost', 'dev'] })).toMatchObject({ outcome: 'nothing' });
  });

  it('is the main checkout’s; a linked worktree has it behind its branch', () => {
    const main = program(1, '/h/w/shop', 'store');
    const linked = program(2, '/h/w/shop-fix', 'store', 'fix-ui');
    expect(match('store.localhost', [main, linked])).toMatchObject({ outcome: 'decided', id: 'p1' });
    expect(match('fix-ui.store.localhost', [main, linked])).toMatchObject({ outcome: 'decided', id: 'p2' });
    expect(match('store.localhost', [linked])).toMatchObject({ outcome: 'nothing', ids: [] });
  });

  it('of a project that runs two programs, or of two projects, decides nothing', () => {
    const two = [program(1, '/h/w/shop', 'store'), program(2, '/h/w/shop', 'store')];
    expect(match('store.localhost', two)).toMatchObject({ outcome: 'ambiguous', ids: ['p1', 'p2'] });
    const copies = [program(1, '/h/w/shop', 'store'), program(2, '/h/w/copy', 'store')];
    expect(match('store.localhost', copies)).toMatchObject({ outcome: 'ambiguous' });
  });

  it('cannot take the dashboard’s name', () => {
    expect(match('proxy.localhost', [program(1, '/h/w/shop', 'proxy')])).toMatchObject({ outcome: 'nothing', ids: [] });
  });
});
