/** The frameworks of `npm run test:frameworks`: how each is started by its users, and what its dev server promises. */

/**
 * What happens after an edit of a source file:
 * `hot` the page changes without being loaded again · `reload` the dev server reloads the page ·
 * `restart` the server starts again · `file` the file is read at each request (the user reloads for these two)
 */
export type Update = 'hot' | 'reload' | 'restart' | 'file';

/**
 * What speaks over WebSocket: the dev server's own `updates`, the page with its server (`echo`), or nothing.
 */
export type Sockets = 'updates' | 'echo' | 'none';

/** A framework; its project is the folder of the same name, with `#words`, `#count` and, for `echo`, `#echo`. */
export interface Framework {
  /** Folder here, and for `--only`. */
  name: string;
  /** In the table. */
  title: string;
  /** npm package whose version is shown, or the program that runs it, which tells its version itself. */
  version: { npm: string } | { program: string; install: string };
  /** As a user types it, in the project's folder. */
  command: readonly [string, ...string[]];
  /** Printed when it listens. */
  ready: RegExp;
  /** The file of the project that says "before the edit". */
  edit: string;
  update: Update;
  sockets: Sockets;
  /** Its own setting for other hostnames than *.localhost, as a person writes it; none where any is taken. */
  allow?: string;
  /** For the table: how it is run here, and what a user must know. */
  notes: string;
}

/** In the order in which they run. */
export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'vite',
    title: 'Vite',
    version: { npm: 'vite' },
    command: ['npm', 'run', 'dev'],
    ready: /Local: +http/,
    edit: 'words.js',
    update: 'hot',
    sockets: 'updates',
    allow: "`server: { allowedHosts: ['.test'] }` in vite.config.js",
    notes: '',
  },
  {
    name: 'next',
    title: 'Next',
    version: { npm: 'next' },
    command: ['npm', 'run', 'dev'],
    ready: /Ready in/,
    edit: 'app/page.js',
    update: 'hot',
    sockets: 'updates',
    allow: "`allowedDevOrigins: ['*.test']` in next.config.js",
    notes: 'Turbopack, the default',
  },
  {
    name: 'express',
    title: 'Express + socket.io',
    version: { npm: 'express' },
    command: ['npm', 'run', 'dev'],
    ready: /listening on/,
    edit: 'page.js',
    update: 'restart',
    sockets: 'echo',
    notes: '`node --watch`; socket.io begins with polling and upgrades to WebSocket',
  },
  {
    name: 'nuxt',
    title: 'Nuxt',
    version: { npm: 'nuxt' },
    command: ['npm', 'run', 'dev'],
    ready: /Vite client warmed up|Nuxt Nitro server built|Nitro built/,
    edit: 'app/app.vue',
    update: 'hot',
    sockets: 'updates',
    allow: "`vite: { server: { allowedHosts: ['.test'] } }` in nuxt.config.js",
    notes: '',
  },
  {
    name: 'astro',
    title: 'Astro',
    version: { npm: 'astro' },
    command: ['npm', 'run', 'dev'],
    ready: /Local +http/,
    edit: 'src/words.js',
    update: 'reload',
    sockets: 'updates',
    allow: "`server: { allowedHosts: ['.test'] }` in astro.config.mjs",
    notes: '',
  },
  {
    name: 'sveltekit',
    title: 'SvelteKit',
    version: { npm: '@sveltejs/kit' },
    command: ['npm', 'run', 'dev'],
    ready: /Local: +http/,
    edit: 'src/routes/+page.svelte',
    update: 'hot',
    sockets: 'updates',
    allow: "`server: { allowedHosts: ['.test'] }` in vite.config.js",
    notes: '',
  },
  {
    name: 'angular',
    title: 'Angular',
    version: { npm: '@angular/core' },
    command: ['npm', 'run', 'dev', '--', '--port', '0'],
    ready: /Local: +http/,
    edit: 'src/app.html',
    update: 'hot',
    sockets: 'updates',
    allow: '`"allowedHosts": [".test"]` in the options of `serve` in angular.json',
    notes: '',
  },
  {
    name: 'react-router',
    title: 'React Router',
    version: { npm: 'react-router' },
    command: ['npm', 'run', 'dev'],
    ready: /Local: +http/,
    edit: 'app/home.jsx',
    update: 'hot',
    sockets: 'updates',
    allow: "`server: { allowedHosts: ['.test'] }` in vite.config.js",
    notes: 'framework mode',
  },
  {
    name: 'webpack',
    title: 'webpack-dev-server',
    version: { npm: 'webpack-dev-server' },
    command: ['npm', 'run', 'dev'],
    ready: /compiled successfully/,
    edit: 'src/words.js',
    update: 'hot',
    sockets: 'updates',
    allow: "`allowedHosts: ['.test']` below `devServer` in webpack.config.js",
    notes: 'with `webSocketURL` set, see below',
  },
  {
    name: 'hono',
    title: 'Hono',
    version: { npm: 'hono' },
    command: ['npm', 'run', 'dev'],
    ready: /listening on/,
    edit: 'page.js',
    update: 'restart',
    sockets: 'echo',
    notes: '`node --watch`, `@hono/node-server`',
  },
  {
    name: 'fastify',
    title: 'Fastify',
    version: { npm: 'fastify' },
    command: ['npm', 'run', 'dev'],
    ready: /listening on/,
    edit: 'page.js',
    update: 'restart',
    sockets: 'echo',
    notes: '`node --watch`, `@fastify/websocket`',
  },
  {
    name: 'python-http',
    title: 'Python http.server',
    version: { program: 'python3', install: 'apt-get install python3' },
    command: ['python3', '-u', '-m', 'http.server', '0'],
    ready: /Serving HTTP on/,
    edit: 'index.html',
    update: 'file',
    sockets: 'none',
    notes: 'HTTP/1.0',
  },
  {
    name: 'uvicorn',
    title: 'uvicorn',
    version: { program: 'uvicorn', install: 'apt-get install uvicorn python3-websockets' },
    command: ['uvicorn', 'app:app', '--reload', '--port', '0'],
    ready: /Application startup complete/,
    edit: 'page.py',
    update: 'restart',
    sockets: 'echo',
    notes: '`--reload`',
  },
];
