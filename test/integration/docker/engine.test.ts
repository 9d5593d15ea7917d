/** Containers of a real Docker engine, found and reached by name through the whole program. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ContainerService, type Snapshot, snapshotSchema } from '../../../src/core/service.ts';
import { ask1 } from '../../fixtures/clients.ts';
import { DockerEngine, hasDockerEngine, NEEDS_DOCKER } from '../../fixtures/docker-engine.ts';
import { askControl, type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** Headers of a typed URL. */
const TYPED = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

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

/** The labels that compose gives. */
function compose(project: string, service: string): Record<string, string> {
  return {
    'com.docker.compose.project': project,
    'com.docker.compose.service': service,
    'com.docker.compose.project.working_dir': `/projects/${project}`,
  };
}

/** Set a route by hand. */
async function route(host: string, target: { type: string; target: string; port: number }): Promise<void> {
  const body = JSON.stringify(target);
  const path = `/_api/mappings/${host}`;
  const headers = { host: 'proxy.localhost', 'content-type': 'application/json' };
  const asked = request({ socketPath: hostwise.controlSocket, method: 'PUT', path, headers }).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBeLessThan(300);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.skipIf(!hasDockerEngine())(`containers ${NEEDS_DOCKER}`, () => {
  beforeAll(async () => {
    engine = await DockerEngine.start();
    hostwise = await startHostwise({ env: { DOCKER_HOST: engine.host, COMPOSE_PROJECT: 'our-own' } });
  });
  afterEach(() => engine.removeAll());
  afterAll(async () => {
    await hostwise?.stop();
    await engine?.stop();
  });

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
    await engine.run({ name: 'shop-web-1', labels: compose('shop', 'web') });
    await engine.run({ name: 'shop-api-1', labels: compose('shop', 'api') });
    const caPem = await readFile(hostwise.caFile, 'utf8');
    const say = async (host: string) => (await ask1({ port: hostwise.httpsPort, host, caPem })).body.trim();
    await waitFor('both', async () => (await say('web.shop.localhost')) === 'shop-web-1');
    expect(await say('api.shop.localhost')).toBe('shop-api-1');
    expect((await containerNamed('shop-web-1'))?.compose).toEqual({
      project: 'shop',
      service: 'web',
      workdir: '/projects/shop',
    });
  });

  it('are reached at an IPv6 port, on the network that can be, and on the port that is meant', async () => {
    await engine.createNetwork('six', 'fd00:68:77::/64');
    await engine.createNetwork('two');
    await engine.run({ name: 'six', networks: ['six'], publish: [{ container: 8080, ip: '::1' }] });
    await engine.run({ name: 'twice', networks: ['one', 'two'] });
    await engine.run({ name: 'several', ports: [8080, 9000] });
    await answers('six.localhost', 'six');
    await answers('twice.localhost', 'twice');
    expect((await containerNamed('six'))?.publish).toMatchObject([{ container: 8080, ip: '::1' }]);
    expect((await containerNamed('six'))?.addresses).toHaveLength(2);
    expect((await containerNamed('twice'))?.addresses?.map(({ network }) => network)).toEqual(['one', 'two']);
    expect((await containerNamed('several'))?.expose).toEqual([8080, 9000]);
    await route('several.localhost', { type: 'docker', target: 'several', port: 9000 });
    await answers('several.localhost', 'several on 9000');
    await Promise.all(['six', 'twice', 'several'].map((name) => engine.remove(name)));
    await Promise.all(['six', 'two'].map((name) => engine.api('DELETE', `/networks/${name}`)));
  });

  it('are reached though nobody names their port, once they listen on it', async () => {
    await engine.run({ name: 'silent', ports: [3000], expose: [] });
    await answers('silent.localhost', 'silent');
    expect(await containerNamed('silent')).toMatchObject({ expose: [3000], publish: [] });
  });

  it('in one network answer for their own ports only, also behind the ports that its holder publishes', async () => {
    await engine.importImage('vpn:1', ['EXPOSE 8888']);
    await engine.importImage('app:1', ['EXPOSE 3000']);
    await engine.importImage('twin:1', ['EXPOSE 4000']);
    const publish = [{ container: 3000, ip: '127.0.0.1' }];
    const holder = await engine.run({ name: 'vpn', image: 'vpn:1', ports: [8888], expose: [3000], publish });
    const networks = [`container:${holder}`];
    await engine.run({ name: 'app', image: 'app:1', networks, ports: [3000], expose: [] });
    await engine.run({ name: 'left', image: 'twin:1', networks, ports: [4000], expose: [] });
    await engine.run({ name: 'right', image: 'twin:1', networks, ports: [], expose: [] });
    await answers('app.localhost', 'app');
    await answers('vpn.localhost', 'vpn');
    expect((await containerNamed('vpn'))?.expose).toEqual([8888]);
    expect(await containerNamed('app')).toMatchObject({ expose: [3000], publish: [{ container: 3000 }] });
    // Either may have it, so neither is believed.
    expect((await containerNamed('left'))?.expose).toEqual([]);
    expect((await containerNamed('right'))?.expose).toEqual([]);
    await route('wrong.localhost', { type: 'docker', target: 'right', port: 4000 });
    expect(await whoAnswers('wrong.localhost')).not.toBe('left');
    await engine.remove('app');
    await waitFor('it to be away', async () => (await containerNamed('app')) === undefined);
    expect(await whoAnswers('app.localhost')).toBe(503);
  });

  it('in this machine’s own network are one service, proven by the socket that they hold', async () => {
    const port = await freePort();
    await engine.run({ name: 'hosted', networks: ['host'], ports: [port], expose: [] });
    await answers('hosted.localhost', 'hosted');
    const { processes, containers } = await services();
    const process = processes.find(({ listen }) => listen.some((one) => one.port === port));
    expect(process?.noise).toBe('belongs to the container “hosted”');
    expect(containers.find(({ name }) => name === 'hosted')?.expose).toEqual([port]);
  });

  it('that are paused, stopped or our own are no candidates, and are back when they run again', async () => {
    await engine.run({ name: 'sleepy' });
    await engine.run({ name: 'ours', labels: compose('our-own', 'proxy') });
    await answers('sleepy.localhost', 'sleepy');
    expect((await containerNamed('ours'))?.noise).toBe('hostwise itself');
    expect(await whoAnswers('ours.localhost')).toBe(404);
    await engine.api('POST', '/containers/sleepy/pause');
    await waitFor('it to be away', async () => (await containerNamed('sleepy')) === undefined);
    await engine.api('POST', '/containers/sleepy/unpause');
    await answers('sleepy.localhost', 'sleepy');
    const first = await containerNamed('sleepy');
    await engine.api('POST', '/containers/sleepy/kill');
    await waitFor('it to be away', async () => (await whoAnswers('sleepy.localhost')) === 503);
    await engine.api('POST', '/containers/sleepy/start');
    await answers('sleepy.localhost', 'sleepy');
    // The same container, and another run of it: what failed before is not held against it.
    const second = await containerNamed('sleepy');
    expect(second?.id).toBe(first?.id);
    expect(Date.parse(second?.startedAt ?? '')).toBeGreaterThan(Date.parse(first?.startedAt ?? ''));
  });

  it('keep their hostname when they are renamed, and lose it to nobody', async () => {
    await engine.run({ name: 'before', labels: compose('site', 'web') });
    await answers('web.site.localhost', 'before');
    await engine.api('POST', '/containers/before/rename?name=after');
    await waitFor('the new name', () => containerNamed('after'));
    expect(await whoAnswers('web.site.localhost')).toBe('before');
  });

  it.each([
    ['at a published port', [{ container: 8080, ip: '127.0.0.1', host: 0 }]],
    ['at its own address', []],
  ])('made anew while requests flow never answer for one another, %s', async (_where, publish) => {
    const [port] = publish.length > 0 ? [await freePort()] : [];
    const ways = port === undefined ? [] : [{ container: 8080, ip: '127.0.0.1', host: port }];
    await engine.run({ name: 'moving', says: 'moving 0', publish: ways });
    await answers('moving.localhost', 'moving 0');
    const seen = new Set<string | number>();
    let isFlowing = true;
    const flow = Array.from({ length: 4 }, async () => {
      // A container that is killed in the middle of its answer breaks it off.
      while (isFlowing) seen.add(await whoAnswers('moving.localhost').catch(() => 'broken'));
    });
    for (let round = 1; round <= 2; round++) {
      await engine.remove('moving');
      // Takes the address and the port that are free now.
      await engine.run({ name: 'stranger', says: 'stranger', publish: ways });
      await waitFor('the stranger to be found', () => containerNamed('stranger'));
      await engine.remove('stranger');
      await engine.run({ name: 'moving', says: `moving ${round}`, publish: ways });
      await answers('moving.localhost', `moving ${round}`);
    }
    isFlowing = false;
    await Promise.all(flow);
    expect([...seen].filter((one) => !/^moving \d$/.test(String(one))).sort()).not.toContain('stranger');
    expect(seen).toContain('moving 2');
  });

  it('are there again after the engine was restarted', async () => {
    await engine.run({ name: 'lasting' });
    await answers('lasting.localhost', 'lasting');
    await engine.stopDaemon();
    await waitFor('it to be away', async () => (await containerNamed('lasting')) === undefined);
    expect(await whoAnswers('lasting.localhost')).toBe(503);
    await engine.startDaemon();
    await engine.api('POST', '/containers/lasting/start');
    await answers('lasting.localhost', 'lasting');
  });

  it('show what they wrote last, also when they have stopped, until they are removed', async () => {
    await engine.run({ name: 'talker', prints: 'Error: cannot reach the database' });
    await answers('talker.localhost', 'talker');
    const page = async (): Promise<string> => {
      const path = '/service?host=talker.localhost';
      return (await ask1({ port: hostwise.httpPort, host: 'proxy.localhost', path, headers: TYPED })).body;
    };
    expect(await page()).toMatch(/last lines of its log<[\s\S]*cannot reach the database/);
    await engine.api('POST', '/containers/talker/stop');
    await waitFor('it to be away', async () => (await containerNamed('talker')) === undefined);
    expect(await page()).toMatch(/before it stopped<[\s\S]*cannot reach the database/);
    await engine.remove('talker');
    expect(await page()).toMatch(/There is no log to show: the Docker engine answered 404/);
  });

  it('tell apart what an image and what its user asked for', async () => {
    await engine.importImage('hinted:1', ['LABEL hostwise.host=image.localhost', 'ENV VIRTUAL_HOST=image.test']);
    await engine.run({ name: 'plain', image: 'hinted:1' });
    await engine.run({ name: 'own', image: 'hinted:1', labels: { 'hostwise.host': 'mine.localhost' } });
    const own = await waitFor('both', async () => (await containerNamed('plain')) && containerNamed('own'));
    const hint = (host: string, source: string, image: boolean) => ({ host, source, image, decides: true });
    expect(own.hints).toEqual(['mine.localhost']);
    expect(own.hintDetails).toEqual([
      hint('mine.localhost', 'hostwise.host', false),
      hint('image.test', 'VIRTUAL_HOST', true),
    ]);
    expect((await containerNamed('plain'))?.hints).toBeUndefined();
  });
});
