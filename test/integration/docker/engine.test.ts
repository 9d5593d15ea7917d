/** Containers of a real Docker engine, found and reached by name through the whole program. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ContainerService, type Snapshot, snapshotSchema } from '../../../src/core/service.ts';
import { ask1 } from '../../fixtures/clients.ts';
import { DockerEngine, hasDockerEngine, NEEDS_DOCKER } from '../../fixtures/docker-engine.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

let engine: DockerEngine;
let hostwise: RunningHostwise;

/** What a hostname answers: the text of the container, or the status. */
async function whoAnswers(host: string): Promise<string | number> {
  const answer = await ask1({ port: hostwise.httpPort, host, headers: { accept: 'application/json' } });
  return answer.status === 200 ? answer.body.trim() : answer.status;
}

async function services(): Promise<Snapshot> {
  return snapshotSchema.parse(await askControl(hostwise.controlSocket, '/_api/services'));
}

async function containerNamed(name: string): Promise<ContainerService | undefined> {
  return (await services()).containers.find((container) => container.name === name);
}

/** Its server may need a moment after the container's start. */
function answers(host: string, text: string): Promise<unknown> {
  return waitFor(`“${text}” at ${host}`, async () => (await whoAnswers(host)) === text);
}

describe.skipIf(!hasDockerEngine())(`containers ${NEEDS_DOCKER}`, () => {
  beforeAll(async () => {
    engine = await DockerEngine.start();
    hostwise = await startHostwise({ env: { DOCKER_HOST: engine.host, COMPOSE_PROJECT: 'our-own' } });
  }, 60_000);
  afterEach(() => engine.removeAll());
  afterAll(async () => {
    await hostwise?.stop();
    await engine?.stop();
  }, 30_000);

  it('are reached at their published port, or else at their own address', async () => {
    await engine.run({ name: 'published', publish: [{ container: 8080, ip: '127.0.0.1' }] });
    await engine.run({ name: 'inside' });
    await answers('published.localhost', 'published');
    await answers('inside.localhost', 'inside');
    const [published, inside] = await Promise.all([containerNamed('published'), containerNamed('inside')]);
    expect(published?.publish).toMatchObject([{ container: 8080, ip: '127.0.0.1' }]);
    expect(inside).toMatchObject({ image: 'web:1', expose: [8080], publish: [], compose: null });
    expect(inside?.unreachable).toBeUndefined();
    const forwarders = (await services()).processes.filter(({ command }) => command === 'docker-proxy');
    expect(forwarders.map(({ noise }) => noise)).toEqual(forwarders.map(() => 'forwards ports of containers'));
  });

  it('answer over TLS at the name of their compose service and project', async () => {
    const compose = (service: string) => ({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': service,
      'com.docker.compose.project.working_dir': '/home/kim/work/shop',
    });
    await engine.run({ name: 'shop-web-1', labels: compose('web'), networks: ['one'] });
    await engine.run({ name: 'shop-api-1', labels: compose('api') });
    const caPem = await readFile(hostwise.caFile, 'utf8');
    const say = async (host: string) => (await ask1({ port: hostwise.httpsPort, host, caPem })).body.trim();
    await waitFor('both', async () => (await say('web.shop.localhost')) === 'shop-web-1');
    expect(await say('api.shop.localhost')).toBe('shop-api-1');
    expect((await containerNamed('shop-web-1'))?.compose).toEqual({
      project: 'shop',
      service: 'web',
      workdir: '/home/kim/work/shop',
    });
  });
});
