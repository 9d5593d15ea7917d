/** The thread that talks with an engine: what is left when it ends, crashes or cannot start. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { EngineThread } from '../../../src/discovery/docker/engine-thread.ts';
import { FakeEngine, fakeId } from '../../fixtures/fake-engine.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const ADDRESS = { kind: 'unix', path: '/nowhere.sock', called: 'unix:///nowhere.sock' } as const;

/** Open one with other code. @param code has `port`, the way to the main thread */
async function openWith(code: string): Promise<EngineThread> {
  const file = join(await tempDir(), 'thread.mjs');
  await writeFile(file, `import { parentPort as port } from 'node:worker_threads';\n${code}`);
  return EngineThread.open({ address: ADDRESS, env: {} }, () => {}, pathToFileURL(file));
}

it('when it crashes, what was known is still shown, but nobody is vouched for and nobody waits', async () => {
  const thread = await openWith(`
    const set = [{ id: 'c1', name: 'box', image: 'web', expose: [], publish: [], compose: null, labels: {} }];
    port.postMessage({ kind: 'change', change: { set, gone: [], warning: undefined, isLast: true } });
    port.postMessage({ kind: 'opened' });
    port.on('message', ({ kind }) => { if (kind === 'look') throw new Error('broken inside'); });`);
  const waiting = thread.holds('c1', '127.0.0.1', 80);
  await thread.look();
  expect(await waiting).toBe(false);
  expect(await thread.lost).toEqual({ reason: 'its thread crashed: broken inside', isRefused: false });
  expect(thread.isFollowing).toBe(false);
  expect(thread.warning).toContain('broken inside');
  expect(thread.services.map(({ name }) => name)).toEqual(['box']);
  expect(await thread.holds('c1', '127.0.0.1', 80)).toBe(false);
});

it('when it cannot start, the reason is the error', async () => {
  await expect(openWith('throw new Error("no such thing");')).rejects.toThrow('its thread crashed: no such thing');
});

it('when nobody is at the address, the system’s own code is the cause', async () => {
  const failed = EngineThread.open({ address: ADDRESS, env: {} }, () => {});
  await expect(failed).rejects.toMatchObject({ cause: { code: 'ENOENT' } });
});

it('changes count together, and a closed one ends by itself', async () => {
  const engine = await FakeEngine.start(Array.from({ length: 60 }, (_, i) => fakeId(i + 1)));
  onTestFinished(() => engine.stop());
  let changes = 0;
  const address = { kind: 'unix', path: engine.socket, called: engine.host } as const;
  const thread = await EngineThread.open({ address, env: {} }, () => void changes++);
  expect(thread.services).toHaveLength(60);
  expect(changes).toBe(1);
  thread.close();
  expect(await thread.lost).toMatchObject({ reason: 'it was closed' });
});

it('tells the last lines of a container, whatever stream they came on, and why there are none', async () => {
  const engine = await FakeEngine.start([fakeId(1)]);
  onTestFinished(() => engine.stop());
  const address = { kind: 'unix', path: engine.socket, called: engine.host } as const;
  const thread = await EngineThread.open({ address, env: {} }, () => {});
  onTestFinished(() => thread.close());
  engine.answers.log = (response) =>
    response.end(Buffer.from('\u0001\0\0\0\0\0\0\u0006ready\n\u0002\0\0\0\0\0\0\u0005oops\n'));
  expect(await thread.log(fakeId(1), 7)).toEqual({ text: 'ready\noops\n' });
  expect(engine.asked.at(-1)).toBe(`/containers/${fakeId(1)}/logs?stdout=1&stderr=1&tail=7`);
  engine.answers.log = (response) => void response.writeHead(409).end('{}');
  expect(await thread.log(fakeId(1), 7)).toEqual({ problem: 'the Docker engine answered 409' });
  // Longer than is kept: the end of it.
  engine.answers.log = (response) => response.end(`${'a'.repeat(400_000)}\nlast line\n`);
  const log = await thread.log(fakeId(1), 7);
  expect('text' in log && log.text.length < 300_000 && log.text.endsWith('last line\n')).toBe(true);
  thread.close();
  expect(await thread.log(fakeId(1), 7)).toHaveProperty('problem');
});
