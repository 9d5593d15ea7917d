/** How quick the dashboard is on a small machine and on one with 200 services and 1,000 routes. See README.md. */
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { startBrowser } from '../../test/fixtures/browser.ts';
import { startCrowd } from '../../test/fixtures/crowd.ts';
import { buildDashboard, openDashboard } from '../../test/fixtures/dashboard.ts';
import {
  bundleGzipBytes,
  contention,
  sendTraffic,
  takeLongTasks,
  timeLoad,
  watchLongTasks,
} from '../../test/fixtures/dashboard-figures.ts';
import { startHostwise } from '../../test/fixtures/hostwise-process.ts';
import { makeTempDir, removeDir } from '../../test/fixtures/temp-dir.ts';

const LOADS = 15;
const TRAFFIC_MS = 10_000;
const VIEWS = ['', 'requests', 'services'];

const load = (): string => `load ${(loadavg()[0] ?? 0).toFixed(1)}`;

await buildDashboard();
console.log(`script and style, gzip: ${((await bundleGzipBytes()) / 1_000).toFixed(1)} kB`);
for (const projects of [1, 40]) await measure(projects);

async function measure(projects: number): Promise<void> {
  const [dataDir, crowd] = await Promise.all([makeTempDir('hw-data'), startCrowd(projects)]);
  await writeFile(join(dataDir, 'mappings.json'), JSON.stringify(crowd.mappings));
  const hostwise = await startHostwise({ dataDir, env: { DOCKER_HOST: crowd.host } });
  const { browser, close } = await startBrowser(hostwise.caFile);
  try {
    console.log(`\n${projects * 5} containers, ${crowd.hostnames.length} routes (${load()})`);
    const url = `https://proxy.localhost:${hostwise.httpsPort}`;
    const loads: Awaited<ReturnType<typeof timeLoad>>[] = [];
    const bare: typeof loads = [];
    const factors: number[] = [];
    for (let i = 0; i < LOADS; i++) {
      factors.push(contention());
      loads.push(await timeLoad(browser, `${url}/`));
      bare.push(await timeLoad(browser, `${url}/nothing-here`));
    }
    print(
      'first paint',
      loads.map(({ firstPaintMs }) => firstPaintMs),
    );
    const ratio = factors.toSorted((a, b) => a - b)[LOADS >> 1] ?? 1;
    console.log(`  work takes ${ratio.toFixed(1)} times as long as alone (median)`);
    print(
      'first paint, as if alone',
      loads.map(({ firstPaintMs }, i) => firstPaintMs / (factors[i] ?? 1)),
    );
    print(
      'first paint of the least page of ours',
      bare.map(({ firstPaintMs }) => firstPaintMs),
    );
    print(
      'the app is there',
      loads.map(({ readyMs }) => readyMs),
    );
    const { page, url: viewUrl, close: closePage } = await openDashboard(browser, hostwise);
    await watchLongTasks(page);
    for (const view of VIEWS) {
      await page.goto('about:blank');
      await page.goto(viewUrl(`#/${view}`));
      await page.locator('#app main').waitFor();
      await takeLongTasks(page);
      const answered = await sendTraffic(crowd.hostnames, hostwise.httpPort, TRAFFIC_MS);
      const tasks = await takeLongTasks(page);
      const elements = await page.evaluate('document.querySelectorAll("*").length');
      const rate = Math.round(answered / (TRAFFIC_MS / 1_000));
      const words = tasks.length === 0 ? 'none' : tasks.map((ms) => `${Math.round(ms)} ms`).join(', ');
      console.log(
        `  ${view || 'overview'}: ${elements} elements; tasks over 50 ms at ${rate} requests a second: ${words}`,
      );
    }
    await closePage();
  } finally {
    await close();
    await hostwise.stop();
    await crowd.stop();
    await removeDir(dataDir);
  }
}

function print(title: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)} ms`;
  console.log(`  ${title}: median ${at(0.5)}, best ${at(0)}, worst ${at(1)} of ${times.length}`);
}
