import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/fixtures/temp-dir.ts';
import { Directories } from './directory.ts';
import { FileStamps } from './file-stamps.ts';
import { findProject } from './project.ts';

/** Write files below a folder; a name that ends in `/` is an empty directory. */
async function lay(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) await writeFile(file, text);
  }
}

/** Projects as a new scan finds them. */
function finder(home?: string) {
  const stamps = new FileStamps();
  const directories = new Directories(stamps, home);
  return (cwd: string, command = 'node', argv: string[] = []) => {
    stamps.clear();
    const found = findProject(directories, { cwd, command, argv });
    directories.sweep();
    return found;
  };
}

describe('findProject', () => {
  it('takes the nearest manifest above the working directory', async () => {
    const root = await tempDir();
    await lay(root, { 'shop/package.json': '{"name":"@kim/shop"}', 'shop/src/deep/': '' });
    expect(finder()(path.join(root, 'shop/src/deep'))).toEqual({
      root: path.join(root, 'shop'),
      name: '@kim/shop',
      workspace: null,
    });
  });

  it('calls a project after its directory where the manifest is broken, has no name or is too large', async () => {
    const root = await tempDir();
    const huge = `{"name":"huge","x":"${'x'.repeat(300_000)}"}`;
    await lay(root, { 'a/package.json': '{"name":', 'b/Gemfile': '', 'c/package.json': huge });
    const find = finder();
    expect(['a', 'b', 'c'].map((name) => find(path.join(root, name))?.name)).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, string, string, string]>([
    ['package.json', '{"name":"shop"}', 'node', 'shop'],
    ['pyproject.toml', '[project]\nname = "shop"\n', 'python3.13', 'shop'],
    ['go.mod', 'module github.com/kim/shop\n', 'shop', 'github.com/kim/shop'],
    ['Cargo.toml', '[package]\nname = "shop"\n', 'shop', 'shop'],
    ['composer.json', '{"name":"kim/shop"}', 'php', 'kim/shop'],
    ['Gemfile', "source 'https://rubygems.org'\n", 'ruby', 'folder'],
    ['mix.exs', 'def project, do: [app: :shop]\n', 'beam.smp', 'shop'],
    ['pom.xml', '<project><artifactId>shop</artifactId></project>', 'java', 'shop'],
    ['build.gradle', "plugins { id 'java' }\n", 'java', 'folder'],
    ['build.gradle.kts', 'plugins { java }\n', 'java', 'folder'],
    ['deno.json', '{"name":"@kim/shop"}', 'deno', '@kim/shop'],
    ['Shop.csproj', '<Project Sdk="Microsoft.NET.Sdk.Web"/>', 'dotnet', 'Shop'],
  ])(
    'finds a project by its %s; broken, empty, a circle of links or a folder, it is no worse than nameless',
    async (file, text, command, name) => {
      const root = await tempDir();
      const folder = path.join(root, 'folder');
      const find = finder();
      await lay(folder, { [file]: text, 'src/': '' });
      expect(find(path.join(folder, 'src'), command)).toMatchObject({ root: folder, name });
      const nameless = file === 'Shop.csproj' ? 'Shop' : 'folder';
      for (const broken of ['', '{"name":', '\0\xff<project', '[[[[']) {
        await lay(folder, { [file]: broken });
        expect(find(path.join(folder, 'src'), command)).toMatchObject({ root: folder, name: nameless });
      }
      const manifest = path.join(folder, file);
      await rm(manifest);
      await symlink(`${file}.circle`, manifest);
      await symlink(file, `${manifest}.circle`);
      expect(find(path.join(folder, 'src'), command)?.root).toBe(folder);
      await rm(manifest);
      await mkdir(manifest);
      expect(() => find(path.join(folder, 'src'), command)).not.toThrow();
    },
  );

  it('takes /app, /srv and what lies below /root for ordinary directories', () => {
    const directories = new Directories(new FileStamps(), '/home/kim');
    const above = (cwd: string) => directories.above(cwd);
    expect(['/app', '/srv', '/root', '/srv/shop', '/root/shop'].map(above)).toEqual([
      ['/app'],
      ['/srv'],
      ['/root'],
      ['/srv/shop', '/srv'],
      ['/root/shop'],
    ]);
  });

  it('finds the monorepo’s root and its name', async () => {
    const root = await tempDir();
    await lay(root, {
      '.git/': '',
      'package.json': '{"name":"shop","workspaces":["apps/*"]}',
      'turbo.json': '{}',
      'apps/web/package.json': '{"name":"@shop/web"}',
      'apps/web/turbo.json': '{"extends":["//"]}',
    });
    const expected = { name: '@shop/web', workspace: root, workspaceName: 'shop' };
    expect(finder()(path.join(root, 'apps/web'))).toMatchObject(expected);
    expect(finder()(root)).toMatchObject({ name: 'shop', workspace: root });
  });

  it('does not look above the checkout', async () => {
    const root = await tempDir();
    await lay(root, {
      'package.json': '{"name":"outer","workspaces":["*"]}',
      'main/worktrees/fix/.git': 'gitdir: ../..',
      'main/worktrees/fix/src/': '',
      'other/.git/': '',
      'other/package.json': '{"name":"other"}',
    });
    const find = finder();
    expect(find(path.join(root, 'main/worktrees/fix/src'))).toBeNull();
    expect(find(path.join(root, 'other'))).toMatchObject({ name: 'other', workspace: null });
  });

  it('takes a manifest in the home directory only for what was started right there', async () => {
    const home = await tempDir();
    await lay(home, { 'package.json': '{"name":"stray","scripts":{}}', 'notes/': '' });
    const find = finder(home);
    expect(find(path.join(home, 'notes'))).toBeNull();
    expect(find(home)?.name).toBe('stray');
  });

  it('passes over a package.json that is only a marker, unless there is no other', async () => {
    const root = await tempDir();
    await lay(root, { 'package.json': '{"name":"shop"}', 'dist/package.json': '{"type":"module"}' });
    expect(finder()(path.join(root, 'dist'))?.name).toBe('shop');
    await rm(path.join(root, 'package.json'));
    expect(finder()(path.join(root, 'dist'))?.name).toBe('dist');
  });

  it('gives a process inside an installed package to whoever installed it', async () => {
    const root = await tempDir();
    await lay(root, { 'package.json': '{"name":"shop"}', 'node_modules/next/package.json': '{"name":"next"}' });
    expect(finder()(path.join(root, 'node_modules/next/dist'))?.name).toBe('shop');
  });

  it('lets the program decide between two manifests, and tells a framework only of its own kind', async () => {
    const root = await tempDir();
    await lay(root, { Gemfile: "gem 'rails'", 'package.json': '{"name":"assets","dependencies":{"express":"5"}}' });
    expect(finder()(root, 'ruby')).toMatchObject({ name: path.basename(root), framework: 'rails' });
    expect(finder()(root, 'node')).toMatchObject({ name: 'assets', framework: 'express' });
    expect(finder()(root, 'postgres')).not.toHaveProperty('framework');
  });

  it('sees a manifest that is written, changed or taken away between two scans', async () => {
    const root = await tempDir();
    const find = finder();
    expect(find(root)).toBeNull();
    await lay(root, { 'package.json': '{"name":"one"}' });
    expect(find(root)?.name).toBe('one');
    await lay(root, { 'package.json': '{"name":"other"}' });
    expect(find(root)?.name).toBe('other');
    await rm(path.join(root, 'package.json'));
    expect(find(root)).toBeNull();
  });

  it('survives links in circles, directories that are gone, and paths that are none', async () => {
    const root = await tempDir();
    await symlink('package.json', path.join(root, 'package.json'));
    await symlink('/dev/zero', path.join(root, 'go.mod'));
    await symlink('.', path.join(root, 'loop'));
    const find = finder();
    expect(find(path.join(root, 'loop/loop/loop'))?.name).toBe('loop');
    expect(find(path.join(root, 'gone/deeper'))?.root).toBe(root);
    for (const cwd of ['', 'relative', '/', '/'.repeat(300), `/${'a/'.repeat(2000)}`])
      expect(() => find(cwd)).not.toThrow();
  });

  it('has the name that "hostwise" in package.json asks for, below the user’s home only', async () => {
    const root = await tempDir();
    await lay(root, {
      'a/package.json': '{"name":"a","hostwise":"Store"}',
      'b/package.json': '{"name":"b","hostwise":{"name":"x"}}',
      'c/package.json': '{"name":"c","hostwise":"no name, an order"}',
    });
    const at = (find: ReturnType<typeof finder>) =>
      ['a', 'b', 'c'].map((name) => find(path.join(root, name))?.hostwise);
    expect(at(finder(root))).toEqual(['store', undefined, undefined]);
    expect(at(finder('/home/somebody'))).toEqual([undefined, undefined, undefined]);
    expect(at(finder('/'))).toEqual([undefined, undefined, undefined]);
  });
});
