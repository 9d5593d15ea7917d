/**
 * The directions of the house: core <- platform <- {config, discovery, tls, traffic} <- routes <- resolve <- {api, pages}.
 * Siblings never import each other; `proxy` imports core, platform and its own ports; nobody imports cli, app or main.
 */
const ALLOWED = {
  core: [],
  platform: ['core'],
  config: ['core', 'platform'],
  discovery: ['core', 'platform'],
  tls: ['core', 'platform'],
  traffic: ['core', 'platform'],
  routes: ['core', 'platform', 'config', 'discovery', 'tls', 'traffic'],
  resolve: ['core', 'platform', 'config', 'discovery', 'tls', 'traffic', 'routes'],
  api: ['core', 'platform', 'config', 'discovery', 'tls', 'traffic', 'routes', 'resolve'],
  pages: ['core', 'platform', 'config', 'discovery', 'tls', 'traffic', 'routes', 'resolve'],
  proxy: ['core', 'platform'],
  service: ['core', 'platform', 'config'],
  demo: ['core', 'platform'],
  doctor: ['core', 'platform', 'config', 'discovery', 'tls', 'traffic', 'routes', 'resolve', 'service'],
};

/** What the browser gets is built apart: of ours it knows the API's types and nothing else. */
const DASHBOARD = '^src/dashboard/';

const folderRules = Object.entries(ALLOWED).map(([folder, below]) => ({
  name: `${folder}-looks-down`,
  comment: `src/${folder} imports only ${[folder, ...below].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...below].join('|')})/` },
}));

export default {
  forbidden: [
    ...folderRules,
    {
      name: 'dashboard-knows-only-types',
      severity: 'error',
      from: { path: DASHBOARD },
      to: { path: '^src/', pathNot: `${DASHBOARD}|^src/api/wire\\.ts$` },
    },
    {
      name: 'nobody-imports-the-dashboard',
      severity: 'error',
      from: { path: '^src/', pathNot: DASHBOARD },
      to: { path: DASHBOARD },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nobody-imports-the-top',
      comment: 'only cli, app and main may import cli, app and main; tests start them like a user',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|app\\.ts$|main\\.ts$)' },
      to: { path: '^src/(cli/|app\\.ts$|main\\.ts$)' },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$|^src/dashboard/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
