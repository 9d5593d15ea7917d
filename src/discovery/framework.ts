/**
 * Which framework a process runs, where its command line or its manifest tells. Pure.
 */
import path from 'node:path';

/** A word of the command line (program or script without directory and extension), and what it stands for. */
const PROGRAMS: [RegExp, string][] = [
  [/^next(?:-server)?\b/, 'next'],
  [/^(?:nuxt|nuxi)$/, 'nuxt'],
  [/^astro$/, 'astro'],
  [/^ng$/, 'angular'],
  [/^(?:remix|remix-serve)$/, 'remix'],
  [/^react-router(?:-serve)?$/, 'react-router'],
  [/^gatsby$/, 'gatsby'],
  [/^react-scripts$/, 'create-react-app'],
  [/^vue-cli-service$/, 'vue-cli'],
  [/^vitepress$/, 'vitepress'],
  [/^docusaurus$/, 'docusaurus'],
  [/^eleventy$/, 'eleventy'],
  [/^(?:storybook|start-storybook)$/, 'storybook'],
  [/^expo$/, 'expo'],
  [/^nest$/, 'nest'],
  [/^medusa$/, 'medusa'],
  [/^strapi$/, 'strapi'],
  [/^wrangler$/, 'wrangler'],
  [/^json-server$/, 'json-server'],
  [/^vite$/, 'vite'],
  [/^(?:webpack|webpack-dev-server)$/, 'webpack'],
  [/^rspack$/, 'rspack'],
  [/^parcel$/, 'parcel'],
  [/^(?:uvicorn|hypercorn)$/, 'asgi'],
  [/^gunicorn\b/, 'gunicorn'],
  [/^flask$/, 'flask'],
  [/^fastapi$/, 'fastapi'],
  [/^streamlit$/, 'streamlit'],
  [/^jupyter(?:-lab|-notebook)?$/, 'jupyter'],
  [/^manage\.py$/, 'django'],
  [/^(?:rails|puma)\b/, 'rails'],
  [/^artisan$/, 'laravel'],
  [/^symfony$/, 'symfony'],
  [/^phx\.server$/, 'phoenix'],
  [/^hugo$/, 'hugo'],
  [/^jekyll$/, 'jekyll'],
];

/** Frameworks that are run by their bundler's own command. */
const BUNDLED: [string, string][] = [
  ['@sveltejs/kit', 'sveltekit'],
  ['@react-router/dev', 'react-router'],
  ['@remix-run/dev', 'remix'],
  ['@tanstack/react-start', 'tanstack-start'],
  ['@solidjs/start', 'solid-start'],
  ['@builder.io/qwik-city', 'qwik'],
];

/** Frameworks that are run by a script or a general server. */
const SERVED: [string, string][] = [
  ['@nestjs/core', 'nest'],
  ['fastify', 'fastify'],
  ['express', 'express'],
  ['hono', 'hono'],
  ['koa', 'koa'],
  ['django', 'django'],
  ['fastapi', 'fastapi'],
  ['flask', 'flask'],
  ['rails', 'rails'],
  ['sinatra', 'sinatra'],
  ['laravel/framework', 'laravel'],
  ['symfony/framework-bundle', 'symfony'],
  ['phoenix', 'phoenix'],
  ['spring-boot', 'spring-boot'],
  ['aspnetcore', 'aspnetcore'],
];

/** General tools, where the manifest knows better what is built on them. */
const BUNDLERS = new Set(['vite', 'webpack', 'rspack', 'parcel']);
const SERVERS = new Set(['asgi', 'gunicorn']);

/** How many arguments are looked at: program, interpreter flags, script, sub-command. */
const MAX_ARGUMENTS = 8;

/**
 * Framework of a process. The manifest counts only where it fits what runs: a mock server started in a Next project
 * is not Next.
 * @param argv its command line; a title that a process gave itself is one argument
 * @param dependencies of its project; [] where the program is not of the project's kind
 */
export function frameworkOf(argv: readonly string[], dependencies: readonly string[]): string | undefined {
  const run = programFramework(argv);
  if (run === undefined || SERVERS.has(run)) return declared(SERVED, dependencies) ?? run;
  return BUNDLERS.has(run) ? (declared(BUNDLED, dependencies) ?? run) : run;
}

function declared(frameworks: readonly [string, string][], dependencies: readonly string[]): string | undefined {
  return frameworks.find(([name]) => dependencies.includes(name))?.[1];
}

function programFramework(argv: readonly string[]): string | undefined {
  for (const arg of argv.slice(0, MAX_ARGUMENTS)) {
    if (arg.startsWith('-') || arg.length > 4096) continue;
    const framework = wordFramework(arg);
    if (framework !== undefined) return framework;
  }
  return undefined;
}

function wordFramework(arg: string): string | undefined {
  // A title has its program first: `puma 6.5.0 (tcp://0.0.0.0:3011) [api]`.
  if (/^[\w.:-]+[ (]/.test(arg)) return programNamed(arg.split(/[ (]/, 1)[0] ?? '');
  const script = arg.includes('/') ? path.posix.normalize(arg) : arg;
  // `node_modules/storybook/bin/index.cjs`: the package's name.
  const owner = /\/node_modules\/(?:@[^/]+\/)?([^/]+)\/(?:bin|dist|cli|lib)\//.exec(script)?.[1];
  return programNamed(path.posix.basename(script)) ?? (owner === undefined ? undefined : programNamed(owner));
}

function programNamed(name: string): string | undefined {
  const word = name.replace(/\.(?:[cm]?[jt]s|rb|php)$/, '');
  return PROGRAMS.find(([pattern]) => pattern.test(word))?.[1];
}
