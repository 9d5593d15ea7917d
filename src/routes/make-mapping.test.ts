import { describe, expect, it } from 'vitest';
import { mappingSchema } from '../core/mapping.ts';
import type { ContainerService, ProcessService, Snapshot } from '../core/service.ts';
import { locate } from './locate.ts';
import { mappingFor, mappingFromInput, parseTarget } from './make-mapping.ts';

const NOW = new Date('2026-03-01T12:00:00Z');

const shop: ProcessService = {
  id: 'p1',
  pid: 1,
  ppid: 0,
  command: 'node',
  args: 'node vite.js',
  cwd: '/home/kim/shop',
  listen: [{ address: '127.0.0.1', port: 5173, inode: '9', fd: 3 }],
  project: { root: '/home/kim/shop', name: 'shop', workspace: null },
  git: null,
};
const api: ProcessService = {
  ...shop,
  id: 'p2',
  pid: 2,
  args: 'node server.js',
  cwd: '/home/kim/api',
  listen: [
    { address: '::1', port: 4000 },
    { address: '::1', port: 4001 },
  ],
  project: null,
};
const hidden: ProcessService = {
  ...shop,
  id: 's77',
  pid: 0,
  command: '',
  args: '',
  cwd: null,
  project: null,
  listen: [{ address: '::1', port: 9000 }],
};
const web: ContainerService = {
  id: 'c1',
  name: 'shop-web-1',
  image: 'x',
  expose: [3000],
  publish: [{ container: 3000, host: 49_000, ip: '0.0.0.0' }],
  compose: { project: 'shop', service: 'web' },
  labels: {},
};
const db: ContainerService = { ...web, id: 'c2', name: 'db', expose: [5432, 8080], publish: [], compose: null };
const machine: Snapshot = { processes: [shop, api, hidden], containers: [web, db] };
const empty: Snapshot = { processes: [], containers: [] };

describe('mappingFor', () => {
  it('has the seed’s shape for a process, with who it is beside', () => {
    expect(mappingFor(shop, 5173, { source: 'name', reason: 'exact name', confidence: 1, now: NOW })).toEqual({
      type: 'process',
      target: 'localhost',
      port: 5173,
      createdAt: '2026-03-01T12:00:00.000Z',
      llmReason: 'exact name',
      processIdentifier: { workdir: '/home/kim/shop' },
      identity: expect.objectContaining({ kind: 'process', root: '/home/kim/shop', shape: 'node vite.js' }),
      source: 'name',
      confidence: 1,
    });
  });

  it('has the seed’s shape for a container', () => {
    expect(mappingFor(web, 3000, { source: 'llm', reason: '', confidence: 0.8 })).toMatchObject({
      type: 'docker',
      target: 'shop-web-1',
      port: 3000,
      identity: { kind: 'container', project: 'shop', service: 'web', name: 'shop-web-1' },
    });
  });

  it('can be stored whatever the service and the reason are', () => {
    for (const service of [shop, api, hidden, web, db]) {
      const mapping = mappingFor(service, 4000, { source: 'llm', reason: 'x'.repeat(100_000), confidence: 7 });
      expect(mappingSchema.safeParse(mapping).success).toBe(true);
    }
  });
});

describe('mappingFromInput', () => {
  it('derives who is meant from who listens there', () => {
    const mapping = mappingFromInput({ type: 'process', target: 'localhost', port: 5173 }, machine, NOW);
    expect(mapping).toMatchObject({ source: 'user', confidence: 1, target: 'localhost', port: 5173 });
    expect(mapping.identity).toMatchObject({ kind: 'process', workdir: '/home/kim/shop' });
    expect(mapping.processIdentifier).toEqual({ workdir: '/home/kim/shop' });
  });

  it('stores what does not run', () => {
    expect(
      mappingFromInput({ type: 'process', target: 'localhost', port: 1234 }, machine, NOW).identity,
    ).toBeUndefined();
    expect(mappingFromInput({ type: 'docker', target: 'gone', port: 80 }, machine, NOW).identity).toBeUndefined();
    const folder = mappingFromInput({ type: 'process', target: '/srv/later/', port: 80 }, machine, NOW);
    expect(folder).toMatchObject({ target: '/srv/later', processIdentifier: { workdir: '/srv/later' } });
  });

  it('refuses hostwise itself: the route would only lead back', () => {
    const own = { ...shop, noise: 'hostwise itself' };
    const input = { type: 'process', target: 'localhost', port: 5173 } as const;
    expect(() => mappingFromInput(input, { processes: [own], containers: [] }, NOW)).toThrow('hostwise itself');
  });

  it('takes a directory: the service there is meant, on whatever port', () => {
    const mapping = mappingFromInput({ type: 'process', target: '/home/kim/shop', port: 3000 }, machine, NOW);
    expect(mapping.identity).toMatchObject({ workdir: '/home/kim/shop' });
    expect(locate(mapping, machine)).toMatchObject({ upstream: { serviceId: 'p1', port: 5173 } });
  });

  it('keeps fields that we do not know, but lets nobody write source, date and confidence', () => {
    const mapping = mappingFromInput(
      {
        type: 'process',
        target: 'localhost',
        port: 5173,
        paths: { '/api': 'x' },
        source: 'name',
        confidence: 0,
        createdAt: 'x',
        otherPorts: [1],
      },
      machine,
      NOW,
    );
    expect(mapping).toMatchObject({
      paths: { '/api': 'x' },
      source: 'user',
      confidence: 1,
      createdAt: NOW.toISOString(),
    });
    expect(mapping.otherPorts).toBeUndefined();
  });

  it('keeps an identity that was sent back, unless the port was changed to another one', () => {
    const before = mappingFromInput({ type: 'process', target: 'localhost', port: 5173 }, machine, NOW);
    expect(mappingFromInput(before, empty, NOW)).toEqual(before);
    const elsewhere = mappingFromInput({ ...before, port: 6000 }, machine, NOW);
    expect(elsewhere.identity).toBeUndefined();
    expect(elsewhere.processIdentifier).toBeUndefined();
    const toApi = mappingFromInput({ ...before, port: 4000 }, machine, NOW);
    expect(toApi.identity).toMatchObject({ workdir: '/home/kim/api' });
    expect(toApi.processIdentifier).toEqual({ workdir: '/home/kim/api' });
    const toContainer = mappingFromInput({ ...before, type: 'docker', target: 'db', port: 8080 }, machine, NOW);
    expect(toContainer.identity).toEqual({ kind: 'container', name: 'db' });
    expect(toContainer.processIdentifier).toBeUndefined();
    const toOtherMachine = mappingFromInput({ ...before, target: '10.0.0.5' }, empty, NOW);
    expect(toOtherMachine.identity).toBeUndefined();
  });

  it('leaves a container’s published port a port', () => {
    const mapping = mappingFromInput({ type: 'process', target: 'localhost', port: 49_000 }, machine, NOW);
    expect(mapping.identity).toBeUndefined();
    expect(locate(mapping, machine)).toMatchObject({ upstream: { serviceId: 'c1', port: 49_000 } });
  });

  it.each([
    ['process', './shop'],
    ['process', '~/shop'],
    ['process', 'home/kim'],
    ['process', 'a b'],
    ['process', 'x\ny'],
    ['docker', '/a/b'],
    ['docker', '-rm'],
    ['docker', 'a;b'],
    ['docker', ' '],
  ] as const)('refuses %s %j', (type, target) => {
    expect(() => mappingFromInput({ type, target, port: 80 }, machine, NOW)).toThrowError(
      expect.objectContaining({ code: 'ROUTE_BAD_TARGET', hint: expect.any(String) }),
    );
  });
});

describe('parseTarget', () => {
  it.each([
    ['5173', { type: 'process', target: 'localhost', port: 5173 }],
    [' 5173 ', { type: 'process', target: 'localhost', port: 5173 }],
    ['localhost:3000', { type: 'process', target: 'localhost', port: 3000 }],
    ['127.0.0.1:3000', { type: 'process', target: '127.0.0.1', port: 3000 }],
    ['[::1]:3000', { type: 'process', target: '::1', port: 3000 }],
    ['NAS.local:8080', { type: 'process', target: 'nas.local', port: 8080 }],
    ['http://localhost:5173/', { type: 'process', target: 'localhost', port: 5173 }],
    ['http://nas', { type: 'process', target: 'nas', port: 80 }],
    ['shop-web-1', { type: 'docker', target: 'shop-web-1', port: 3000 }],
    ['shop-web-1:8081', { type: 'docker', target: 'shop-web-1', port: 8081 }],
    ['c2:8080', { type: 'docker', target: 'db', port: 8080 }],
    [
      'p1',
      { type: 'process', target: 'localhost', port: 5173, identity: expect.objectContaining({ kind: 'process' }) },
    ],
    ['p2:4001', { type: 'process', target: 'localhost', port: 4001, identity: expect.anything() }],
    ['s77', { type: 'process', target: '::1', port: 9000 }],
    ['https://localhost:5173/', { type: 'process', target: 'localhost', port: 5173 }],
    ['HTTPS://[::1]', { type: 'process', target: '::1', port: 443 }],
    ['/home/kim/shop', { type: 'process', target: '/home/kim/shop', port: 5173 }],
    ['/home/kim/shop/', { type: 'process', target: '/home/kim/shop', port: 5173 }],
    ['/home/kim/api:4001', { type: 'process', target: '/home/kim/api', port: 4001 }],
    ['/srv/later:80', { type: 'process', target: '/srv/later', port: 80 }],
  ])('%j', (text, input) => {
    expect(parseTarget(text, machine)).toEqual(input);
  });

  it('reads relative directories from the working directory, if there is one', () => {
    expect(parseTarget('.', machine, '/home/kim/shop')).toMatchObject({ target: '/home/kim/shop', port: 5173 });
    expect(parseTarget('../shop', machine, '/home/kim/api')).toMatchObject({ target: '/home/kim/shop' });
    expect(parseTarget('./x:3000', machine, '/srv')).toMatchObject({ target: '/srv/x', port: 3000 });
    expect(() => parseTarget('.', machine)).toThrowError(expect.objectContaining({ code: 'ROUTE_BAD_TARGET' }));
  });

  it.each([
    ['', 'is no target'],
    ['0', 'has no port between'],
    ['65536', 'has no port between'],
    ['99999999999', 'has no port between'],
    ['localhost:0', 'has no port between'],
    ['nothing', 'is no container or service'],
    ['db', 'has several ports'],
    ['p2', 'has several ports'],
    ['p1:80', 'does not listen on port 80'],
    ['/home/kim/api', 'has several ports'],
    ['/srv/later', 'nothing listens'],
    ['https://example.com', 'on another machine'],
    ['ftp://localhost', 'only HTTP'],
    ['https://localhost:5173/path', 'has a path'],
    ['http://localhost:1/path', 'has a path'],
    ['::1:3000', 'is not clear'],
    ['a b:80', 'no valid hostname'],
    ['x'.repeat(5_000), 'is too long'],
  ])('refuses %j in words', (text, words) => {
    expect(() => parseTarget(text, machine)).toThrowError(
      expect.objectContaining({
        code: 'ROUTE_BAD_TARGET',
        message: expect.stringContaining(words),
        hint: expect.any(String),
      }),
    );
  });

  it('gives what mappingFromInput makes a followed route of, also of two programs on one port', () => {
    const four: ProcessService = {
      ...shop,
      id: 'p9',
      pid: 9,
      cwd: '/x',
      project: null,
      listen: [{ address: '127.0.0.1', port: 4001 }],
    };
    const both = { ...machine, processes: [...machine.processes, four] };
    const mapping = mappingFromInput(parseTarget('p2:4001', both), both, NOW);
    expect(mapping.identity).toMatchObject({ workdir: '/home/kim/api' });
  });
});
