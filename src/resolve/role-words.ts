/**
 * Words that roles.ts goes by: what parts of projects are called, and which programs are known for what. Common
 * knowledge only, and only words that nobody would dispute.
 */

/** Words for the same part of a project, whichever of them its directory or package is called. */
export const PARTS: readonly (readonly string[])[] = [
  ['web', 'www', 'frontend', 'front-end', 'front'],
  ['api', 'backend', 'back-end', 'server', 'bff'],
  ['admin', 'backoffice', 'back-office'],
  ['docs', 'documentation'],
];

/** Programs with a page of their own that serve no project's visitors, and what people call them. */
export const TOOLS: readonly { words: readonly string[]; names: readonly string[] }[] = [
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
export const HELPERS: readonly RegExp[] = [
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
export const FRONTS = new Set(
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
export const BUNDLERS = new Set(['vite', 'webpack', 'webpack-dev-server', 'rspack', 'parcel']);
/** Frameworks that render pages and take a bundler beside them for the assets only. */
export const PAGE_SERVERS = new Set([
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
export const API_SERVERS = new Set([
  'nest',
  'fastapi',
  'asgi',
  'uvicorn',
  'hypercorn',
  'json-server',
  'fastify',
  'medusa',
]);

/** Other packages whose command serves, or runs, what the project itself is. */
export const RUNNERS =
  /^(?:vinxi|vike|waku|nitro|nitropack|rsbuild|farm|umi|max|quasar|ember|ember-cli|stencil|docusaurus|vitepress|vuepress|rspress|hexo|slidev|esbuild|rollup|snowpack|web-dev-server|strapi|payload|directus|sails|ace|keystone|rw|redwood|blitz|wrangler|workerd|netlify|netlify-cli|vercel|serverless|functions-framework|expo|metro|react-native|electron-vite|node-dev|nodemon|tsx|ts-node|ts-node-dev|vite-node|pm2|meteor|feathers|node-red|shopify|vendure|mastra|flask|gunicorn|daphne|granian|waitress-serve|streamlit|gradio|rackup|falcon)$/;

/** Parts that are what people look at. */
export const FRONT_WORDS = new Set([...(PARTS[0] ?? []), 'site', 'website', 'webapp', 'client']);
/** Parts that might be a project's front page as well as one called `web`. */
export const ENTRY_WORDS = new Set([
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
export const BACK_WORDS = new Set(
  ['service', 'services', 'gateway', 'graphql', 'ws', 'php', 'fpm', 'auth', 'worker'].concat(PARTS[1] ?? []),
);
/** Words in the names of parts that stand beside a project's pages and may run without them. */
export const SIDE_WORDS = new Set(
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
const ROLE_WORDS = [...PARTS.flat(), ...TOOLS.flatMap(({ words, names }) => [...words, ...names])];

/** Common names of parts, so that a project, a container or a branch called so is not the only one meant. */
const PLAIN_WORDS = new Set([...ROLE_WORDS, ...FRONT_WORDS, ...BACK_WORDS, 'app', 'ui', 'mobile']);

/** Is it a word that any project may have a part for? */
export function isPlainWord(word: string): boolean {
  return PLAIN_WORDS.has(word);
}
