import { describe, expect, it } from 'vitest';
import { containerService } from './container.ts';
import type { ContainerFacts, ImageFacts } from './container-facts.ts';
import { type Member, ownsAddress, placeAll } from './namespaces.ts';

interface Options {
  /** Number of the container whose network it is in. */
  in?: number;
  exposed?: number[];
  published?: [container: number, host: number][];
  labels?: Record<string, string>;
  /** Exposed by the image; default all. `null`: the image could not be asked. */
  images?: number[] | null;
}

function idOf(n: number): string {
  return String(n).repeat(64);
}

function member(n: number, options: Options): Member {
  const { exposed = [], published = [], labels = {}, images = exposed } = options;
  const image: ImageFacts | undefined = images ? { labels: {}, env: [], exposed: images } : undefined;
  const facts: ContainerFacts = {
    id: idOf(n),
    name: `box-${n}`,
    image: 'web',
    imageId: '',
    isRunning: true,
    pid: 0,
    networkMode: options.in === undefined ? 'bridge' : `container:${idOf(options.in)}`,
    exposed: [...new Set([...exposed, ...published.map(([port]) => port)])],
    published: published.map(([container, host]) => ({ container, host, ip: '127.0.0.1' })),
    networks: options.in === undefined ? [{ name: 'net', id: 'net', addresses: [`172.19.0.${n}`] }] : [],
    labels,
    env: [],
    health: undefined,
    startedAt: undefined,
  };
  return { facts, image, service: containerService(facts, image) };
}

function place(...options: Options[]) {
  const members = options.map((one, i) => member(i + 1, one));
  return [...placeAll(new Map(members.map((one) => [one.service.id, one])), undefined).values()];
}

/** Ports of each container. */
function ports(...options: Options[]): number[][] {
  return place(...options).map(({ service }) => service.expose);
}

describe('a container with a network of its own', () => {
  it('owns any port of its address, and what it publishes', () => {
    const [box] = place({ exposed: [8080], published: [[9000, 19_000]] });
    if (!box) throw new Error('nothing placed');
    expect(box.service.expose).toEqual([8080, 9000]);
    expect(ownsAddress(box, '172.19.0.1', 1234)).toBe(true);
    expect(ownsAddress(box, '172.19.0.2', 8080)).toBe(false);
    expect(ownsAddress(box, '127.0.0.1', 19_000)).toBe(true);
    expect(ownsAddress(box, '127.0.0.1', 8080)).toBe(false);
  });
});

describe('containers that share a network', () => {
  it('have its address and its published ports, each their own ones only', () => {
    const placed = place(
      { exposed: [8888], published: [[3000, 13_000]], images: [8888] },
      { in: 1, exposed: [3000] },
      { in: 2, exposed: [4000] },
    );
    expect(placed.map(({ service }) => service.ip)).toEqual(['172.19.0.1', '172.19.0.1', '172.19.0.1']);
    expect(placed.map(({ service }) => service.expose)).toEqual([[8888], [3000], [4000]]);
    expect(placed.map(({ service }) => service.publish.map(({ host }) => host))).toEqual([[], [13_000], []]);
    const owners = (address: string, port: number) => placed.map((one) => ownsAddress(one, address, port));
    expect(owners('172.19.0.1', 3000)).toEqual([false, true, false]);
    expect(owners('127.0.0.1', 13_000)).toEqual([false, true, false]);
    expect(owners('172.19.0.1', 1234)).toEqual([false, false, false]);
  });

  it('give a port that several expose to nobody', () => {
    expect(ports({}, { in: 1, exposed: [80] }, { in: 1, exposed: [80, 81] })).toEqual([[], [], [81]]);
    expect(ports({ exposed: [80] }, { in: 1, exposed: [80] })).toEqual([[], []]);
    const both = { exposed: [80], labels: { 'hostwise.host': 'a.test', 'hostwise.port': '80' } };
    expect(ports(both, { ...both, in: 1 })).toEqual([[], []]);
  });

  it('give it to the one that its user named it for', () => {
    const labels = { 'hostwise.host': 'a.test', 'hostwise.port': '80' };
    expect(ports({ exposed: [80] }, { in: 1, exposed: [80], labels })).toEqual([[], [80]]);
    expect(ports({ exposed: [80] }, { in: 1, exposed: [80], images: [] })).toEqual([[], [80]]);
    expect(ports({ exposed: [80], published: [[80, 18_080]] }, { in: 1, exposed: [80] })).toEqual([[80], []]);
    expect(ports({}, { in: 1, labels })).toEqual([[], [80]]);
  });

  it('give nobody a port whose claimants are not known well enough', () => {
    expect(ports({ published: [[80, 18_080]], images: null }, { in: 1, exposed: [80] })).toEqual([[], []]);
  });

  it('keep apart when the holder of the network is gone, or each names the other', () => {
    expect(place({ in: 9, exposed: [80] })[0]?.service.ip).toBeNull();
    expect(ports({ in: 2, exposed: [80] }, { in: 1, exposed: [81] })).toEqual([[80], [81]]);
  });
});
