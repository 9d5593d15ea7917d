import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../test/fixtures/cpu-time.ts';
import type { RouteView, ServicesAnswer } from '../../api/wire.ts';
import { layoutPicture, type PictureOptions } from './rows.ts';

const OPTIONS: PictureOptions = { withCandidates: true, text: '', failing: new Set(), toggled: new Set() };

function service(n: number, project: string): ServicesAnswer['processes'][number] {
  return {
    id: `p${n}`,
    pid: n,
    ppid: 1,
    command: 'node',
    args: 'node server.js',
    cwd: `/home/kim/${project}/part${n}`,
    listen: [{ address: '127.0.0.1', port: 3000 + n }],
    project: { root: `/home/kim/${project}`, name: project, workspace: null },
    git: null,
    label: `part${n}`,
    ports: [3000 + n],
    hostname: `part${n}.${project}.localhost`,
  };
}

function route(key: string, n: number, reach?: RouteView['reach']): RouteView {
  const service = { id: `p${n}`, label: `part${n}`, startedAtMs: null };
  const up = { state: 'up', ...service, address: '127.0.0.1', port: 3000 + n } as const;
  return {
    key,
    hostname: key,
    service: null,
    label: 'shop',
    source: 'name',
    confidence: 1,
    reason: '',
    port: 3000 + n,
    createdAt: '2026-01-01T00:00:00.000Z',
    etag: '"1"',
    reach: reach ?? up,
    traffic: { requests: 0, errors: 0, open: 0, lastAtMs: null, lastError: null, failing: null },
  };
}

/** 200 services in 40 projects, five hostnames each. */
const MANY = Array.from({ length: 200 }, (_, n) => service(n, `project${Math.floor(n / 5)}`));
const MANY_ROUTES = MANY.flatMap((_, n) =>
  ['', 'a.', 'b.', 'c.', 'd.'].map((branch) => route(`${branch}part${n}.project${Math.floor(n / 5)}.localhost`, n)),
);

describe('a machine with few services', () => {
  const services = { processes: [service(1, 'shop'), service(2, 'shop'), service(3, 'blog')], containers: [] };

  it('is shown whole, each service beside the routes that lead to it', () => {
    const routes = [route('shop.localhost', 1), route('fix.shop.localhost', 1), route('api.shop.localhost', 2)];
    const picture = layoutPicture(routes, services, OPTIONS);
    expect(picture.groups).toEqual([{ title: 'shop', row: 1, isOpen: true, services: 2, hostnames: 3, bad: 0 }]);
    expect(picture.right.map(({ label, row }) => [label, row])).toEqual([
      ['part3', 0],
      ['part1', 2.5],
      ['part2', 4],
    ]);
    expect(picture.left.map(({ key, row, route: one }) => [key, row, one === undefined])).toEqual([
      ['part3.blog.localhost', 0, true],
      ['shop.localhost', 2, false],
      ['fix.shop.localhost', 3, false],
      ['api.shop.localhost', 4, false],
    ]);
    expect(picture.rows).toBe(5);
  });

  it('has lone services above all groups, and who belongs to no project below', () => {
    const routes = [route('gone.localhost', 8, { state: 'away', detail: 'it stopped' })];
    const mixed = {
      ...services,
      processes: [...services.processes, service(4, 'zoo'), { ...service(5, ''), project: null, cwd: '/' }],
    };
    const { groups, right } = layoutPicture(routes, mixed, OPTIONS);
    expect(right.map(({ label, row }) => [label, row])).toEqual([
      ['part3', 0],
      ['part4', 1],
      ['part1', 3],
      ['part2', 4],
      ['part5', 6],
      ['shop', 8],
    ]);
    expect(groups.map(({ title, row }) => [title, row])).toEqual([
      ['shop', 2],
      ['Other', 5],
      ['Not running', 7],
    ]);
  });

  it('tells who is away, who is not sure and who does not answer', () => {
    const routes = [
      route('gone.localhost', 8, { state: 'away', detail: 'it stopped' }),
      route('two.localhost', 9, { state: 'ambiguous', detail: 'two of them' }),
      route('dead.localhost', 3),
      route('well.localhost', 1),
    ];
    const { edges } = layoutPicture(routes, services, { ...OPTIONS, failing: new Set(['dead.localhost']) });
    expect(Object.fromEntries(edges.map(({ key, state }) => [key, state]))).toEqual({
      'gone.localhost': 'bad',
      'two.localhost': 'bad',
      'dead.localhost': 'bad',
      'well.localhost': 'up',
      'part2.shop.localhost': 'candidate',
    });
  });

  it('leaves out what nobody asked for when that is wanted', () => {
    const picture = layoutPicture([route('shop.localhost', 1)], services, { ...OPTIONS, withCandidates: false });
    expect(picture.right.map(({ label }) => label)).toEqual(['part1']);
  });
});

describe('a machine with 200 services and 1,000 routes', () => {
  const services = { processes: MANY, containers: [] };

  it('is a line a project, on which every request travels', () => {
    const picture = layoutPicture(MANY_ROUTES, services, { ...OPTIONS, failing: new Set([MANY_ROUTES[7]?.key ?? '']) });
    expect([picture.rows, picture.left.length, picture.right.length]).toEqual([40, 0, 0]);
    expect(picture.groups[0]).toEqual({
      title: 'project0',
      row: 0,
      isOpen: false,
      services: 5,
      hostnames: 25,
      bad: 1,
    });
    expect(picture.edges.map(({ state }) => state)).toEqual(['bad', ...Array(39).fill('folded')]);
    expect(picture.lines.size).toBe(1_000);
    expect(picture.lines.get('d.part199.project39.localhost')?.leftRow).toBe(39);
  });

  it('unfolds one project, and what somebody looks for', () => {
    const opened = layoutPicture(MANY_ROUTES, services, { ...OPTIONS, toggled: new Set(['project3']) });
    expect([opened.rows, opened.left.length, opened.right.length]).toEqual([40 + 25, 25, 5]);
    const found = layoutPicture(MANY_ROUTES, services, { ...OPTIONS, text: 'b.part19.' });
    expect(found.left.map(({ key }) => key)).toEqual(['b.part19.project3.localhost']);
    const project = layoutPicture(MANY_ROUTES, services, { ...OPTIONS, text: 'Project12' });
    expect([project.groups.length, project.left.length]).toEqual([1, 25]);
    expect(layoutPicture(MANY_ROUTES, services, { ...OPTIONS, text: 'nothing like it' }).rows).toBe(0);
  });

  it('is laid out in a moment', () => {
    const tookMs = cpuMs(() => {
      for (let i = 0; i < 20; i++) layoutPicture(MANY_ROUTES, services, OPTIONS);
    });
    // Some 2 ms each; a browser has 16 for a frame, and this machine may be slow.
    expect(tookMs / 20).toBeLessThan(40);
  });
});
