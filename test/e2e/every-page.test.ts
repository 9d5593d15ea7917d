/**
 * Every page and every view of the dashboard, light and dark: axe-core finds no serious violation. With
 * `SCREENSHOTS=<folder>` a picture of each is left there; `npm run screenshots` does that for docs/, on a machine with a
 * home folder of its own (`SCREENSHOTS_HOME`) and nothing else that runs.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seriousViolations } from '../fixtures/axe.ts';
import { scenarios } from '../fixtures/llm-servers/scenarios.ts';
import { needs } from '../fixtures/needs.ts';
import { type OpenTab, type PageStage, setPageStage } from '../fixtures/page-stage.ts';
import { browseFor, meaning, showcaseAt } from '../fixtures/showcase.ts';
import { smallPng } from '../fixtures/small-png.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');
const VIEWS = ['overview', 'requests', 'decisions', 'services', 'logs', 'settings'] as const;
const THEMES = ['light', 'dark'] as const;
const FOLDER = process.env.SCREENSHOTS;
const HOME = process.env.SCREENSHOTS_HOME;
/** Three slices of the charts. */
const BROWSE_MS = 100_000;
const JOURNAL = 'a journal is a kind of blog, but nothing here says so';
const UNSURE = HOME === undefined ? scenarios.unsure : meaning('"blog"', JOURNAL, 0.45);

describe.skipIf(!canRun)('every page [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let stage: PageStage;
  let tab: OpenTab;
  beforeAll(async () => {
    stage = await setPageStage(HOME === undefined ? undefined : showcaseAt(HOME));
    if (FOLDER !== undefined) await mkdir(FOLDER, { recursive: true });
    // Something for the dashboard to show.
    const visitor = await stage.open();
    for (const path of ['/', '/orders', '/orders/7?token=sesame', '/cart']) {
      await visitor.page.goto(stage.url(stage.shop.name, path));
      await visitor.page.goto(stage.url(stage.blog.name, path));
    }
    await visitor.page.goto(stage.url(stage.box));
    if (HOME !== undefined) stage.llmSays(meaning('"shop"', 'sales are a part of the shop', 0.9));
    await visitor.page.goto(stage.url(`${stage.shop.name}-sales`));
    stage.llmSays(UNSURE);
    await visitor.page.goto(stage.url('journal'));
    await visitor.close();
    if (HOME !== undefined) await browseFor(BROWSE_MS, stage.hostwise.httpPort);
  }, 90_000 + BROWSE_MS);
  afterAll(() => stage?.close());
  afterEach(async () => {
    stage.llmSays(UNSURE);
    await tab.close();
  });

  /** Judge what is shown. */
  async function judge(name: string, theme: string): Promise<void> {
    if (FOLDER !== undefined) {
      await writeFile(join(FOLDER, `${name}-${theme}.png`), smallPng(await tab.page.screenshot()));
    }
    expect(await seriousViolations(tab.page)).toEqual([]);
    expect(tab.wrong).toEqual([]);
  }

  describe.each(THEMES)('%s', (colorScheme) => {
    it('picker', async () => {
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url('journal', '/2026?a=1'));
      await tab.page.getByRole('heading', { name: 'Which one is journal.localhost?' }).waitFor();
      await judge('picker', colorScheme);
    });

    it('the LLM is thinking', async () => {
      stage.llmSays(HOME === undefined ? scenarios.slow(6_000) : meaning('"shop"', 'perhaps the shop', 0.3, 6_000));
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url(colorScheme === 'light' ? 'storefront' : 'checkout'));
      await tab.page.locator('li.now', { hasText: 'Asking' }).waitFor();
      await judge('deciding', colorScheme);
    });

    it('waiting for a known app', async () => {
      await stage.shopRuns(false);
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url(stage.shop.name));
      await tab.page.getByRole('heading', { name: `Waiting for ${stage.shop.name}` }).waitFor();
      await judge('waiting', colorScheme);
      await stage.shopRuns(true);
    });

    it('error, and what is behind it', async () => {
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url(stage.box, '/checkout'));
      await tab.page.getByRole('heading', { name: 'did not answer' }).waitFor();
      await judge('error', colorScheme);
      await tab.page.getByRole('link', { name: 'Its log and details' }).click();
      await tab.page.locator('pre').waitFor();
      await judge('service', colorScheme);
    });

    it('an app that refuses its hostname, and what is not there', async () => {
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url('proxy', `/host?key=${stage.shop.name}.localhost&by=vite`));
      await tab.page.getByRole('heading', { name: 'Vite refuses' }).waitFor();
      await judge('host-refused', colorScheme);
      await tab.page.goto(stage.url('proxy', '/nothing-here'));
      expect(await tab.page.getByRole('link', { name: 'Dashboard' }).getAttribute('href')).toBe('/');
      await judge('not-found', colorScheme);
    });

    it('the dashboard without scripts', async () => {
      tab = await stage.open({ colorScheme, javaScriptEnabled: false });
      await tab.page.goto(stage.url('proxy'));
      const plain = await tab.page.content();
      await tab.close();
      // axe is a script itself: the same page, in a tab that has them.
      tab = await stage.open({ colorScheme });
      await tab.page.route('**/assets/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      await tab.page.goto(stage.url('proxy'));
      expect(plain).toContain(`${stage.shop.name}.localhost`);
      await judge('plain-dashboard', colorScheme);
    });

    it('dashboard: one request and one decision with all that is known of them', async () => {
      await openView('requests', { colorScheme, viewport: { width: 1280, height: 800 } });
      await tab.page.getByLabel('Route').selectOption(`${stage.shop.name}.localhost`);
      await tab.page.locator('figure.chart').waitFor();
      await judge('dashboard-requests-of-a-route', colorScheme);
      // One that was answered: the newest came while the app was away.
      await tab.page.locator('table.requests tr', { hasText: '200' }).locator('a').first().click();
      await tab.page.getByRole('dialog').getByText('First byte').waitFor();
      await judge('dashboard-request', colorScheme);
      await tab.page.goto(stage.url('proxy', '/#/decisions'));
      const asked = tab.page.locator('details.decision', { hasText: `${stage.shop.name}-sales` });
      await asked.locator('summary').first().click();
      await asked.getByText('What was sent, redacted').click();
      await judge('dashboard-decision', colorScheme);
    });

    it('dashboard: the state on top, opened', async () => {
      await openView('overview', { colorScheme, viewport: { width: 1280, height: 800 } });
      for (const chip of ['Ports', 'Certificate', 'LLM']) {
        await tab.page.locator('.chip summary', { hasText: chip }).click();
        await tab.page.locator('.chip[open] .panel').waitFor();
        await judge(`dashboard-${chip.toLowerCase()}`, colorScheme);
      }
    });
  });

  // As somebody sees it who makes the window small, and whose system gets dark: one tab has all of them.
  it.each(VIEWS)('dashboard: %s', async (view) => {
    await openView(view, { colorScheme: 'light', viewport: { width: 1280, height: 800 } });
    for (const colorScheme of THEMES) {
      await tab.page.emulateMedia({ colorScheme });
      await judge(`dashboard-${view}`, colorScheme);
    }
    await tab.page.setViewportSize({ width: 390, height: 844 });
    await tab.page.reload();
    await viewIsShown();
    // Six tabs are wider than a phone: the one that is shown is in sight.
    const tabBox = await tab.page.locator('.tabs a[aria-current=page]').boundingBox();
    expect(tabBox?.x).toBeGreaterThanOrEqual(0);
    expect(Math.floor((tabBox?.x ?? 0) + (tabBox?.width ?? 0))).toBeLessThanOrEqual(390);
    expect(await tab.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    for (const colorScheme of THEMES) {
      await tab.page.emulateMedia({ colorScheme });
      await judge(`small-${view}`, colorScheme);
    }
  });

  async function openView(view: (typeof VIEWS)[number], options: BrowserContextOptions): Promise<void> {
    tab = await stage.open(options);
    await tab.page.goto(stage.url('proxy', `/#/${view === 'overview' ? '' : view}`));
    await viewIsShown();
  }

  async function viewIsShown(): Promise<void> {
    await tab.page.locator('.tabs a[aria-current=page]').waitFor();
    await tab.page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {});
  }
});
