import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../../src/core/mapping.ts';
import { MappingStore, type StoreLog } from '../../../src/routes/mapping-store.ts';
import { cpuMs } from '../../fixtures/cpu-time.ts';
import { loopMs } from '../../fixtures/loop-time.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const log: StoreLog = { warn: () => {} };
const MODULE = new URL('../../../src/routes/mapping-store.ts', import.meta.url).href;

function mapping(port: number, more: Partial<Mapping> = {}): Mapping {
  return { type: 'process', target: 'localhost', port, createdAt: '2026-01-01T00:00:00Z', llmReason: '', ...more };
}

async function newFile(): Promise<string> {
  return path.join(await tempDir(), 'mappings.json');
}

async function onDisk(file: string): Promise<Record<string, { port: number }>> {
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, { port: number }>;
}

async function filesBeside(file: string): Promise<string[]> {
  return (await readdir(path.dirname(file))).filter((name) => name !== path.basename(file));
}

describe('MappingStore', () => {
  it('begins empty, remembers at once, and is on the disk when set resolves', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    expect(store.all()).toEqual({});
    const writing = store.set('shop.localhost', mapping(5173, { later: { '/api': 'x' } }));
    expect(store.get('shop.localhost')?.port).toBe(5173);
    await writing;
    expect(await onDisk(file)).toEqual({ 'shop.localhost': mapping(5173, { later: { '/api': 'x' } }) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await MappingStore.open(file, log);
    expect(again.get('shop.localhost')).toEqual(store.get('shop.localhost'));
    expect(again.warnings).toEqual([]);
  });

  it('forgets, and says whether there was something', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    await store.set('a.localhost', mapping(1));
    expect(await store.delete('a.localhost')).toBe(true);
    expect(await store.delete('a.localhost')).toBe(false);
    expect(store.get('a.localhost')).toBeUndefined();
    expect(await onDisk(file)).toEqual({});
  });

  it('a named pipe or a folder in the place of the file: said at once, kept in memory, written when it is gone', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    await store.set('a.localhost', mapping(1));
    for (const [host, put] of [
      ['b.localhost', () => execFileSync('mkfifo', [file])],
      ['c.localhost', () => mkdir(file)],
    ] as const) {
      await rm(file, { recursive: true });
      await put();
      await expect(store.set(host, mapping(2))).rejects.toMatchObject({ code: 'ROUTE_STORE_UNWRITABLE' });
      await expect(MappingStore.open(file, log)).rejects.toMatchObject({ code: 'ROUTE_STORE_UNREADABLE' });
      await rm(file, { recursive: true });
      await store.flush();
      expect(Object.keys(await onDisk(file))).toContain(host);
    }
    expect(Object.keys(await onDisk(file))).toEqual(['a.localhost', 'b.localhost', 'c.localhost']);
  });

  it('keeps every one of a thousand changes made at once, in a few writes', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    let isOver = false;
    const all = Promise.all(Array.from({ length: 1_000 }, (_, i) => store.set(`app-${i}.localhost`, mapping(i + 1))));
    void all.then(() => {
      isOver = true;
    });
    // Every write makes a new file.
    const inodes = new Set<number>();
    while (!isOver) {
      inodes.add((await stat(file).catch(() => ({ ino: 0 }))).ino);
      await delay(1);
    }
    expect(Object.keys(await onDisk(file))).toHaveLength(1_000);
    expect(inodes.size).toBeLessThan(20);
    expect(await filesBeside(file)).toEqual([]);
  });

  it('keeps the order of the file, with new ones last', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    for (const key of ['z.localhost', 'a.localhost', 'm.localhost']) await store.set(key, mapping(1));
    await store.set('a.localhost', mapping(2));
    const order = ['z.localhost', 'a.localhost', 'm.localhost'];
    expect(Object.keys(store.all())).toEqual(order);
    expect(Object.keys(await onDisk(file))).toEqual(order);
    expect(Object.keys((await MappingStore.open(file, log)).all())).toEqual(order);
  });

  it('tells listeners of changes, also when one of them fails', async () => {
    const store = await MappingStore.open(await newFile(), log);
    const told: string[] = [];
    store.onChange(() => {
      throw new Error('broken listener');
    });
    const stop = store.onChange((key) => told.push(key));
    await store.set('a.localhost', mapping(1));
    await store.delete('a.localhost');
    await store.delete('a.localhost');
    stop();
    await store.set('b.localhost', mapping(1));
    expect(told).toEqual(['a.localhost', 'a.localhost']);
  });

  it('refuses what it could not read again', async () => {
    const store = await MappingStore.open(await newFile(), log);
    for (const key of ['', 'a b', 'A.localhost', 'a.localhost:', '__proto__']) {
      await expect(store.set(key, mapping(1)), key).rejects.toMatchObject({ code: 'ROUTE_BAD_MAPPING' });
    }
    await expect(store.set('a.localhost', mapping(0))).rejects.toMatchObject({
      code: 'ROUTE_BAD_MAPPING',
      message: expect.stringContaining('port'),
    });
    expect(store.all()).toEqual({});
  });

  it('reads ten thousand mappings quickly and writes one change of them without a stall', async () => {
    const file = await newFile();
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`app-${i}.localhost`, mapping(1)]));
    await writeFile(file, JSON.stringify(many));
    const opening = MappingStore.open(file, log);
    expect(await loopMs(opening.then((opened) => opened.set('app-5.localhost', mapping(2))))).toBeLessThan(5_000);
    const store = await opening;
    expect(Object.keys(await onDisk(file))).toHaveLength(10_000);
    let saved: Promise<unknown> | undefined;
    const heldUpMs = cpuMs(() => {
      saved = store.set('app-6.localhost', mapping(2));
    });
    expect(heldUpMs).toBeLessThan(250);
    await saved;
  });
});

describe('a mappings file that is damaged', () => {
  it('is moved aside when it is torn, and its whole entries are kept', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    for (let i = 0; i < 13; i++) await store.set(`app-${i}.localhost`, mapping(i + 1));
    const { size } = await stat(file);
    await truncate(file, size - 30);
    const torn = await readFile(file);
    const after = await MappingStore.open(file, log);
    expect(Object.keys(after.all())).toHaveLength(12);
    expect(after.warnings).toEqual([expect.stringMatching(/not JSON; 12 mappings could still be read.*corrupt-/)]);
    const [kept = ''] = await filesBeside(file);
    expect(kept).toMatch(/^mappings\.json\.corrupt-\d{4}-/);
    expect(await readFile(path.join(path.dirname(file), kept))).toEqual(torn);
    expect(Object.keys(await onDisk(file))).toHaveLength(12);
    await after.set('new.localhost', mapping(1));
    expect(Object.keys(await onDisk(file))).toHaveLength(13);
  });

  it.each(['not json at all', '[]', 'null', '\0\0\0\0'])('is moved aside when it is %j', async (text) => {
    const file = await newFile();
    await writeFile(file, text);
    const store = await MappingStore.open(file, log);
    expect(store.all()).toEqual({});
    await store.set('a.localhost', mapping(1));
    const [kept = ''] = await filesBeside(file);
    expect(await readFile(path.join(path.dirname(file), kept), 'utf8')).toBe(text);
  });

  it('never overwrites an earlier one that was moved aside', async () => {
    const file = await newFile();
    for (let i = 0; i < 5; i++) {
      await writeFile(file, `broken ${i}`);
      await MappingStore.open(file, log);
    }
    expect(await filesBeside(file)).toHaveLength(5);
  });

  it('keeps a bad entry through rewrites, and beside a new one of its name', async () => {
    const file = await newFile();
    const bad = { type: 'process', target: 'localhost', port: 'http' };
    await writeFile(file, JSON.stringify({ 'bad.localhost': bad, 'good.localhost': mapping(1) }));
    const store = await MappingStore.open(file, log);
    expect(store.get('bad.localhost')).toBeUndefined();
    expect(store.warnings).toEqual([expect.stringContaining('bad.localhost')]);
    await store.set('other.localhost', mapping(2));
    expect((await onDisk(file))['bad.localhost']).toEqual(bad);
    await store.set('bad.localhost', mapping(3));
    expect(await onDisk(file)).toMatchObject({ 'bad.localhost': { port: 3 }, 'bad.localhost (set aside)': bad });
    expect((await MappingStore.open(file, log)).get('bad.localhost')?.port).toBe(3);
  });

  it('is refused when it is huge, a folder, or not to be read, and left as it is', async () => {
    const file = await newFile();
    await writeFile(file, '{}');
    await truncate(file, 17 * 1024 * 1024);
    await expect(MappingStore.open(file, log)).rejects.toMatchObject({
      code: 'ROUTE_STORE_UNREADABLE',
      message: expect.stringContaining('bytes'),
      hint: expect.stringContaining('--cache-file'),
    });
    expect((await stat(file)).size).toBe(17 * 1024 * 1024);
    await rm(file);
    await mkdir(file);
    await expect(MappingStore.open(file, log)).rejects.toMatchObject({ code: 'ROUTE_STORE_UNREADABLE' });
  });
});

describe('an edit of the mappings file by somebody else', () => {
  it('is kept with the next write, where it does not meet our own change', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    for (const key of ['a', 'b', 'c']) await store.set(`${key}.localhost`, mapping(1));
    const told = new Set<string>();
    store.onChange((key) => told.add(key));
    await writeFile(
      file,
      JSON.stringify({ 'a.localhost': mapping(10), 'c.localhost': mapping(30), 'by-hand.localhost': mapping(4) }),
    );
    await store.set('c.localhost', mapping(3));
    const ports = Object.fromEntries(Object.entries(await onDisk(file)).map(([key, { port }]) => [key, port]));
    expect(ports).toEqual({ 'a.localhost': 10, 'c.localhost': 3, 'by-hand.localhost': 4 });
    expect(store.get('a.localhost')?.port).toBe(10);
    expect(store.get('b.localhost')).toBeUndefined();
    expect([...told].sort()).toEqual(['a.localhost', 'b.localhost', 'by-hand.localhost', 'c.localhost']);
  });

  it('is seen by reload without a write', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    await store.set('a.localhost', mapping(1));
    await writeFile(`${file}.new`, JSON.stringify({ 'a.localhost': mapping(2) }));
    await rename(`${file}.new`, file);
    await store.reload();
    expect(store.get('a.localhost')?.port).toBe(2);
  });

  it('is moved aside when it is no JSON, with nothing lost', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    await store.set('a.localhost', mapping(1));
    await store.set('b.localhost', mapping(2));
    await writeFile(file, `{\n  "a.localhost": ${JSON.stringify(mapping(9))},\n  "b.localhost": { oops`);
    await store.set('c.localhost', mapping(3));
    expect(await onDisk(file)).toMatchObject({
      'a.localhost': { port: 9 },
      'b.localhost': { port: 2 },
      'c.localhost': { port: 3 },
    });
    expect(await filesBeside(file)).toEqual([expect.stringContaining('.corrupt-')]);
  });

  it('that removes the whole file forgets nothing', async () => {
    const file = await newFile();
    const store = await MappingStore.open(file, log);
    await store.set('a.localhost', mapping(1));
    await rm(file);
    await store.set('b.localhost', mapping(2));
    expect(Object.keys(await onDisk(file))).toEqual(['a.localhost', 'b.localhost']);
  });

  it('reaches us through our own symbolic link, which stays one', async () => {
    const dir = await tempDir();
    const [real, link] = [path.join(dir, 'real.json'), path.join(dir, 'mappings.json')];
    await writeFile(real, '{}');
    await symlink(real, link);
    const store = await MappingStore.open(link, log);
    await store.set('a.localhost', mapping(1));
    expect(Object.keys(await onDisk(real))).toEqual(['a.localhost']);
  });
});

describe('a disk that refuses', () => {
  /** Not even root can write where a file stands for the folder. */
  async function breakFolder(file: string): Promise<() => Promise<void>> {
    const folder = path.dirname(file);
    await rename(folder, `${folder}-away`);
    await writeFile(folder, 'in the way');
    return async () => {
      await rm(folder);
      await rename(`${folder}-away`, folder);
    };
  }

  it('fails the write with words, keeps the mapping in memory, and gets it with the next write', async () => {
    const file = path.join(await tempDir(), 'data', 'mappings.json');
    await mkdir(path.dirname(file));
    const store = await MappingStore.open(file, log);
    await store.set('before.localhost', mapping(1));
    const mend = await breakFolder(file);
    await expect(store.set('a.localhost', mapping(2))).rejects.toMatchObject({ code: 'ROUTE_STORE_UNWRITABLE' });
    await expect(store.flush()).rejects.toMatchObject({ code: 'ROUTE_STORE_UNWRITABLE' });
    expect(store.get('a.localhost')?.port).toBe(2);
    await mend();
    await store.set('b.localhost', mapping(3));
    expect(Object.keys(await onDisk(file))).toEqual(['before.localhost', 'a.localhost', 'b.localhost']);
  });

  it('is tried again within one call', async () => {
    const file = path.join(await tempDir(), 'data', 'mappings.json');
    await mkdir(path.dirname(file));
    const store = await MappingStore.open(file, log);
    const mend = await breakFolder(file);
    const saved = store.set('a.localhost', mapping(2));
    await delay(20);
    await mend();
    await saved;
    expect(Object.keys(await onDisk(file))).toEqual(['a.localhost']);
  });

  it('gets a flush at the end', async () => {
    const file = path.join(await tempDir(), 'made', 'later', 'mappings.json');
    const store = await MappingStore.open(file, log);
    void store.set('a.localhost', mapping(2));
    await store.flush();
    expect(Object.keys(await onDisk(file))).toEqual(['a.localhost']);
  });
});

describe('a process that is killed while it writes', () => {
  it('leaves a whole file with every mapping whose set had resolved', async () => {
    const file = await newFile();
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', ENDLESS_SETTER, MODULE, file, `${round}`]);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += String(chunk);
      });
      await waitFor('some mappings are stored', () => said.split('\n').length > 5);
      await delay(round * 5);
      child.kill('SIGKILL');
      await once(child, 'close');
      const stored = said.split('\n').slice(0, -1);
      const keys = Object.keys(await onDisk(file));
      expect(keys).toEqual(expect.arrayContaining(stored));
      const store = await MappingStore.open(file, log);
      expect(store.warnings).toEqual([]);
    }
  });
});

const ENDLESS_SETTER = `
const [module, file, round] = process.argv.slice(1);
const { MappingStore } = await import(module);
const store = await MappingStore.open(file, { warn() {} });
for (let i = 0; ; i++) {
  const key = 'app-' + round + '-' + i + '.localhost';
  await store.set(key, { type: 'process', target: 'localhost', port: 1, createdAt: '', llmReason: 'x'.repeat(4000) });
  process.stdout.write(key + '\\n');
}`;
