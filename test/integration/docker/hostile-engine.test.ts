/** An engine that is slow, wrong, broken or gone: discovery gives what it could see and a warning, and goes on. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Snapshot } from '../../../src/core/service.ts';
import type { EngineSurroundings } from '../../../src/discovery/docker/engine-address.ts';
import { Discovery } from '../../../src/discovery/snapshot.ts';
import { eventLine, FakeEngine, fakeId, inspected, listed } from '../../fixtures/fake-engine.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

async function fakeEngine(...numbers: number[]): Promise<FakeEngine> {
  const engine = await FakeEngine.start(numbers.map(fakeId));
  onTestFinished(() => engine.stop());
  return engine;
}

/** Discovery of containers alone. */
function discoveryOf(dockerHost: string, env: EngineSurroundings['env'] = {}): Discovery {
  const noProcesses = { scan: async () => ({ processes: [], containers: [] }), close: async () => {} };
  const discovery = new Discovery({ docker: { dockerHost, env, home: '' } }, noProcesses);
  onTestFinished(() => discovery.close());
  return discovery;
}

async function names(discovery: Discovery): Promise<string[]> {
  return (await discovery.refresh()).containers.map(({ name }) => name);
}

/** Sooner or later it shows these; its thread needs a moment to start. */
function shows(discovery: Discovery, ...expected: string[]): Promise<unknown> {
  return waitFor(`“${expected}”`, async () => (await names(discovery)).join() === expected.join());
}

/** The snapshot with this many containers. */
function withContainers(discovery: Discovery, count: number): Promise<Snapshot> {
  return waitFor(`${count} containers`, async () => {
    const snapshot = await discovery.refresh();
    return snapshot.containers.length === count ? snapshot : undefined;
  });
}

/** The first snapshot that warns. */
function withWarnings(discovery: Discovery): Promise<Snapshot> {
  return waitFor('a warning', async () => {
    const snapshot = await discovery.refresh();
    return snapshot.warnings ? snapshot : undefined;
  });
}

describe('an engine that works', () => {
  it('is asked once for each container and image, and followed', async () => {
    const engine = await fakeEngine(1, 2);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1', 'box-2');
    await shows(discovery, 'box-1', 'box-2');
    expect(engine.asked.filter((path) => path.startsWith('/containers'))).toHaveLength(3);
    expect(engine.asked.filter((path) => path.startsWith('/images'))).toHaveLength(1);
    const told: number[] = [];
    discovery.onSnapshot(({ containers }) => told.push(containers.length));
    engine.ids.push(fakeId(3));
    await engine.tell(eventLine('start', fakeId(3)));
    await waitFor('a third one', () => told.includes(3));
    await engine.tell(eventLine('die', fakeId(1)));
    await waitFor('one less', () => told.at(-1) === 2);
    expect(JSON.stringify(discovery.current)).not.toContain('secret');
  });

  it('is understood wherever its stream is cut, with labels of a megabyte', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    engine.ids.push(fakeId(2), fakeId(3));
    const line = Buffer.from(eventLine('start', fakeId(2), { note: 'ü€😀' }));
    await engine.tell(...Array.from(line, (byte) => Uint8Array.of(byte)));
    await engine.tell(eventLine('start', fakeId(3), { note: 'x'.repeat(1024 * 1024) }));
    await waitFor('all', async () => (await names(discovery)).length === 3);
    expect(discovery.current?.warnings).toBeUndefined();
    expect(engine.asked.filter((path) => path.startsWith('/events'))).toHaveLength(1);
  });

  it('proves a container from memory, and by asking while no events are heard', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    const id = `c${fakeId(1).slice(0, 12)}`;
    const proof = { kind: 'container', id, address: '127.0.0.1', port: 18_080 } as const;
    const asked = engine.asked.length;
    expect(await discovery.holds(proof)).toBe(true);
    expect(await discovery.holds({ ...proof, port: 18_081 })).toBe(false);
    expect(await discovery.holds({ ...proof, id: 'caaaaaaaaaaaa' })).toBe(false);
    expect(engine.asked).toHaveLength(asked);
    await engine.tell(eventLine('die', fakeId(1)));
    expect(await discovery.holds(proof)).toBe(false);
    await engine.tell(eventLine('start', fakeId(1)));
    await shows(discovery, 'box-1');
    engine.answers.events = (response) => response.writeHead(500).end();
    for (const stream of engine.streams) stream.destroy();
    await waitFor('the stream to be gone', () => engine.streams.size === 0);
    expect(await discovery.holds(proof)).toBe(true);
    engine.ids = [];
    expect(await discovery.holds(proof)).toBe(false);
  });
});

describe('an engine that does not work', () => {
  it.each([
    ['answers 500', 500, '{"message":"broken"}', 'answered 500'],
    ['answers garbage', 200, '<html>not json', 'not JSON'],
    ['answers something else', 200, '{"a":1}', 'no list of containers'],
  ])('is one warning when it %s', async (_how, status, body, words) => {
    const engine = await fakeEngine(1);
    engine.answers.list = (response) => response.writeHead(status).end(body);
    const discovery = discoveryOf(engine.host);
    const { containers, warnings } = await withWarnings(discovery);
    expect(containers).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(words)]);
    expect((await discovery.refresh()).warnings).toHaveLength(1);
  });

  it('is shown by its list where a container cannot be inspected', async () => {
    const engine = await fakeEngine(1, 2);
    engine.answers.inspect = (response, request) => {
      const isFirst = request.url?.includes(fakeId(1)) === true;
      response.writeHead(isFirst ? 500 : 200).end(JSON.stringify(inspected(fakeId(2))));
    };
    const { containers, warnings } = await withContainers(discoveryOf(engine.host), 2);
    expect(containers.map(({ name }) => name)).toEqual(['box-1', 'box-2']);
    expect(containers[0]?.publish).toMatchObject([{ container: 8080, host: 18_080 }]);
    expect(warnings).toEqual([expect.stringContaining('“box-1”')]);
  });

  it('holds nobody up when it hangs, and is there when it wakes', async () => {
    const engine = await fakeEngine(1);
    const waiting: (() => void)[] = [];
    engine.answers.list = (response) => {
      waiting.push(() => response.writeHead(200).end('[]'));
    };
    const discovery = discoveryOf(engine.host);
    const first = names(discovery);
    expect(await loopMs(first)).toBeLessThan(3_000);
    expect(await first).toEqual([]);
    const second = names(discovery);
    expect(await loopMs(second)).toBeLessThan(500);
    expect(await second).toEqual([]);
    engine.answers = {};
    for (const answer of waiting) answer();
    engine.ids.push(fakeId(2));
    await engine.tell(eventLine('start', fakeId(2)));
    await waitFor('the new one', async () => (await names(discovery)).includes('box-2'));
  });

  it('that hangs up on those who follow is listed again when somebody looks, with a warning', async () => {
    const engine = await fakeEngine(1);
    engine.answers.events = (response) => response.socket?.destroy();
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    expect(discovery.current?.warnings).toEqual([expect.stringContaining('does not tell of changes')]);
    engine.ids.push(fakeId(2));
    await shows(discovery, 'box-1', 'box-2');
  });

  it('that sends events which nobody understands is asked for everything again', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    engine.ids = [fakeId(2)];
    await engine.tell('{"half":\n', 'nonsense\n');
    await waitFor('the new list', async () => (await names(discovery)).join() === 'box-2');
  });

  it('that stops takes its containers with it, in silence, and is found again by itself', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    await engine.shut();
    await waitFor('no containers', async () => (await names(discovery)).length === 0);
    expect(discovery.current?.warnings).toBeUndefined();
    await engine.open();
    // Nobody looks: the events of the new engine are what brings it back.
    await waitFor('the containers', () => discovery.current?.containers.length === 1);
  });

  it('that is not there is normal, costs one look each time, and is found when it comes', async () => {
    const engine = await fakeEngine(1);
    await engine.shut();
    const discovery = discoveryOf(engine.host);
    expect(await discovery.refresh()).toEqual({ processes: [], containers: [] });
    await engine.open();
    await shows(discovery, 'box-1');
  });

  it.each(['nonsense', 'unix://relative', 'tcp://', 'ftp://a', 'ssh://-oProxyCommand=x', 'tcp://a:99999'])(
    'is a warning when its address is %s',
    async (dockerHost) => {
      const { warnings } = await discoveryOf(dockerHost).refresh();
      expect(warnings).toEqual([expect.stringContaining('which is no Docker address')]);
    },
  );
});

describe('an engine that fails for a moment', () => {
  it('is asked again for the container by the next look, which shows it and takes the warning back', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    engine.answers.inspect = (response) => response.writeHead(500).end();
    engine.ids.push(fakeId(2));
    await engine.tell(eventLine('rename', fakeId(1)), eventLine('start', fakeId(2)));
    await waitFor('a warning', () => discovery.current?.warnings?.some((one) => one.includes('answered 500')));
    expect(discovery.current?.containers.map(({ name }) => name)).toEqual(['box-1']);
    engine.answers = {};
    await shows(discovery, 'box-1', 'box-2');
    expect(discovery.current?.warnings).toBeUndefined();
  });

  it('proves a container that it could not be asked about only by being asked', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    const proof = { kind: 'container', id: `c${fakeId(1).slice(0, 12)}`, address: '127.0.0.1', port: 18_080 } as const;
    engine.answers.inspect = (response) => response.writeHead(500).end();
    await engine.tell(eventLine('disconnect', fakeId(1)));
    await waitFor('a warning', () => discovery.current?.warnings);
    expect(await discovery.holds(proof)).toBe(false);
    engine.answers = {};
    expect(await discovery.holds(proof)).toBe(true);
    engine.answers.inspect = (response) =>
      response.end(JSON.stringify({ ...inspected(fakeId(1)), NetworkSettings: {} }));
    expect(await discovery.holds(proof)).toBe(false);
  });

  it('is asked again for an image, so that a hint of the user’s counts', async () => {
    const engine = await fakeEngine(1);
    engine.answers.inspect = (response) => {
      const Config = { Image: 'web:1', Labels: { 'hostwise.host': 'mine.test' }, ExposedPorts: { '8080/tcp': {} } };
      response.end(JSON.stringify({ ...inspected(fakeId(1)), Config }));
    };
    engine.answers.image = (response) => response.writeHead(500).end();
    const discovery = discoveryOf(engine.host);
    const { containers, warnings } = await withContainers(discovery, 1);
    expect(containers[0]?.hints).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('the image of “box-1”')]);
    engine.answers.image = (response) => response.end('{}');
    await waitFor('the hint', async () => (await discovery.refresh()).containers[0]?.hints?.includes('mine.test'));
    expect(discovery.current?.warnings).toBeUndefined();
  });

  it('slows one look when it hangs over a container, and no later one', async () => {
    const engine = await fakeEngine(1);
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    engine.answers.inspect = () => {};
    await engine.tell(eventLine('rename', fakeId(1)));
    const looks = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await shows(discovery, 'box-1');
    };
    expect(await loopMs(looks())).toBeLessThan(4_000);
  });

  it('is not asked by itself for ever when it refuses to tell of changes', async () => {
    const engine = await fakeEngine(1);
    engine.answers.events = (response) => response.writeHead(403).end();
    const discovery = discoveryOf(engine.host);
    await shows(discovery, 'box-1');
    const asked = engine.asked.length;
    // The first retries of one that merely hung up come within a second.
    await delay(1_200);
    expect(engine.asked).toHaveLength(asked);
    engine.ids.push(fakeId(2));
    await shows(discovery, 'box-1', 'box-2');
  });
});

describe('an engine with too much to say', () => {
  it('lists containers with a megabyte of labels each, and none of it is kept', async () => {
    const engine = await fakeEngine(...Array.from({ length: 20 }, (_, i) => i + 1));
    const Labels = { note: 'secret'.repeat(180_000) };
    engine.answers.list = (response) => {
      response.end(JSON.stringify(engine.ids.map((id) => ({ ...listed(id), Labels }))));
    };
    const { containers, warnings } = await withContainers(discoveryOf(engine.host), 20);
    expect(warnings).toBeUndefined();
    expect(JSON.stringify(containers)).not.toContain('secret');
  });

  it('shows the others where one container has more than can be read', async () => {
    const engine = await fakeEngine(1, 2, 3);
    const Labels = { note: 'x'.repeat(17 * 1024 * 1024) };
    engine.answers.list = (response) => {
      const [first, ...others] = engine.ids.map(listed);
      response.end(JSON.stringify([{ ...first, Labels }, ...others]));
    };
    const { containers, warnings } = await withContainers(discoveryOf(engine.host), 2);
    expect(containers.map(({ name }) => name)).toEqual(['box-2', 'box-3']);
    expect(warnings).toEqual([expect.stringContaining('left out')]);
  });
});

describe('an engine behind ssh', () => {
  it('is asked through docker system dial-stdio, and its published ports are that machine’s', async () => {
    const engine = await fakeEngine(1);
    engine.answers.inspect = (response) => {
      const answer = inspected(fakeId(1));
      const ways = [{ HostIp: '0.0.0.0', HostPort: '18080' }];
      response.end(JSON.stringify({ ...answer, NetworkSettings: { Ports: { '8080/tcp': ways } } }));
    };
    const folder = await tempDir('hw-ssh');
    // What ssh and the other machine do together: join the two pipes to the engine's socket.
    const joined = `const s = require('node:net').connect(${JSON.stringify(engine.socket)});
      process.stdin.pipe(s); s.pipe(process.stdout); s.on('close', () => process.exit());`;
    await writeFile(join(folder, 'ssh.cjs'), joined);
    await writeFile(
      join(folder, 'ssh'),
      `#!/bin/sh\necho "$@" >> ${folder}/args\nexec ${process.execPath} ${folder}/ssh.cjs\n`,
    );
    await chmod(join(folder, 'ssh'), 0o755);
    const discovery = discoveryOf('ssh://kim@build.example', { PATH: `${folder}:${process.env.PATH}` });
    const container = await waitFor('the container', async () => (await discovery.refresh()).containers[0]);
    expect(container).toMatchObject({ name: 'box-1', engineHost: 'build.example' });
    expect(container.unreachable).toContain('build.example');
    const proof = { kind: 'container', id: container.id, port: 18_080 } as const;
    expect(await discovery.holds({ ...proof, address: 'build.example' })).toBe(true);
    expect(await discovery.holds({ ...proof, address: '127.0.0.1' })).toBe(false);
  });

  it('is a warning in ssh’s own words when ssh cannot get there', async () => {
    const folder = await tempDir('hw-ssh');
    await writeFile(join(folder, 'ssh'), '#!/bin/sh\necho "Permission denied (publickey)." >&2\nexit 255\n');
    await chmod(join(folder, 'ssh'), 0o755);
    const discovery = discoveryOf('ssh://kim@build.example', { PATH: `${folder}:${process.env.PATH}` });
    await waitFor('the warning', async () => (await discovery.refresh()).warnings?.[0]?.includes('Permission denied'));
  });
});
