import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/fixtures/cpu-time.ts';
import { isManifestName, isRootTurboJson, isWorkspaceName, parseManifest, preferredManifest } from './manifest.ts';

describe('parseManifest: names', () => {
  it.each<[string, string, string | undefined]>([
    ['package.json', '{"name":"@shop/web"}', '@shop/web'],
    ['package.json', '\n{ "name": 5 }', undefined],
    ['package.json', '{"name":"half', undefined],
    ['package.json', '[]', undefined],
    ['package.json', '{"name":"a\\u0007b"}', undefined],
    ['package.json', `{"name":"${'x'.repeat(300)}"}`, undefined],
    ['pyproject.toml', '[build-system]\nname = "no"\n[project]\nname = "shop-api"\n', 'shop-api'],
    ['pyproject.toml', "[tool.poetry]\r\nname = 'shop-api'\r\n", 'shop-api'],
    ['go.mod', '// shop\nmodule github.com/kim/shop\n\ngo 1.24\n', 'github.com/kim/shop'],
    ['Cargo.toml', '[workspace]\nmembers = ["a"]\n\n[package]\nname = "shop"\n', 'shop'],
    ['composer.json', '{"name":"laravel/laravel"}', 'laravel/laravel'],
    ['Gemfile', 'gem "rails"', undefined],
    ['mix.exs', 'def project do\n  [app: :lighthouse, version: "0.1"]', 'lighthouse'],
    [
      'pom.xml',
      '<?xml version="1.0"?><project><!-- <artifactId>no</artifactId> --><parent><artifactId>parent</artifactId></parent>\n<artifactId> shop </artifactId><dependencies><dependency><artifactId>lib</artifactId></dependency></dependencies></project>',
      'shop',
    ],
    ['settings.gradle.kts', 'rootProject.name = "shop"\ninclude("api")', 'shop'],
    ['build.gradle', 'plugins {}', undefined],
    [
      'deno.jsonc',
      '{ // the shop\n "name": "@kim/shop", /* "name": "no" */ "imports": {"a": "https://x//y",}, }',
      '@kim/shop',
    ],
    ['Shop.Api.csproj', '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>', 'Shop.Api'],
    ['Shop.Api.csproj', '<AssemblyName>shop</AssemblyName>', 'shop'],
    ['Shop.Api.csproj', '<AssemblyName>$(MSBuildProjectName)</AssemblyName>', 'Shop.Api'],
  ])('%s %j: %j', (file, text, name) => {
    expect(parseManifest(file, text).name).toBe(name);
  });

  it('counts an unreadable one as there, without a name', () => {
    expect(parseManifest('package.json', undefined)).toMatchObject({ file: 'package.json', name: undefined });
  });

  it.each([
    ['pom.xml', '<build>'],
    ['pom.xml', '<!--'],
    ['pom.xml', '<a '],
    ['deno.json', '/*'],
    ['deno.json', '"\\'],
    ['deno.json', ', '],
    ['pyproject.toml', '\n'],
    ['pyproject.toml', '[ '],
    ['Cargo.toml', ' '],
    ['Gemfile', '\n\t'],
    ['settings.gradle', 'rootProject.name   '],
  ])('reads a %s made of %j in no time', (file, part) => {
    const text = part.repeat(Math.floor(256_000 / part.length));
    expect(cpuMs(() => parseManifest(file, text))).toBeLessThan(1000);
  });
});

describe('parseManifest: workspaces', () => {
  it.each<[string, string, boolean]>([
    ['package.json', '{"workspaces":["apps/*"]}', true],
    ['package.json', '{"workspaces":{"packages":["apps/*"]}}', true],
    ['package.json', '{"workspaces":[]}', false],
    ['Cargo.toml', '[workspace]\nmembers = []', true],
    ['Cargo.toml', '[package]\nworkspace = ".."', false],
    ['pyproject.toml', '[tool.uv.workspace]\nmembers = ["a"]', true],
    ['pom.xml', '<project><modules><module>api</module></modules></project>', true],
    ['settings.gradle', "include 'api'", true],
    ['mix.exs', 'apps_path: "apps"', true],
    ['deno.json', '{"workspace":["./api"]}', true],
  ])('%s %j: %s', (file, text, isWorkspace) => {
    expect(parseManifest(file, text).isWorkspace).toBe(isWorkspace);
  });

  it('knows the files that only a root has', () => {
    for (const file of ['pnpm-workspace.yaml', 'nx.json', 'go.work', 'Shop.sln'])
      expect(isWorkspaceName(file)).toBe(true);
    expect(isWorkspaceName('package.json')).toBe(false);
    expect(isManifestName('package-lock.json')).toBe(false);
  });

  it('tells a package’s turbo.json from the root’s', () => {
    expect(isRootTurboJson('{ "extends": [ "//" ], "tasks": {} }')).toBe(false);
    expect(isRootTurboJson('{ "tasks": {} }')).toBe(true);
  });

  it('takes a package.json that says nothing but a type for a marker', () => {
    expect(parseManifest('package.json', '{"type":"module"}').isMarker).toBe(true);
    expect(parseManifest('package.json', '{"type":"module","scripts":{}}').isMarker).toBe(false);
  });
});

describe('preferredManifest', () => {
  const all = ['Gemfile', 'go.mod', 'package.json', 'pyproject.toml'].map((file) => parseManifest(file, '{}'));

  it.each([
    ['ruby', 'Gemfile'],
    ['puma 6.5.0 (tcp://0.0.0.0:3011) [api]', 'Gemfile'],
    ['node', 'package.json'],
    ['python3.12', 'pyproject.toml'],
    ['uvicorn', 'pyproject.toml'],
    ['harbour-schedule', 'go.mod'],
    ['', 'package.json'],
  ])('for %j takes %s', (program, file) => {
    expect(preferredManifest(all, program)?.file).toBe(file);
  });
});
