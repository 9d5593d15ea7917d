import { describe, expect, it } from 'vitest';
import {
  type ContainerService,
  candidatePorts,
  isCandidate,
  type ProcessService,
  type Snapshot,
} from '../core/service.ts';
import type { ContainerState } from './docker/containers.ts';
import { mergeSnapshot } from './merge.ts';
import { NOISE_FORWARDER } from './noise.ts';
import { containerOf } from './processes/proc-files.ts';

const ID = 'e01f2a551487'.padEnd(64, '0');

function process(pid: number, more: Partial<ProcessService> = {}): ProcessService {
  const listen = [{ address: '0.0.0.0', port: 8000 + pid, inode: '7', fd: 3 }];
  return { id: `p${pid}`, pid, ppid: 1, command: 'x', args: 'x', cwd: '/', listen, project: null, git: null, ...more };
}

function container(name: string, more: Partial<ContainerService> = {}): ContainerService {
  return { id: `c${name}`, name, image: 'i', expose: [], publish: [], compose: null, labels: {}, ...more };
}

function scan(...processes: ProcessService[]): Snapshot {
  return { processes, containers: [] };
}

function state(...services: ContainerService[]): ContainerState {
  return { services, isListed: true, warnings: [] };
}

describe('mergeSnapshot', () => {
  it('hides forwarders only while the containers behind them are listed', () => {
    const forwarder = process(1, { noise: NOISE_FORWARDER });
    const web = container('web', { publish: [{ container: 80, host: 8001, ip: '0.0.0.0' }] });
    expect(mergeSnapshot(scan(forwarder), state(web)).processes).toEqual([forwarder]);
    const unlisted = mergeSnapshot(scan(forwarder), { services: [web], isListed: false, warnings: [] });
    expect(unlisted.processes[0]?.noise).toBeUndefined();
  });

  it.each([
    ['127.0.0.1', { host: 8001, ip: '127.0.0.1' }, {}, true],
    ['127.0.0.1', { host: 8001, ip: '0.0.0.0' }, {}, true],
    ['::', { host: 8001, ip: '0.0.0.0' }, {}, true],
    ['127.0.0.1', { host: 8001, ip: '127.0.0.2' }, {}, false],
    ['0.0.0.0', { host: 8001, ip: '127.0.0.1' }, {}, false],
    ['0.0.0.0', { host: 8002, ip: '0.0.0.0' }, {}, false],
    ['0.0.0.0', { host: 8001, ip: '0.0.0.0' }, { engineHost: 'build.example' }, false],
  ])('takes a forwarder on %s for that of %j %j: %s', (address, published, more, isHidden) => {
    const forwarder = process(1, { noise: NOISE_FORWARDER, listen: [{ address, port: 8001 }] });
    const web = container('web', { publish: [{ container: 80, ...published }], ...more });
    const [merged] = mergeSnapshot(scan(forwarder), state(web)).processes;
    expect(merged && isCandidate(merged)).toBe(!isHidden);
  });

  it('keeps the ports of a virtual machine’s forwarder that no listed container publishes', () => {
    const listen = [8001, 6443].map((port) => ({ address: '127.0.0.1', port }));
    const forwarder = process(1, { command: 'limactl', noise: NOISE_FORWARDER, listen });
    const web = container('web', { publish: [{ container: 80, host: 8001, ip: '0.0.0.0' }] });
    const [merged] = mergeSnapshot(scan(forwarder), state(web)).processes;
    expect(merged && candidatePorts(merged)).toEqual([6443]);
    expect(merged?.noise).toBeUndefined();
  });

  it('makes one service of a container and its process in our own network', () => {
    const hosted = container('hosted', { id: `c${ID.slice(0, 12)}` });
    const merged = mergeSnapshot(scan(process(1, { container: ID, startTicks: 9 }), process(2)), state(hosted));
    expect(merged.processes.map(({ noise }) => noise)).toEqual(['belongs to the container “hosted”', undefined]);
    expect(merged.containers[0]).toMatchObject({
      expose: [8001],
      hostListen: [{ address: '0.0.0.0', port: 8001, inode: '7', fd: 3, pid: 1, startTicks: 9 }],
    });
  });

  it('leaves processes alone when we run in that container ourselves', () => {
    const hosted = container('hosted', { id: `c${ID.slice(0, 12)}` });
    const merged = mergeSnapshot(scan(process(1, { container: ID })), state(hosted), { ownContainer: ID });
    expect(merged.processes[0]?.noise).toBeUndefined();
  });

  it('marks our own compose project, and one-off runs beside their service', () => {
    const compose = { project: 'shop', service: 'web' };
    const run = container('run', { compose, labels: { 'com.docker.compose.oneoff': 'True' } });
    const ours = container('ours', { compose: { project: 'own', service: 'proxy' } });
    const noise = (...all: ContainerService[]) =>
      mergeSnapshot(scan(), state(...all), { composeProject: 'own' }).containers.map((one) => one.noise);
    expect(noise(run, ours)).toEqual([undefined, 'hostwise itself']);
    expect(noise(run, container('web', { compose }))).toEqual(['a one-off run beside the service “web”', undefined]);
  });

  it('adds warnings, and gives the scan itself where there is nothing to add', () => {
    const seen = { ...scan(process(1)), warnings: ['one'] };
    expect(mergeSnapshot(seen, { ...state(), warnings: ['two'] }).warnings).toEqual(['one', 'two']);
    expect(mergeSnapshot(seen, state())).toBe(seen);
  });
});

describe('containerOf', () => {
  it.each([
    [`0::/docker/${ID}\n`, ID],
    [`0::/system.slice/docker-${ID}.scope\n`, ID],
    [`3:cpu:/\n0::/user.slice/libpod-${ID}.scope/container\n`, ID],
    ['0::/user.slice/user-1000.slice/session-2.scope\n', undefined],
    ['', undefined],
  ])('reads %j', (text, id) => {
    expect(containerOf(text).container).toBe(id);
  });
});
