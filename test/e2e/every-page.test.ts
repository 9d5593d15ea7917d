/**
 * Every page and every view of the dashboard, light and dark: axe-core finds no serious violation. With
 * `SCREENSHOTS=<folder>` a picture of each is left there, to look at.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seriousViolations } from '../fixtures/axe.ts';
import { scenarios } from '../fixtures/llm-servers/scenarios.ts';
import { needs } from '../fixtures/needs.ts';
import { type OpenTab, type PageStage, setPageStage } from '../fixtures/page-stage.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');
const FOLDER = process.env.SCREENSHOTS;

describe.skipIf(!canRun)('every page [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let stage: PageStage;
  let tab: OpenTab;
  beforeAll(async () => {
    stage = await setPageStage();
    if (FOLDER !== undefined) await mkdir(FOLDER, { recursive: true });
    // Something for the dashboard to show.
    const visitor = await stage.open();
    for (const path of ['/', '/orders', '/orders/7?token=sesame', '/cart']) {
      await visitor.page.goto(stage.url(stage.shop.name, path));
      await visitor.page.goto(stage.url(stage.blog.name, path));
    }
    await visitor.page.goto(stage.url(stage.box));
    await visitor.page.goto(stage.url(`${stage.shop.name}-sales`));
    stage.llmSays(scenarios.unsure);
    await visitor.page.goto(stage.url('journal'));
    await visitor.close();
  }, 90_000);
  afterAll(() => stage?.close(), 30_000);
  afterEach(async () => {
    stage.llmSays(scenarios.unsure);
    await tab.close();
  });

  /** Judge what is shown. */
  async function judge(name: string, theme: string): Promise<void> {
    if (FOLDER !== undefined) await tab.page.screenshot({ path: join(FOLDER, `${name}-${theme}.png`) });
    expect(await seriousViolations(tab.page)).toEqual([]);
    expect(tab.wrong).toEqual([]);
  }

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it('picker', async () => {
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url('journal', '/2026?a=1'));
      await tab.page.getByRole('heading', { name: 'Which one is journal.localhost?' }).waitFor();
      await judge('picker', colorScheme);
    });

    it('the LLM is thinking', async () => {
      stage.llmSays(scenarios.slow(6_000));
      tab = await stage.open({ colorScheme });
      await tab.page.goto(stage.url(`thinking-${colorScheme}`));
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

    it.each(['overview', 'requests', 'decisions', 'services', 'logs', 'settings'])('dashboard: %s', async (view) => {
      tab = await stage.open({ colorScheme, viewport: { width: 1280, height: 900 } });
      await tab.page.goto(stage.url('proxy', `/#/${view === 'overview' ? '' : view}`));
      await tab.page.locator('.tabs a[aria-current=page]').waitFor();
      await tab.page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {});
      await judge(`dashboard-${view}`, colorScheme);
    });
  });
});
