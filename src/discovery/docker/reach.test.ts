import { describe, expect, it } from 'vitest';
import type { ContainerFacts } from './container-facts.ts';
import { parseEngineAddress } from './engine-address.ts';
import { Reachability, remoteHost } from './reach.ts';

function facts(...networks: [name: string, address: string][]): ContainerFacts {
  return {
    id: 'a'.repeat(64),
    name: 'web',
    image: 'web',
    imageId: '',
    isRunning: true,
    pid: 0,
    networkMode: 'bridge',
    exposed: [3000],
    published: [],
    networks: networks.map(([name, address]) => ({ name, id: name, addresses: [address] })),
    labels: {},
    env: [],
    health: undefined,
    startedAt: undefined,
  };
}

const HERE = parseEngineAddress('unix:///d.sock', 'a test');

describe('Reachability', () => {
  it('tries each network once, at a port that the container offers', async () => {
    const tried: string[] = [];
    const reachability = new Reachability(HERE, async (address, port) => {
      tried.push(`${address}:${port}`);
      return address.startsWith('172.20');
    });
    const both = facts(['a', '172.19.0.2'], ['b', '172.20.0.2']);
    expect(await reachability.of(both)).toEqual({ address: '172.20.0.2', unreachable: undefined });
    expect(await reachability.of(facts(['b', '172.20.0.9']))).toMatchObject({ address: '172.20.0.9' });
    expect(tried).toEqual(['172.19.0.2:3000', '172.20.0.2:3000']);
  });

  it('says why where nothing can be dialled', async () => {
    const reachability = new Reachability(HERE, async () => false);
    expect((await reachability.of(facts(['a', '172.19.0.2']))).unreachable).toContain('nothing answers at 172.19.0.2');
    expect((await reachability.of(facts())).unreachable).toContain('no network');
  });

  it('never tries the addresses of another machine’s engine, or what is no address', async () => {
    const tried: string[] = [];
    const probe = async (address: string) => tried.push(address) > 0;
    const away = new Reachability(parseEngineAddress('tcp://build:2375', 'a test'), probe);
    expect((await away.of(facts(['a', '172.19.0.2']))).unreachable).toContain('build');
    expect((await new Reachability(HERE, probe).of(facts(['a', 'evil.example']))).address).toBeUndefined();
    expect(tried).toEqual([]);
  });
});

describe('remoteHost', () => {
  it.each([
    ['unix:///d.sock', undefined],
    ['tcp://127.0.0.1:2375', undefined],
    ['tcp://[::1]:2375', undefined],
    ['tcp://10.0.0.7:2375', '10.0.0.7'],
    ['ssh://kim@build', 'build'],
  ])('of %s is %s', (text, host) => {
    expect(remoteHost(parseEngineAddress(text, 'a test'))).toBe(host);
  });
});
