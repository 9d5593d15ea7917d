import { describe, expect, it } from 'vitest';
import { frameworkOf } from './framework.ts';

describe('frameworkOf', () => {
  it.each<[string[], string[], string | undefined]>([
    [['node', '/a/node_modules/.bin/vite', '--port', '5173'], ['react', 'vite'], 'vite'],
    [['node', '/a/node_modules/.bin/../vite/bin/vite.js'], ['@sveltejs/kit', 'vite'], 'sveltekit'],
    [['node', '/a/node_modules/.bin/vite', 'dev'], ['vite', 'express'], 'vite'],
    [['next-server (v15.1.0)'], [], 'next'],
    [['ng serve lighthouse --port=4200'], [], 'angular'],
    [['node', '/a/node_modules/nuxi/bin/nuxi.mjs', '_dev'], [], 'nuxt'],
    [['node', '/a/node_modules/.bin/../storybook/bin/index.cjs', 'dev'], ['next'], 'storybook'],
    [['/venv/bin/python', '/venv/bin/uvicorn', 'main:app'], ['fastapi'], 'fastapi'],
    [['/venv/bin/python', '/venv/bin/uvicorn', 'main:app'], [], 'asgi'],
    [['python', 'manage.py', 'runserver'], [], 'django'],
    [['puma 6.5.0 (tcp://0.0.0.0:3011) [api]'], ['rails'], 'rails'],
    [['php', 'artisan', 'serve'], [], 'laravel'],
    [['beam.smp', '--', '-extra', '/usr/bin/mix', 'phx.server'], ['phoenix'], 'phoenix'],
    [['node', 'server.js'], ['express'], 'express'],
    // A mock server in a Next project is not Next.
    [['node', 'mocks/server.js'], ['next'], undefined],
    [['node', 'server.js'], [], undefined],
    [[], [], undefined],
  ])('%j with %j: %j', (argv, dependencies, framework) => {
    expect(frameworkOf(argv, dependencies)).toBe(framework);
  });
});
