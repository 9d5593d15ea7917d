/**
 * What a service is for, told by its part's name or by the well-known program that it runs: `mail` is Mailpit, `db` in
 * a browser is Adminer. Common knowledge only, and only words that nobody would dispute; the rest is the LLM's.
 */
import { commandWords, imageName } from '../core/command-words.ts';
import { isContainer } from '../core/service.ts';
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
const HELPER =
  /^(?:playwright|cypress|selenium|standalone-(?:chrome|chromium|firefox)|mcp-server-.+|.+-mcp|opencode|claude|codex|aider|ngrok|cloudflared|localtunnel|http\.server|http-server|serve|live-server|cargo-leptos|cargo-watch|firebase|.+-emulator.*|kafka-ui|redisinsight|loki|tempo|alertmanager|opentelemetry-collector.*|otel-collector|wiremock|mockoon-cli|azurite|minio|localstack)$/;

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
  const parts = PARTS.filter((words) => place.parts.some((part) => words.includes(part))).flat();
  const isApi = place.parts.length === 0 && tools.some((tool) => API_SERVERS.has(tool));
  const within = new Set([...alone, ...known, ...parts, ...(isApi ? (PARTS[1] ?? []) : [])]);
  return {
    within: [...within].filter((word) => !place.parts.includes(word)),
    alone: [...new Set([...alone, ...known])],
  };
}

/** Is it a tool beside the work, so that the name of a project never means it? Not where the tool is the project. */
export function isTool(place: Place): boolean {
  return toolNames(place).some(
    (tool) => !place.families.includes(tool) && (HELPER.test(tool) || TOOLS.some(({ names }) => names.includes(tool))),
  );
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
    names = isContainer(service)
      ? [nameText(imageName(service)), ...place.parts]
      : [place.tool, nameText(commandWords(service).program), ...subTool(commandWords(service).subCommand)];
    known.set(place, names);
  }
  return names;
}

/** `celery flower`, `nx storybook`: the job is a tool of its own. */
function subTool(subCommand: string | undefined): string[] {
  return subCommand === 'flower' || subCommand === 'storybook' ? [subCommand] : [];
}
