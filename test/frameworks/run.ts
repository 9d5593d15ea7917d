/**
 * `npm run test:frameworks`: real dev servers, started as their users start them, each through a real hostwise in a
 * real browser, over HTTP/2 and over HTTP/1.1. One after the other: they are heavy.
 *
 *   npm run test:frameworks -- [--only vite,next] [--write] [--keep] [--direct]
 *   --write  also write the table to docs/frameworks.md
 *   --keep   leave the projects in place, and say where
 *   --direct open the dev server's own address instead: tells a framework's own errors from ours
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBrowser, type TestBrowser } from '../fixtures/browser.ts';
import { type StartedProcess, startProcess } from '../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../fixtures/hostwise-process.ts';
import { requireTool } from '../fixtures/needs.ts';
import type { SampleProject } from '../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../fixtures/temp-dir.ts';
import { FRAMEWORKS, type Framework } from './frameworks.ts';
import { makeFrameworkProject, versionOf, whyMissing } from './project.ts';
import { document, type Result, row, type Setting, table } from './table.ts';
import { type Visit, visit, visitElsewhere, wasDisturbed } from './visit.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/frameworks.md', import.meta.url));
/** A cold start with two cores. */
const START_TIMEOUT_MS = 180_000;
/** Nothing of a framework's own goes over the network. */
const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NG_CLI_ANALYTICS: 'false',
  DO_NOT_TRACK: '1',
  BROWSER: 'none',
};

/** Of one browser, when the machine's network disturbs it. */
const MAX_VISITS = 3;
/** What the browsers of a stand speak, in their order. */
const PROTOCOLS = 'h2, http/1.1';
/** No dev server expects it, unlike *.localhost. */
const OTHER_DOMAIN = 'test';

interface Stand {
  parent: string;
  hostwise: RunningHostwise;
  /** One that negotiates HTTP/2, one that has only HTTP/1.1. */
  browsers: readonly TestBrowser[];
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    direct: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
/** What runs in process groups of its own, and would outlive an interrupted run. */
const groups = new Set<number>();
process.once('exit', () => {
  for (const pid of groups) process.kill(-pid, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const { results, setting } = await withStand(async (stand) => ({
  results: await runAll(stand, chosen(values.only)),
  setting: settingOf(stand),
}));
console.log(`\n${table(results)}`);
if (values.write) await writeFile(DOCUMENT, document(results, setting));
if (results.some(({ state }) => state === 'failed')) process.exitCode = 1;

function chosen(only: string | undefined): readonly Framework[] {
  if (only === undefined) return FRAMEWORKS;
  const names = only.split(',');
  const unknown = names.filter((name) => !FRAMEWORKS.some((framework) => framework.name === name));
  if (unknown.length > 0) {
    const known = FRAMEWORKS.map(({ name }) => name).join(', ');
    throw new Error(`--only knows no "${unknown.join('", "')}": it takes ${known}`);
  }
  return FRAMEWORKS.filter(({ name }) => names.includes(name));
}

function settingOf({ browsers }: Stand): Setting {
  const chromium = browsers[0]?.browser.version() ?? 'unknown';
  return { node: process.versions.node, chromium, platform: `${process.platform} (${process.arch})` };
}

async function withStand<T>(use: (stand: Stand) => Promise<T>): Promise<T> {
  for (const tool of ['chromium', 'certutil', 'git'] as const) requireTool(tool);
  const parent = await makeTempDir('hw-fw');
  const hostwise = await startHostwise({ env: { HOSTWISE_RESOLVE: 'names', HOSTWISE_DOMAINS: OTHER_DOMAIN } });
  groups.add(hostwise.process.pid);
  const browsers: TestBrowser[] = [];
  try {
    const flags = [`--host-resolver-rules=MAP *.${OTHER_DOMAIN} 127.0.0.1`];
    browsers.push(await startBrowser(hostwise.caFile, flags));
    browsers.push(await startBrowser(hostwise.caFile, [...flags, '--disable-http2']));
    return await use({ parent, hostwise, browsers });
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
    await hostwise.stop();
    groups.delete(hostwise.process.pid);
    if (values.keep) console.log(`The projects are in ${parent}`);
    else await removeDir(parent);
  }
}

async function runAll(stand: Stand, frameworks: readonly Framework[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const framework of frameworks) {
    const startedMs = Date.now();
    const result = await runOne(stand, framework);
    results.push(result);
    console.log(`${row(result)} ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
    for (const detail of result.details) console.log(`    ${detail}`);
  }
  return results;
}

async function runOne(stand: Stand, framework: Framework): Promise<Result> {
  const missing = await whyMissing(framework);
  if (missing !== undefined) return { framework, state: 'missing', details: [missing], visits: [] };
  try {
    const project = await makeFrameworkProject(stand.parent, framework);
    const version = await versionOf(framework, project.folder);
    const [command, ...args] = framework.command;
    const server = startProcess(command, args, { cwd: project.folder, env: QUIET });
    groups.add(server.pid);
    try {
      await server.printed(framework.ready, START_TIMEOUT_MS);
      return { framework, version, ...(await visits(stand, framework, project, server)) };
    } finally {
      await server.stop();
      groups.delete(server.pid);
    }
  } catch (error) {
    return { framework, state: 'failed', details: [String(error)], visits: [] };
  }
}

/** Visit a running dev server with each browser, then under the other domain. */
async function visits(
  stand: Stand,
  framework: Framework,
  project: SampleProject,
  server: StartedProcess,
): Promise<Pick<Result, 'state' | 'details' | 'visits' | 'elsewhere'>> {
  const url = values.direct ? ownUrl(server.output()) : urlUnder('localhost', stand, project);
  const seen: Visit[] = [];
  let words: readonly [string, string] = ['before the edit', 'after the edit'];
  for (const { browser } of stand.browsers) {
    for (let visitsLeft = MAX_VISITS; visitsLeft > 0; visitsLeft -= 1) {
      const one = await visit({ browser, url, project, framework, words });
      // The next visit takes the edit back.
      if (one.update !== undefined) words = [words[1], words[0]];
      if (wasDisturbed(one) && visitsLeft > 1) {
        console.log(`${framework.title}: the machine's network changed, once more`);
        continue;
      }
      seen.push(one);
      break;
    }
  }
  const details = seen.flatMap(({ protocol = 'page', failure, problems }) =>
    [...(failure === undefined ? [] : [failure]), ...problems].map((problem) => `${protocol}: ${problem}`),
  );
  const protocols = seen.map(({ protocol }) => protocol ?? 'none').join(', ');
  if (!values.direct && protocols !== PROTOCOLS) details.push(`the browsers spoke ${protocols}, not ${PROTOCOLS}`);
  if (details.length > 0) details.push(`the dev server said:\n${server.output().slice(-3_000)}`);
  const [first] = stand.browsers;
  const other = { url: urlUnder(OTHER_DOMAIN, stand, project), project, framework, words };
  const elsewhere = first === undefined ? '' : await visitElsewhere({ browser: first.browser, ...other });
  return { state: details.length === 0 ? 'ok' : 'failed', details, visits: seen, elsewhere };
}

function urlUnder(domain: string, { hostwise }: Stand, { name }: SampleProject): string {
  return `https://${name}.${domain}:${hostwise.httpsPort}/`;
}

/** The address that a dev server printed, by its port. */
function ownUrl(output: string): string {
  return `http://localhost:${/(?:http:.*:|listening on |port )(\d+)/.exec(output)?.[1]}/`;
}
