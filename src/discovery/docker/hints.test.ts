import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../test/fixtures/cpu-time.ts';
import { type ContainerFacts, parseInspected } from './container-facts.ts';
import { hintsOf, hostsOfRule } from './hints.ts';

function facts(labels: Record<string, string>, env: string[] = []): ContainerFacts {
  const parsed = parseInspected({
    Id: 'a'.repeat(64),
    Name: '/web',
    State: { Running: true },
    Config: { Labels: labels, Env: env },
  });
  if (!parsed) throw new Error('no facts');
  return parsed;
}

const NOTHING = { labels: {}, env: [], exposed: [] };

function hosts(labels: Record<string, string>, env: string[] = []): string[] {
  return hintsOf(facts(labels, env), NOTHING).map(
    ({ host, port, decides }) => `${host}${port ? `:${port}` : ''}${decides ? '' : '?'}`,
  );
}

describe('hintsOf', () => {
  it.each([
    ['our own', { 'hostwise.host': 'Shop.localhost', 'hostwise.port': '3000' }, [], ['shop.localhost:3000']],
    ['nginx-proxy', {}, ['VIRTUAL_HOST=a.test,b.test', 'VIRTUAL_PORT=8080'], ['a.test:8080', 'b.test:8080']],
    ['nginx-proxy’s patterns', {}, ['VIRTUAL_HOST=*.test,~^a\\d$,ok.test.'], ['ok.test']],
    ['OrbStack', { 'dev.orbstack.domains': 'a.local', 'dev.orbstack.http-port': '81' }, [], ['a.local:81']],
    [
      'caddy-docker-proxy',
      { caddy: 'https://a.test:8443, b.test', 'caddy.reverse_proxy': '{{upstreams 8080}}', caddy_1: '(snippet)' },
      [],
      ['a.test:8080', 'b.test:8080'],
    ],
    ['a path in caddy', { caddy: 'a.test/api' }, [], ['a.test?']],
    [
      'Traefik',
      {
        'traefik.http.routers.web.rule': 'Host(`a.test`) || Host("b.test")',
        'traefik.http.services.web.loadbalancer.server.port': '3000',
      },
      [],
      ['a.test:3000', 'b.test:3000'],
    ],
    [
      'a longer rule of Traefik',
      { 'traefik.http.routers.w.rule': 'Host(`a.test`) && PathPrefix(`/x`)' },
      [],
      ['a.test?'],
    ],
    ['Traefik when it is off', { 'traefik.enable': 'false', 'traefik.http.routers.w.rule': 'Host(`a.test`)' }, [], []],
    ['nonsense', { 'hostwise.host': '<script> -a- a..b', 'hostwise.port': '99999' }, ['VIRTUAL_HOST='], []],
  ])('reads %s', (_what, labels, env, expected) => {
    expect(hosts(labels as Record<string, string>, env)).toEqual(expected);
  });

  it('marks what the image brought along, and everything where the image is not known', () => {
    const labels = { 'hostwise.host': 'a.test', 'dev.orbstack.domains': 'b.test' };
    const image = { labels: { 'hostwise.host': 'a.test' }, env: ['VIRTUAL_HOST=c.test'], exposed: [] };
    const marked = hintsOf(facts(labels, ['VIRTUAL_HOST=c.test']), image);
    expect(marked.map((hint) => [hint.host, hint.image])).toEqual([
      ['a.test', true],
      ['c.test', true],
      ['b.test', false],
    ]);
    expect(hintsOf(facts(labels), undefined).every((hint) => hint.image)).toBe(true);
  });

  it('is bounded whatever it is given', () => {
    expect(hosts({ 'hostwise.host': 'a.test '.repeat(1_000_000) })).toEqual([]);
    const many = Array.from({ length: 300 }, (_, i) => `h${i}.test`).join(',');
    expect(hosts({ 'hostwise.host': many })).toHaveLength(32);
  });
});

describe('hostsOfRule', () => {
  it.each([
    ['Host(`a`)', ['a'], true],
    ['Host(`a`, `b`)', ['a', 'b'], true],
    ['(Host(`a`) || Host(`b`))', ['a', 'b'], true],
    ['!Host(`a`)', [], false],
    ['Host(`a`) || Path(`/x`)', ['a'], false],
    ['HostRegexp(`.*`)', [], false],
    ['HostSNI(`*`)', [], false],
    ['', [], false],
    [`Host(${'`a`,'.repeat(5_000)}`, [], false],
  ])('reads %s', (rule, expected, decides) => {
    expect(hostsOfRule(rule)).toEqual({ hosts: expected, decides });
  });

  it('is quick with a rule made to be slow', () => {
    const rule = `Host(${"'a' ".repeat(1_000)}`;
    expect(cpuMs(() => hostsOfRule(rule))).toBeLessThan(200);
  });
});
