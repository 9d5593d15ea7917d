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
import { startProcess } from '../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../fixtures/hostwise-process.ts';
import { requireTool } from '../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../fixtures/temp-dir.ts';
import { FRAMEWORKS, type Framework } from './frameworks.ts';
import { makeFrameworkProject, versionOf, whyMissing } from './project.ts';
import { document, type Result, row, table } from './table.ts';
import { visit } from './visit.ts';

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
const results = await withStand((stand) => runAll(stand, chosen(values.only)));
console.log(`\n${table(results)}`);
if (values.write) await writeFile(DOCUMENT, document(results));
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

async function withStand<T>(use: (stand: Stand) => Promise<T>): Promise<T> {
  for (const tool of ['chromium', 'certutil', 'git'] as const) requireTool(tool);
  const parent = await makeTempDir('hw-fw');
  const hostwise = await startHostwise({ env: { HOSTWISE_RESOLVE: 'names' } });
  const browsers: TestBrowser[] = [];
  try {
    browsers.push(await startBrowser(hostwise.caFile), await startBrowser(hostwise.caFile, ['--disable-http2']));
    return await use({ parent, hostwise, browsers });
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
    await hostwise.stop();
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
    try {
      await server.printed(framework.ready, START_TIMEOUT_MS);
      const url = values.direct
        ? `http://localhost:${/(?:http:.*:|listening on |port )(\d+)/.exec(server.output())?.[1]}/`
        : `https://${project.name}.localhost:${stand.hostwise.httpsPort}/`;
      let words: readonly [string, string] = ['before the edit', 'after the edit'];
      const visits = [];
      for (const { browser } of stand.browsers) {
        const seen = await visit({ browser, url, project, framework, words });
        visits.push(seen);
        // The second visit takes the edit back.
        if (seen.update !== undefined) words = [words[1], words[0]];
      }
      const details = visits.flatMap(({ protocol = 'page', failure, problems }) =>
        [...(failure === undefined ? [] : [failure]), ...problems].map((problem) => `${protocol}: ${problem}`),
      );
      if (details.length > 0) details.push(`the dev server said:\n${server.output().slice(-3_000)}`);
      return { framework, version, state: details.length === 0 ? 'ok' : 'failed', details, visits };
    } finally {
      await server.stop();
    }
  } catch (error) {
    return { framework, state: 'failed', details: [String(error)], visits: [] };
  }
}
