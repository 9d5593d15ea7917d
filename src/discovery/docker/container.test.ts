import { describe, expect, it } from 'vitest';
import { containerSchema } from '../../core/service.ts';
import { containerService } from './container.ts';
import { parseImage, parseInspected, parseListed } from './container-facts.ts';

const ID = 'e01f2a551487'.padEnd(64, '0');

/** As Docker 20.10 answers, without what is not read. */
const INSPECTED = {
  Id: ID,
  Name: '/shop-web-1',
  Image: 'sha256:bbfa',
  State: {
    Running: true,
    Paused: false,
    Restarting: false,
    Dead: false,
    Pid: 4711,
    StartedAt: '2026-01-31T09:15:02.123456789Z',
  },
  Config: {
    Image: 'shop/web:1',
    Env: ['PASSWORD=secret', 'VIRTUAL_HOST=shop.test'],
    ExposedPorts: { '9000/tcp': {}, '8080/tcp': {}, '53/udp': {}, '99999/tcp': {} },
    Labels: {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.project.working_dir': '/projects/shop',
      'traefik.http.middlewares.auth.basicauth.users': 'kim:secret',
      'org.opencontainers.image.title': 'Shop',
      note: 'secret',
    },
  },
  HostConfig: { NetworkMode: 'shop_default' },
  NetworkSettings: {
    Ports: {
      '8080/tcp': [
        { HostIp: '0.0.0.0', HostPort: '32769' },
        { HostIp: '::', HostPort: '32769' },
      ],
      '9000/tcp': null,
      '53/udp': [{ HostIp: '0.0.0.0', HostPort: '53' }],
    },
    Networks: {
      shop_default: { NetworkID: 'n1', IPAddress: '172.19.0.2', GlobalIPv6Address: 'fd00:5::2' },
      aside: { NetworkID: 'n2', IPAddress: '172.20.0.2', GlobalIPv6Address: '' },
    },
  },
};

function service(answer: unknown) {
  const facts = parseInspected(answer);
  if (!facts) throw new Error('not understood');
  return containerService(facts, { labels: {}, env: [], exposed: [] });
}

describe('containerService', () => {
  it('says of a container what a person would, and nothing secret', () => {
    const found = service(INSPECTED);
    expect(found).toMatchObject({
      id: 'ce01f2a551487',
      name: 'shop-web-1',
      image: 'shop/web:1',
      expose: [8080, 9000],
      publish: [
        { container: 8080, host: 32_769, ip: '0.0.0.0' },
        { container: 8080, host: 32_769, ip: '::' },
      ],
      ip: '172.20.0.2',
      addresses: [
        { network: 'aside', address: '172.20.0.2' },
        { network: 'shop_default', address: '172.19.0.2' },
        { network: 'shop_default', address: 'fd00:5::2' },
      ],
      compose: { project: 'shop', service: 'web', workdir: '/projects/shop' },
      hints: ['shop.test'],
      startedAt: '2026-01-31T09:15:02.123Z',
    });
    expect(JSON.stringify(found)).not.toContain('secret');
    expect(containerSchema.parse(found)).toEqual(found);
  });

  it('is the same from the list, where a container cannot be inspected', () => {
    const facts = parseListed({
      Id: ID,
      Names: ['/other/alias', '/shop-web-1'],
      Image: 'shop/web:1',
      State: 'running',
      Status: 'Up 2 hours',
      Labels: null,
      Ports: [
        { IP: '::', PrivatePort: 8080, PublicPort: 80, Type: 'tcp' },
        { PrivatePort: 9000, Type: 'tcp' },
        { PrivatePort: 53, Type: 'udp' },
      ],
    });
    expect(facts).toMatchObject({ name: 'shop-web-1', exposed: [8080, 9000], isRunning: true });
    expect(facts?.published).toEqual([{ container: 8080, host: 80, ip: '::' }]);
    expect(parseListed({ Id: ID, State: 'running', Status: 'Up 2 hours (Paused)' })?.isRunning).toBe(false);
  });

  it.each([
    ['paused', { Running: true, Paused: true }],
    ['stopped', { Running: false }],
    ['restarting', { Running: true, Restarting: true }],
  ])('is not running while %s', (_state, State) => {
    expect(parseInspected({ ...INSPECTED, State })?.isRunning).toBe(false);
  });

  it.each(['0001-01-01T00:00:00Z', 'soon', 7])(
    'does not know since when it runs, where the engine says %s',
    (StartedAt) => {
      expect(service({ ...INSPECTED, State: { Running: true, StartedAt } })).not.toHaveProperty('startedAt');
    },
  );

  it('understands null, and leaves out what is of the wrong kind', () => {
    const odd = {
      ...INSPECTED,
      Name: '/a\u001b[31mb',
      Config: { Image: 7, Env: 'x', Labels: { a: 1 }, ExposedPorts: [] },
      HostConfig: null,
      NetworkSettings: {
        Ports: { '80/tcp': [{ HostIp: '</td>', HostPort: '80' }, { HostPort: 'x' }] },
        Networks: null,
      },
    };
    expect(service(odd)).toMatchObject({ name: 'a[31mb', image: 'sha256:bbfa', expose: [80], publish: [], ip: null });
    for (const answer of [null, 7, [], {}, { Id: '../../x', Name: 'a' }])
      expect(parseInspected(answer)).toBeUndefined();
    for (const answer of [null, [], { Config: null }])
      expect(parseImage(answer)).toEqual({ labels: {}, env: [], exposed: [] });
  });

  it('drops labels of a megabyte and names without an end', () => {
    const Labels = {
      'com.docker.compose.project': 'p'.repeat(1024 * 1024),
      'com.docker.compose.service': 'web',
      'org.opencontainers.image.description': 'd'.repeat(1024 * 1024),
    };
    const found = service({ ...INSPECTED, Name: `/${'n'.repeat(10_000)}`, Config: { ...INSPECTED.Config, Labels } });
    expect(found.compose).toBeNull();
    expect(JSON.stringify(found).length).toBeLessThan(3_000);
  });
});
