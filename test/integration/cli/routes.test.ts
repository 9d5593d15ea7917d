/** `hostwise routes` with no daemon: the file is changed. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from './run-cli.ts';

async function storedIn(dataDir: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(dataDir, 'mappings.json'), 'utf8')) as Record<string, unknown>;
}

describe('hostwise routes', () => {
  it('sets, lists and forgets', async () => {
    const dataDir = await tempDir('hw-routes');
    expect(await cli(['routes', 'set', 'shop', '10.1.2.3:5173'], { dataDir })).toMatchObject({
      code: 0,
      stdout: 'shop.localhost -> 10.1.2.3:5173\n',
    });
    expect((await cli(['routes', 'set', 'Web.Shop.localhost', dataDir + ':3000'], { dataDir })).code).toBe(0);
    expect(await storedIn(dataDir)).toMatchObject({
      'shop.localhost': { type: 'process', target: '10.1.2.3', port: 5173, source: 'user' },
      'web.shop.localhost': { type: 'process', target: dataDir, port: 3000, source: 'user' },
    });

    const { stdout } = await cli(['routes'], { dataDir });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^HOST +TARGET +BY +SINCE +WHY$/),
      expect.stringMatching(/^shop\.localhost +10\.1\.2\.3:5173 +user +\d{4}-\d\d-\d\d /),
      expect.stringMatching(/^web\.shop\.localhost .*:3000 +user/),
      '',
    ]);
    const json = await cli(['routes', 'list', '--json'], { dataDir });
    expect(Object.keys(JSON.parse(json.stdout) as object)).toEqual(['shop.localhost', 'web.shop.localhost']);

    expect(await cli(['routes', 'rm', 'shop'], { dataDir })).toMatchObject({
      code: 0,
      stdout: 'shop.localhost is forgotten\n',
    });
    expect(Object.keys(await storedIn(dataDir))).toEqual(['web.shop.localhost']);
  });

  it('knows short names with dots: set, set a path, forget', async () => {
    const dataDir = await tempDir('hw-routes');
    expect(await cli(['routes', 'set', 'web.acme', '10.1.2.3:4001'], { dataDir })).toMatchObject({
      code: 0,
      stdout: 'web.acme.localhost -> 10.1.2.3:4001\n',
    });
    expect(await cli(['routes', 'set', 'web.acme/api', '10.1.2.3:4002'], { dataDir })).toMatchObject({ code: 0 });
    expect(Object.keys(await storedIn(dataDir))).toEqual(['web.acme.localhost']);
    expect(await cli(['routes', 'rm', 'web.acme'], { dataDir })).toMatchObject({
      stdout: 'web.acme.localhost is forgotten\n',
    });
  });

  it('says why a route that the program made is the user’s once they set a path of it', async () => {
    const dataDir = await tempDir('hw-routes');
    const decided = {
      type: 'process',
      target: '10.1.2.3',
      port: 5173,
      createdAt: '2026-01-02T03:04:05.000Z',
      llmReason: '"shop" is its exact name',
      source: 'name',
    };
    await writeFile(join(dataDir, 'mappings.json'), JSON.stringify({ 'shop.localhost': decided }));
    for (const path of ['api', 'docs']) await cli(['routes', 'set', `shop/${path}`, '10.1.2.3:8000'], { dataDir });
    const { stdout } = await cli(['routes'], { dataDir });
    const [, row] = stdout.split('\n');
    expect(row).toMatch(
      /^shop\.localhost +10\.1\.2\.3:5173 +user +2026-01-02 +You set \/api of it, so the program does not/,
    );
    expect(await storedIn(dataDir)).toMatchObject({
      'shop.localhost': {
        source: 'user',
        llmReason: 'You set /api of it, so the program does not move it any more. Before: "shop" is its exact name',
      },
    });
  });

  it('says so when there is nothing to list or to forget, and makes no file', async () => {
    const dataDir = await tempDir('hw-routes');
    expect(await cli(['routes'], { dataDir })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Nothing is remembered'),
    });
    expect(await cli(['routes', 'rm', 'shop'], { dataDir })).toMatchObject({
      code: 0,
      stderr: 'Nothing is remembered for "shop.localhost"\n',
    });
    await expect(readFile(join(dataDir, 'mappings.json'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['example.com', '5173'],
    ['shop.test', '5173'],
    ['10.1.2.3', '5173'],
    ['proxy.localhost', '5173'],
    ['a b', '5173'],
    ['shop', '70000'],
    ['shop', 'no-such-container'],
    ['shop', 'https://192.0.2.1:8443/'],
    ['shop', ''],
  ])('refuses "%s" to "%s" with exit code 2 and stores nothing', async (host, target) => {
    const dataDir = await tempDir('hw-routes');
    const { code, stderr } = await cli(['routes', 'set', host, target], { dataDir });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^hostwise: ./);
    await expect(readFile(join(dataDir, 'mappings.json'))).rejects.toThrow('ENOENT');
  });

  it('reads a relative directory from where it is called', async () => {
    const dataDir = await tempDir('hw-routes');
    const cwd = await tempDir('hw-project');
    expect((await cli(['routes', 'set', 'here', './:3000'], { dataDir, cwd })).code).toBe(0);
    expect(await storedIn(dataDir)).toMatchObject({ 'here.localhost': { target: cwd, port: 3000 } });
  });

  it('exits 1 when the mappings cannot be written', async () => {
    const dataDir = await tempDir('hw-routes');
    await writeFile(join(dataDir, 'file'), '');
    const cacheFile = join(dataDir, 'file', 'mappings.json');
    const { code, stderr } = await cli(['routes', 'set', 'shop', '5173', '--cache-file', cacheFile], { dataDir });
    expect(code).toBe(1);
    expect(stderr).toContain('mappings.json');
  });

  it('keeps what it cannot read: a corrupt file is set aside, not overwritten', async () => {
    const dataDir = await tempDir('hw-routes');
    await writeFile(join(dataDir, 'mappings.json'), '{"shop.localhost": {"ty');
    await cli(['routes', 'set', 'blog', '4321'], { dataDir });
    expect(Object.keys(await storedIn(dataDir))).toContain('blog.localhost');
  });
});
