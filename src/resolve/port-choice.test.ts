import { describe, expect, it } from 'vitest';
import type { ContainerService, ProcessService } from '../core/service.ts';
import { clearPort } from './port-choice.ts';

function listening(ports: number[], ...argv: string[]): ProcessService {
  const listen = ports.map((port) => ({ address: '127.0.0.1', port }));
  return {
    id: 'p1',
    pid: 1,
    ppid: 0,
    command: 'x',
    argv,
    args: argv.join(' '),
    cwd: '/',
    listen,
    project: null,
    git: null,
  };
}

function container(image: string, expose: number[], published: number[] = []): ContainerService {
  const publish = published.map((port) => ({ container: port, host: 40_000 + (port % 1000), ip: '127.0.0.1' }));
  return { id: 'c1', name: 'x', image, expose, publish, compose: null, labels: {} };
}

describe('clearPort', () => {
  it('takes the only port, on however many addresses', () => {
    const service = listening([3000], 'node');
    service.listen.push({ address: '::1', port: 3000 });
    expect(clearPort(service)).toBe(3000);
  });

  it.each([
    ['--port', '3000'],
    ['--port=3000'],
    ['-p', '3000'],
    ['--http-addr=:3000', '--grpc-addr=:9000'],
    ['-Dserver.port=3000'],
    ['PORT=3000'],
    ['--urls', 'http://localhost:3000;https://localhost:9000'],
  ])('takes the port that the command line names: %s %s', (...flags) => {
    expect(clearPort(listening([3000, 9000], 'app', ...flags))).toBe(3000);
  });

  it('says nothing where several could be meant', () => {
    expect(clearPort(listening([3000, 9000], 'app'))).toBeNull();
    expect(clearPort(listening([3000, 9000], 'app', '--port', '3000', '-p', '9000'))).toBeNull();
    expect(clearPort(listening([3000, 9000], 'app', '--port', '4000'))).toBeNull();
    expect(clearPort(listening([3000, 9000], 'app', '--api-port', '9000'))).toBeNull();
    expect(clearPort(listening([]))).toBeNull();
  });

  it.each([
    ['hot reload', [3000, 24678], 3000],
    ['Node’s inspector', [3000, 9230], 3000],
    ['profiles', [3000, 6060], 3000],
    ['SMTP', [1025, 8025], 8025],
    ['what the system handed out', [4000, 51207], 4000],
    ['nothing to compare it with', [51207], 51207],
    ['two that the system handed out', [51207, 51208], null],
  ])('leaves out the port of a process for %s', (_what, ports, wanted) => {
    expect(clearPort(listening(ports, 'app'))).toBe(wanted);
  });

  it.each([
    ['the one that is no mail port', container('mailpit', [1025, 1110, 8025], [1025, 8025]), 8025],
    ['the published one', container('keycloak', [8080, 8443, 9000], [8080]), 8080],
    [
      'the published page, not the broker',
      container('rabbitmq:3-management', [5672, 15672, 15692], [5672, 15672]),
      15672,
    ],
    ['80 among several published ones', container('seq', [80, 443, 5341], [80, 5341]), 80],
    ['none of a proxy, whose 80 is for others', container('traefik:v3', [80, 8080], [80, 443, 8080]), null],
    ['none of two equal ones', container('minio', [9000, 9001], [9000, 9001]), null],
    ['none where only other protocols are published', container('kv', [7000, 7001, 5672], [5672]), null],
  ])('takes of a container %s', (_what, service, wanted) => {
    expect(clearPort(service)).toBe(wanted);
  });

  it('does not count a debugger’s port', () => {
    const service = listening([3000], 'node');
    service.listen.push({ address: '127.0.0.1', port: 9229, noise: 'debugger' });
    expect(clearPort(service)).toBe(3000);
  });
});
