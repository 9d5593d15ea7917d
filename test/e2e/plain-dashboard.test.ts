/** The dashboard without scripts, as a browser lays it out. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { dashboardPage } from '../../src/api/dashboard-page.ts';
import type { StatusAnswer } from '../../src/api/wire.ts';
import type { ProcessService } from '../../src/core/service.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { needs } from '../fixtures/needs.ts';

const HOSTNAME = 'storefrontwithalongname.localhost';
const SERVICE: ProcessService = {
  id: 'p7',
  pid: 7,
  ppid: 1,
  command: 'node',
  args: 'node server.js --with a --command line --that is --very long indeed --and goes --on and --on',
  cwd: '/home/kim/code/storefrontwithalongname/packages/web',
  listen: Array.from({ length: 200 }, (_, i) => ({ address: '127.0.0.1', port: 30_000 + i })),
  project: null,
  git: null,
};
const STATUS = {
  version: '0.0.0',
  model: 'none',
  llm: { usable: false, reason: 'none' },
  trust: { trusted: true, commands: [] },
  ports: { https: 443, http: 80 },
  dataDir: '/data',
  cacheFile: '/data/mappings.json',
  warnings: [],
};

describe.skipIf(!needs('chromium'))('the plain dashboard [needs chromium]', () => {
  it('keeps a hostname in one piece beside a long list of ports', async () => {
    const { browser, close } = await startBrowser();
    onTestFinished(close);
    const page = await browser.newPage({ viewport: { width: 700, height: 800 } });
    await page.setContent(
      dashboardPage({
        status: STATUS as unknown as StatusAnswer,
        mappings: {},
        snapshot: { processes: [SERVICE], containers: [] },
        hostnames: new Map([[SERVICE.id, HOSTNAME]]),
        urlOf: (hostname) => `http://${hostname}`,
        pageToken: undefined,
        assets: undefined,
        isComplete: true,
      }),
    );
    const lines = await page.evaluate(
      `[...document.links].find((link) => link.textContent === '${HOSTNAME}')?.getClientRects().length`,
    );
    expect(lines).toBe(1);
  });
});
