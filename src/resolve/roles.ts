/**
 * What a service is for, told by its part's name or by the well-known program that it runs: `mail` is Mailpit, `db` in
 * a browser is Adminer. Common knowledge only, and only words that nobody would dispute; the rest is the LLM's.
 */
import { LRUCache } from 'lru-cache';
import { commandWords, imageName, withoutExtension } from '../core/command-words.ts';
import { baseName, parentPath } from '../core/path-text.ts';
import { isContainer, type ProcessService } from '../core/service.ts';
import { nameText } from './name-text.ts';
import type { Place } from './places.ts';

/** Words for the same part of a project, whichever of them its directory or package is called. */
const PARTS: readonly (readonly string[])[] = [
  ['web', 'www', 'frontend', 'front-end', 'front'],
  ['api', 'backend', 'back-end', 'server', 'bff'],
  ['admin', 'backoffice', 'back-office'],
  ['docs', 'documentation'],
];

/** Programs with a page of their own that serve no project's visitors, and what people call them. */
const TOOLS: readonly { words: readonly string[]; names: readonly string[] }[] = [
  {
    words: ['mail', 'email', 'inbox'],
    names: ['mailpit', 'mailhog', 'mailcatcher', 'maildev', 'inbucket', 'smtp4dev'],
  },
  {
    words: ['db', 'database'],
    names: ['pgadmin', 'pgadmin4', 'adminer', 'phpmyadmin', 'pgweb', 'cloudbeaver', 'dbgate'],
  },
  { words: ['db', 'database', 'studio'], names: ['prisma', 'drizzle-kit'] },
  { words: ['db', 'database', 'mongo'], names: ['mongo-express'] },
  { words: ['storybook'], names: ['storybook', 'start-storybook'] },
  { words: ['notebook', 'notebooks', 'jupyter'], names: ['jupyter', 'jupyter-lab', 'jupyter-notebook'] },
  { words: ['queue', 'queues', 'rabbit'], names: ['rabbitmq'] },
  { words: ['auth', 'sso', 'identity'], names: ['keycloak', 'authentik', 'zitadel'] },
  { words: ['search'], names: ['meilisearch', 'typesense'] },
  { words: ['git'], names: ['gitea', 'forgejo', 'gitlab', 'gitlab-ce'] },
  { words: ['metrics', 'monitoring'], names: ['grafana', 'prometheus'] },
  { words: ['tracing', 'traces'], names: ['jaeger', 'zipkin'] },
  { words: ['logs'], names: ['seq', 'dozzle', 'kibana'] },
  { words: ['workers', 'jobs', 'tasks'], names: ['flower'] },
  { words: ['vscode'], names: ['code-server', 'openvscode-server'] },
  { words: ['chat'], names: ['open-webui', 'librechat'] },
  { words: ['bi', 'analytics'], names: ['metabase', 'superset'] },
  { words: ['training'], names: ['tensorboard'] },
];

/** Helpers of a developer, an agent or a test run that have no role of their own and are no project's page either. */
const HELPERS: readonly RegExp[] = [
  // Test and load runners, with what drives browsers for them.
  /^(?:playwright|cypress|vitest|jest|karma|web-test-runner|wtr|locust|k6|artillery|phpunit|pytest|rspec)$/,
  /^(?:selenium|standalone-(?:chrome|chromium|firefox))$/,
  /^(?:mcp-server-.+|.+-mcp|opencode|claude|codex|aider|cargo-leptos|cargo-watch|tilt|skaffold)$/,
  // What listens here and answers elsewhere.
  /^(?:ngrok|cloudflared|localtunnel|lt|kubectl|ssh|autossh|socat|cloud[-_]sql[-_]proxy|session-manager-plugin|telepresence)$/,
  // Linters, language tools, profiles and reports.
  /^(?:eslint-d|prettierd|rubocop|solargraph|metals|bloop|webpack-bundle-analyzer|source-map-explorer|pprof|go|godoc|pkgsite)$/,
  /^(?:ladle|histoire|react-cosmos)$/,
  /^(?:firebase|.+-emulator.*|wiremock|mockoon-cli|azurite|minio|localstack)$/,
  /^(?:kafka-ui|redisinsight|redis-commander|loki|tempo|alertmanager|opentelemetry-collector.*|otel-collector)$/,
];

/** Front ends by framework or by the command that serves them. */
const FRONTS = new Set(
  [
    'next',
    'next-server',
    'nuxt',
    'nuxi',
    'astro',
    'angular',
    'ng',
    'remix',
    'react-router',
    'sveltekit',
    'gatsby',
  ].concat(
    [
      'create-react-app',
      'react-scripts',
      'vue-cli',
      'vue-cli-service',
      'tanstack-start',
      'solid-start',
      'qwik',
      'trunk',
    ],
    ['vite', 'webpack', 'webpack-dev-server', 'rspack', 'parcel', 'eleventy', 'hugo', 'jekyll'],
  ),
);
/** Of those, the ones that page servers leave their assets to. */
const BUNDLERS = new Set(['vite', 'webpack', 'webpack-dev-server', 'rspack', 'parcel']);
/** Frameworks that render pages and take a bundler beside them for the assets only. */
const PAGE_SERVERS = new Set([
  'rails',
  'puma',
  'unicorn',
  'wordpress',
  'drupal',
  'prestashop',
  'ghost',
  'laravel',
  'artisan',
  'php',
  'symfony',
  'django',
  'manage.py',
  'manage',
  'phoenix',
]);
/** Frameworks that answer with data. */
const API_SERVERS = new Set(['nest', 'fastapi', 'asgi', 'uvicorn', 'hypercorn', 'json-server', 'fastify', 'medusa']);

/** Other packages whose command serves, or runs, what the project itself is. */
const RUNNERS =
  /^(?:vinxi|vike|waku|nitro|nitropack|rsbuild|farm|umi|max|quasar|ember|ember-cli|stencil|docusaurus|vitepress|vuepress|rspress|hexo|slidev|esbuild|rollup|snowpack|web-dev-server|http-server|serve|live-server|lite-server|browser-sync|strapi|payload|directus|sails|ace|keystone|rw|redwood|blitz|wrangler|workerd|netlify|netlify-cli|vercel|serverless|functions-framework|expo|metro|react-native|electron-vite|node-dev|nodemon|tsx|ts-node|ts-node-dev|vite-node|pm2|meteor|feathers|node-red|shopify|vendure|mastra)$/;

const FRONT_WORDS = new Set([...(PARTS[0] ?? []), 'site', 'website', 'webapp', 'client']);
/** Parts that might be a project's front page as well as one called `web`. */
const ENTRY_WORDS = new Set([
  'marketing',
  'landing',
  'home',
  'homepage',
  'storefront',
  'shop',
  'shell',
  'portal',
  'app',
  'ui',
]);
/** Words in the names of parts that a project's pages may depend on, but that are not those pages. */
const BACK_WORDS = new Set(
  ['service', 'services', 'gateway', 'graphql', 'ws', 'php', 'fpm', 'auth', 'worker'].concat(PARTS[1] ?? []),
);
/** Words in the names of parts that stand beside a project's pages and may run without them. */
const SIDE_WORDS = new Set(
  [
    'mock',
    'mocks',
    'e2e',
    'test',
    'tests',
    'jobs',
    'cron',
    'queue',
    'scheduler',
    'proxy',
    'playground',
    'examples',
  ].concat(PARTS[2] ?? [], PARTS[3] ?? []),
);
const ROLE_WORDS = new Set([...PARTS.flat(), ...TOOLS.flatMap(({ words, names }) => [...words, ...names])]);

/** Does the word name a kind of service, so that a branch or a directory called so means nothing by it? */
export function isRoleWord(word: string): boolean {
  return ROLE_WORDS.has(word);
}

/** What the bare name of a project may mean of its parts: `front` and `entry` first, `side` and `tool` never. */
export type Standing = 'front' | 'entry' | 'other' | 'back' | 'side' | 'tool';

/** The words by which a service is also known within its project; `alone` ones on a whole machine, too. */
export interface RoleWords {
  within: string[];
  alone: string[];
}

/** Other words for what a service is. Empty for most. */
export function roleWords(place: Place): RoleWords {
  const tools = toolNames(place);
  const alone = TOOLS.filter(({ names }) => names.some((name) => tools.includes(name))).flatMap(({ words }) => words);
  const known = TOOLS.flatMap(({ names }) => names).filter((name) => tools.includes(name));
  const own = ownParts(place);
  const parts = PARTS.filter((words) => own.some((part) => words.includes(part))).flat();
  const isApi = place.parts.length === 0 && tools.some((tool) => API_SERVERS.has(tool));
  const within = new Set([...alone, ...known, ...parts, ...(isApi ? (PARTS[1] ?? []) : [])]);
  return {
    within: [...within].filter((word) => !own.includes(word)),
    alone: [...new Set([...alone, ...known])],
  };
}

/** Is it a tool beside the work, so that the name of a project never means it? Not where the tool is the project. */
export function isTool(place: Place): boolean {
  return toolNames(place).some((tool) => isToolName(tool) && !place.families.includes(tool));
}

const toolVerdicts = new LRUCache<string, boolean>({ max: 1_000 });

/** Asked for the same few programs again and again. */
function isToolName(tool: string): boolean {
  let verdict = toolVerdicts.get(tool);
  if (verdict === undefined) {
    verdict = HELPERS.some((pattern) => pattern.test(tool)) || TOOLS.some(({ names }) => names.includes(tool));
    toolVerdicts.set(tool, verdict);
  }
  return verdict;
}

/**
 * Is it a program that may be anything, a package's command that is not known to serve projects? A linter's server is
 * not what the name of a project means, but a new framework is.
 */
export function isStranger(place: Place): boolean {
  const { service } = place;
  if (isContainer(service) || !commandWords(service).isInstalled || isFrontEnd(place) || isPageServer(place))
    return false;
  return !toolNames(place).some((tool) => API_SERVERS.has(tool) || RUNNERS.test(tool));
}

/** Where workspaces keep what has no server of its own. */
const LIBRARIES = new Set(['packages', 'libs', 'lib', 'tools']);

/**
 * The names of its place by which a service may be called. A tool that runs in a part is not that part: Prisma Studio
 * in `apps/api` is no API, even while the API is down. Of a library (`packages/ui`) it shows all there is to see.
 */
export function ownParts(place: Place): string[] {
  const { service } = place;
  if (isContainer(service) || !isTool(place)) return place.parts;
  const isLibrary = LIBRARIES.has(baseName(parentPath(service.project?.root ?? '')));
  if (isLibrary && !place.parts.some(isRoleWord)) return place.parts;
  const tools = toolNames(place);
  const words = TOOLS.filter(({ names }) => names.some((name) => tools.includes(name))).flatMap((tool) => tool.words);
  return place.parts.filter((part) => tools.includes(part) || words.includes(part));
}

/** Is this the kind of service that the word says, by its part's name or by what it runs? */
export function hasRole(place: Place, word: string): boolean {
  return place.web && (ownParts(place).includes(word) || roleWords(place).within.includes(word));
}

/** The words for the same part, this one among them. */
export function sameRole(word: string): readonly string[] {
  return PARTS.find((words) => words.includes(word)) ?? [word];
}

/** See {@link Standing}. A part's name says more than its program: `docs` in Next.js is no front page. */
export function standingOf(place: Place): Standing {
  if (isTool(place)) return 'tool';
  const part = place.parts[0] ?? '';
  if (place.parts.some((name) => FRONT_WORDS.has(name))) return 'front';
  if (ENTRY_WORDS.has(part)) return 'entry';
  const words = part.split(/[-.]/);
  if (words.some((word) => SIDE_WORDS.has(word)) && !isPageServer(place)) return 'side';
  if (words.some((word) => BACK_WORDS.has(word))) return 'back';
  return part === '' && toolNames(place).some((tool) => API_SERVERS.has(tool)) ? 'back' : 'other';
}

/** Does it run a front-end framework? */
export function isFrontEnd(place: Place): boolean {
  return toolNames(place).some((tool) => FRONTS.has(tool));
}

/** Is it a bundler's own server, which may have nothing but the assets of another one's pages? */
export function isBundler(place: Place): boolean {
  return toolNames(place).some((tool) => BUNDLERS.has(tool));
}

/** Does it render pages by itself? */
export function isPageServer(place: Place): boolean {
  // Sail calls its service `laravel.test`.
  return toolNames(place).some((tool) => PAGE_SERVERS.has(tool) || PAGE_SERVERS.has(tool.split('.')[0] ?? ''));
}

const known = new WeakMap<Place, string[]>();

/** Names of the program: image and compose service of a container, script and sub-command of a process. */
function toolNames(place: Place): string[] {
  let names = known.get(place);
  if (!names) {
    const { service } = place;
    names = isContainer(service) ? [nameText(imageName(service)), ...place.parts] : programNames(place.tool, service);
    known.set(place, names);
  }
  return names;
}

/** The script, too: a manifest says what the project is built on, whatever is run in it. */
function programNames(tool: string, service: ProcessService): string[] {
  const { program, script, subCommand } = commandWords(service);
  const ran = script ? [nameText(withoutExtension(script))] : [];
  return [tool, nameText(program), ...ran, ...subTool(subCommand)];
}

/** `celery flower`, `nx storybook`: the job is a tool of its own. */
function subTool(subCommand: string | undefined): string[] {
  return subCommand === 'flower' || subCommand === 'storybook' ? [subCommand] : [];
}
