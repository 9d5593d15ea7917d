import { describe, expect, it } from 'vitest';
import type { Mapping } from '../core/mapping.ts';
import type { ContainerService, Listen, ProcessService, Service, Snapshot } from '../core/service.ts';
import { locate } from './locate.ts';
import { mappingFor } from './make-mapping.ts';

const HOME = '/home/kim';

function app(pid: number, directory: string, command: string, ...ports: (number | Listen)[]): ProcessService {
  return {
    id: `p${pid}`,
    pid,
    ppid: 1,
    command: command.split(' ')[0] ?? '',
    argv: command.split(' '),
    args: command,
    cwd: directory,
    listen: ports.map((port, i) =>
      typeof port === 'number' ? { address: '127.0.0.1', port, inode: `${pid}0${i}`, fd: 20 + i } : port,
    ),
    project: { root: directory, name: directory.split('/').at(-1) ?? '', workspace: null },
    git: null,
    startTicks: pid * 10,
  };
}

function container(id: string, name: string, more: Partial<ContainerService> = {}): ContainerService {
  return { id, name, image: 'app', expose: [], publish: [], ip: null, compose: null, labels: {}, ...more };
}

function machine(...services: Service[]): Snapshot {
  return {
    processes: services.filter((one): one is ProcessService => 'pid' in one),
    containers: services.filter((one): one is ContainerService => 'image' in one),
  };
}

function mapped(service: Service, port: number, source: Mapping['source'] = 'name'): Mapping {
  return mappingFor(service, port, { source: source ?? 'name', reason: '', confidence: 1, now: new Date(0) });
}

function seed(more: Partial<Mapping>): Mapping {
  return { type: 'process', target: 'localhost', port: 3000, createdAt: '', llmReason: '', ...more };
}

/** `p1@127.0.0.1:3000`, or the kind of the failure. */
function at(mapping: Mapping, snapshot: Snapshot): string {
  const located = locate(mapping, snapshot);
  if (located.kind !== 'found') return located.kind;
  const { serviceId, address, port } = located.upstream;
  return `${serviceId}@${address}:${port}`;
}

describe('locate by identity', () => {
  const shop = app(1, `${HOME}/shop`, 'node vite', 5173);

  it('finds a service where it was', () => {
    expect(at(mapped(shop, 5173), machine(shop))).toBe('p1@127.0.0.1:5173');
  });

  it.each([
    ['on another port', app(1, `${HOME}/shop`, 'node vite --port 5174', 5174), 'p1@127.0.0.1:5174'],
    ['with another pid', app(9, `${HOME}/shop`, 'node vite', 5173), 'p9@127.0.0.1:5173'],
    ['with both', app(9, `${HOME}/shop`, 'node vite --port=5199', 5199), 'p9@127.0.0.1:5199'],
    [
      'on the other family',
      app(9, `${HOME}/shop`, 'node vite', { address: '::1', port: 5173, inode: '7', fd: 3 }),
      'p9@::1:5173',
    ],
  ])('follows a restart %s', (_how, restarted, where) => {
    expect(at(mapped(shop, 5173), machine(restarted))).toBe(where);
  });

  it('never goes to another app that took the port', () => {
    const blog = app(2, `${HOME}/blog`, 'node vite', 5173);
    expect(at(mapped(shop, 5173), machine(blog))).toBe('absent');
    expect(at(mapped(shop, 5173, 'user'), machine(blog))).toBe('absent');
  });

  it('goes to its own app when another one took the recorded port', () => {
    const blog = app(2, `${HOME}/blog`, 'node vite', 5173);
    const moved = app(3, `${HOME}/shop`, 'node vite', 5174);
    expect(at(mapped(shop, 5173), machine(blog, moved))).toBe('p3@127.0.0.1:5174');
  });

  it('tells two apps started from one monorepo root apart, also when one of them stops', () => {
    const web = app(1, `${HOME}/mono`, 'node vite -c apps/web.ts', 5173);
    const admin = app(2, `${HOME}/mono`, 'node vite -c apps/admin.ts', 5174);
    const api = app(3, `${HOME}/mono`, 'node server.js', 4000);
    const all = machine(web, admin, api);
    expect(at(mapped(web, 5173), all)).toBe('p1@127.0.0.1:5173');
    expect(at(mapped(admin, 5174), all)).toBe('p2@127.0.0.1:5174');
    expect(at(mapped(api, 4000), all)).toBe('p3@127.0.0.1:4000');
    const adminOnWebsPort = app(7, `${HOME}/mono`, 'node vite -c apps/admin.ts', 5173);
    expect(at(mapped(web, 5173), machine(adminOnWebsPort, api))).toBe('absent');
    expect(at(mapped(admin, 5174), machine(adminOnWebsPort, api))).toBe('p7@127.0.0.1:5173');
  });

  it('tells sub-directories of one project apart when the command is the same', () => {
    const one = {
      ...app(1, `${HOME}/go/cmd/one`, 'air', 8080),
      project: { root: `${HOME}/go`, name: 'go', workspace: null },
    };
    const two = { ...app(2, `${HOME}/go/cmd/two`, 'air', 8080), project: one.project };
    expect(at(mapped(one, 8080), machine(two))).toBe('absent');
  });

  it('tells worktrees apart', () => {
    const git = (root: string, branch: string) => ({ root, branch, worktree: branch !== 'main' });
    const main = { ...app(1, `${HOME}/shop`, 'node vite', 5173), git: git(`${HOME}/shop`, 'main') };
    const fix = { ...app(2, `${HOME}/wt/fix`, 'node vite', 5174), git: git(`${HOME}/wt/fix`, 'fix') };
    expect(at(mapped(fix, 5174), machine(main, fix))).toBe('p2@127.0.0.1:5174');
    expect(at(mapped(fix, 5174), machine(main))).toBe('absent');
    const mainOnItsPort = { ...main, listen: fix.listen };
    expect(at(mapped(fix, 5174), machine(mainOnItsPort))).toBe('absent');
  });

  it('takes the instance on the recorded port of two that are alike, and none when both moved', () => {
    const second = app(2, `${HOME}/shop`, 'node vite', 5174);
    expect(at(mapped(second, 5174), machine(shop, second))).toBe('p2@127.0.0.1:5174');
    const moved = app(3, `${HOME}/shop`, 'node vite', 5175);
    expect(at(mapped(shop, 5173), machine(second, moved))).toBe('ambiguous');
  });

  it('takes the oldest of the workers that share one port', () => {
    const workers = [4, 2, 3].map((pid) => app(pid, `${HOME}/shop`, 'node server.js', 3000));
    expect(at(mapped(app(1, `${HOME}/shop`, 'node server.js', 3000), 3000), machine(...workers))).toBe(
      'p2@127.0.0.1:3000',
    );
  });

  it('keeps the ports of one process apart', () => {
    const before = app(1, `${HOME}/shop`, 'node vite', 24_678, 5173);
    const after = app(2, `${HOME}/shop`, 'node vite', 24_678, 5180);
    expect(at(mapped(before, 24_678), machine(after))).toBe('p2@127.0.0.1:24678');
    expect(at(mapped(before, 5173), machine(after))).toBe('p2@127.0.0.1:5180');
    const hmrOnly = app(2, `${HOME}/shop`, 'node vite', 24_678);
    expect(at(mapped(before, 5173), machine(hmrOnly))).toBe('absent');
    const bothNew = app(2, `${HOME}/shop`, 'node vite', 5180, 24_679);
    const located = locate(mapped(before, 5173), machine(bothNew));
    expect(located).toMatchObject({ kind: 'ambiguous', services: [{ id: 'p2' }] });
  });

  it('never takes a debugger’s port', () => {
    const debugged = app(2, `${HOME}/shop`, 'node vite', { address: '127.0.0.1', port: 9229, noise: 'debugger' }, 5180);
    expect(at(mapped(shop, 5173), machine(debugged))).toBe('p2@127.0.0.1:5180');
    const only = app(2, `${HOME}/shop`, 'node vite', { address: '127.0.0.1', port: 9229, noise: 'debugger' });
    expect(at(mapped(shop, 5173), machine(only))).toBe('absent');
  });

  it.each([
    [['::', '127.0.0.1'], '127.0.0.1'],
    [['0.0.0.0', '::1'], '::1'],
    [['::', '0.0.0.0'], '127.0.0.1'],
    [['*'], '::1'],
    [['192.168.1.5', '0.0.0.0'], '127.0.0.1'],
    [['192.168.1.5'], '192.168.1.5'],
  ])('dials %s at %s', (addresses, dialled) => {
    const listens = addresses.map((address, i) => ({ address, port: 5173, inode: `${i}`, fd: i }));
    expect(at(mapped(shop, 5173), machine(app(1, `${HOME}/shop`, 'node vite', ...listens)))).toBe(`p1@${dialled}:5173`);
  });

  it('gives the proof of the socket that is dialled, and another key for another incarnation', () => {
    const upstreamOf = (service: ProcessService) => {
      const located = locate(mapped(shop, 5173), machine(service));
      return located.kind === 'found' ? located.upstream : undefined;
    };
    expect(upstreamOf(shop)?.proof).toEqual({ kind: 'socket', pid: 1, fd: 20, inode: '100' });
    const keys = [
      shop,
      { ...shop, startTicks: 11 },
      { ...shop, listen: [{ address: '127.0.0.1', port: 5173, inode: '999', fd: 20 }] },
      { ...shop, listen: [{ address: '::1', port: 5173, inode: '100', fd: 20 }] },
    ].map((service) => upstreamOf(service)?.key);
    expect(new Set(keys).size).toBe(4);
  });

  it('gives a proof by pid and start time where a socket has no inode (macOS), another start another key', () => {
    const { startTicks: _, ...mac } = app(1, `${HOME}/shop`, 'node vite', {
      address: '::1',
      port: 5173,
      inode: '0x5c3e1b2a9f0d4e31',
      fd: 18,
    });
    const [first, second] = ['2026-11-23T09:15:02.000Z', '2026-11-23T09:15:03.000Z'].map((startedAt) => {
      const located = locate(mapped(mac, 5173), machine({ ...mac, startedAt }));
      return located.kind === 'found' ? located.upstream : undefined;
    });
    expect(first?.proof).toEqual({ kind: 'process', pid: 1, startedAt: '2026-11-23T09:15:02.000Z' });
    expect(first?.key).not.toBe(second?.key);
  });

  it('says names only: no path, no argument', () => {
    const secret = app(1, `${HOME}/shop`, 'node vite --token=hunter2', 5173);
    const located = locate(mapped(secret, 5173), machine(secret));
    expect(JSON.stringify(located.kind === 'found' && located.upstream.label)).not.toMatch(/hunter2|home/);
    const gone = locate(mapped(secret, 5173), machine(shop));
    expect(gone).toMatchObject({ kind: 'absent', detail: expect.stringContaining('shop') });
    expect(JSON.stringify(gone)).not.toMatch(/hunter2|\/home/);
  });
});

describe('locate for mappings without an identity', () => {
  it('takes the process of exactly that directory, on whatever port', () => {
    const mapping = seed({ processIdentifier: { workdir: `${HOME}/shop` } });
    expect(at(mapping, machine(app(1, `${HOME}/shop`, 'node x', 3005)))).toBe('p1@127.0.0.1:3005');
    expect(at(seed({ processIdentifier: { workdir: `${HOME}/shop/` } }), machine(app(1, `${HOME}/shop`, 'x', 1)))).toBe(
      'p1@127.0.0.1:1',
    );
  });

  it('takes no directory above, below or beside it, even on the recorded port', () => {
    const mapping = seed({ processIdentifier: { workdir: `${HOME}/shop` } });
    for (const other of [HOME, `${HOME}/shop/api`, `${HOME}/shop2`, '/']) {
      expect(at(mapping, machine(app(1, other, 'node x', 3000))), other).toBe('absent');
    }
  });

  it('takes a process below whose project root it is', () => {
    const below = {
      ...app(1, `${HOME}/shop/src`, 'node x', 3005),
      project: { root: `${HOME}/shop`, name: 'shop', workspace: null },
    };
    expect(at(seed({ processIdentifier: { workdir: `${HOME}/shop` } }), machine(below))).toBe('p1@127.0.0.1:3005');
  });

  it('prefers the recorded port and never the lowest', () => {
    const mapping = seed({ processIdentifier: { workdir: `${HOME}/mono` } });
    const api = app(1, `${HOME}/mono`, 'node api', 2000);
    const web = app(2, `${HOME}/mono`, 'node web', 3000);
    expect(at(mapping, machine(api, web))).toBe('p2@127.0.0.1:3000');
    expect(at(mapping, machine(api, app(2, `${HOME}/mono`, 'node web', 3001)))).toBe('ambiguous');
  });

  it('reads a command pattern as plain text, which cannot run away', () => {
    const web = app(1, `${HOME}/mono`, 'node web.js', 3001);
    const api = app(2, `${HOME}/mono`, 'node api.js', 2000);
    const by = (commandPattern: string) => seed({ processIdentifier: { workdir: `${HOME}/mono`, commandPattern } });
    expect(at(by('web.js'), machine(web, api))).toBe('p1@127.0.0.1:3001');
    expect(at(by('(a+)+$'), machine({ ...web, args: 'a'.repeat(100_000) }))).toBe('absent');
  });

  it('takes a directory as target', () => {
    const shop = app(1, `${HOME}/shop`, 'node x', 3005);
    expect(at(seed({ target: `${HOME}/shop` }), machine(shop))).toBe('p1@127.0.0.1:3005');
    expect(at(seed({ target: `${HOME}/shop` }), machine())).toBe('absent');
  });

  it('takes whoever listens on the port of localhost', () => {
    expect(at(seed({}), machine(app(1, '/a', 'x', 3000)))).toBe('p1@127.0.0.1:3000');
    expect(at(seed({}), machine(app(1, '/a', 'x', 3001)))).toBe('absent');
    const foreign = {
      ...app(0, '/a', 'x', { address: '0.0.0.0', port: 3000, inode: '55' }),
      id: 's55',
      cwd: null,
      command: '',
    };
    const located = locate(seed({}), machine({ ...foreign, project: null }));
    expect(located).toMatchObject({
      upstream: { proof: { kind: 'inode', inode: '55', port: 3000 }, address: '127.0.0.1' },
    });
  });

  it('says so when two programs have one port on different families, unless the address is named', () => {
    const four = app(1, '/a', 'x', 3000);
    const six = app(2, '/b', 'y', { address: '::1', port: 3000, inode: '1', fd: 1 });
    expect(at(seed({}), machine(four, six))).toBe('ambiguous');
    expect(at(seed({ target: '::1' }), machine(four, six))).toBe('p2@::1:3000');
    expect(at(seed({ target: '127.0.0.1' }), machine(four, six))).toBe('p1@127.0.0.1:3000');
  });

  it('goes to a fixed address on another machine', () => {
    expect(locate(seed({ target: '192.168.1.20' }), machine())).toEqual({
      kind: 'found',
      service: null,
      upstream: {
        key: 'fixed@192.168.1.20:3000',
        address: '192.168.1.20',
        port: 3000,
        serviceId: '',
        label: '192.168.1.20:3000',
        proof: { kind: 'fixed' },
      },
    });
    expect(at(seed({ target: '[fd00::1]' }), machine())).toBe('@fd00::1:3000');
  });
});

describe('locate for containers', () => {
  const web = container('c1', 'shop-web-1', {
    expose: [3000],
    publish: [
      { container: 3000, host: 49_000, ip: '::' },
      { container: 3000, host: 49_001, ip: '0.0.0.0' },
    ],
    ip: '172.18.0.2',
    compose: { project: 'shop', service: 'web' },
  });

  it('prefers the published port, on loopback', () => {
    expect(at(mapped(web, 3000), machine(web))).toBe('c1@127.0.0.1:49001');
    const bound = { ...web, publish: [{ container: 3000, host: 49_000, ip: '192.168.1.5' }] };
    expect(at(mapped(web, 3000), machine(bound))).toBe('c1@192.168.1.5:49000');
  });

  it('dials the container’s own address where nothing is published', () => {
    const inner = { ...web, publish: [] };
    const located = locate(mapped(inner, 3000), machine(inner));
    expect(located).toMatchObject({
      upstream: { address: '172.18.0.2', port: 3000, proof: { kind: 'container', id: 'c1', address: '172.18.0.2' } },
    });
    const unreachable = locate(mapped(inner, 3000), machine({ ...inner, ip: null }));
    expect(unreachable).toMatchObject({ kind: 'absent', detail: expect.stringContaining('publish its port 3000') });
  });

  it('follows a re-creation, under another name too', () => {
    const mapping = mapped(web, 3000);
    expect(at(mapping, machine({ ...web, id: 'c2' }))).toBe('c2@127.0.0.1:49001');
    expect(at(mapping, machine({ ...web, id: 'c2', name: 'shop-web-2' }))).toBe('c2@127.0.0.1:49001');
    expect(at(mapping, machine({ ...web, compose: { project: 'blog', service: 'web' } }))).toBe('absent');
  });

  it('stays with the recorded replica of a scaled service, and takes the first by name when it is gone', () => {
    const replica = (n: number) => ({ ...web, id: `c${n}`, name: `shop-web-${n}` });
    const mapping = mapped(replica(2), 3000);
    expect(at(mapping, machine(replica(1), replica(2)))).toBe('c2@127.0.0.1:49001');
    expect(at(mapping, machine(replica(10), replica(3)))).toBe('c3@127.0.0.1:49001');
  });

  it('finds the seed’s container by its name', () => {
    const mapping = seed({ type: 'docker', target: 'shop-web-1', port: 3000 });
    expect(at(mapping, machine(web))).toBe('c1@127.0.0.1:49001');
    expect(at({ ...mapping, target: 'shop-web' }, machine(web))).toBe('absent');
    expect(at({ ...mapping, port: 49_001 }, machine(web))).toBe('c1@127.0.0.1:49001');
  });

  it('takes the only port when the recorded one is gone, and says so when there are several', () => {
    const mapping = mapped({ ...web, expose: [8080], publish: [] }, 8080);
    expect(at(mapping, machine(web))).toBe('c1@127.0.0.1:49001');
    expect(at(mapping, machine({ ...web, expose: [3000, 9000] }))).toBe('ambiguous');
    // A port that the user named need not be exposed.
    expect(at({ ...mapping, source: 'user' }, machine({ ...web, expose: [3000, 9000] }))).toBe('c1@172.18.0.2:8080');
  });

  it('finds the container behind a published port of localhost, past its forwarders', () => {
    const forwarders = ['0.0.0.0', '::'].map((address, i) =>
      app(50 + i, '/', `/usr/bin/docker-proxy -host-ip ${address}`, { address, port: 49_001, inode: `${i}`, fd: 4 }),
    );
    const named = forwarders.map((one) => ({ ...one, command: 'docker-proxy' }));
    expect(at(seed({ port: 49_001 }), machine(...named, web))).toBe('c1@127.0.0.1:49001');
    expect(at(seed({ port: 49_001 }), machine(app(1, '/a', 'node x', 49_001), web))).toBe('p1@127.0.0.1:49001');
  });
});
