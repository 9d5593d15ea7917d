/** The dashboard in a real Chromium: what runs and what goes where as it happens, and correcting it with a click. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from '../fixtures/browser.ts';
import { buildDashboard, type DashboardPage, openDashboard } from '../fixtures/dashboard.ts';
import { type StartedProcess, startProcess } from '../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../fixtures/hostwise-process.ts';
import { needs } from '../fixtures/needs.ts';
import { makeApiProject, type SampleProject } from '../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../fixtures/temp-dir.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');

/** A directory and a command line that are markup. */
const EVIL_FOLDER = '<img src=x onerror=alert(1)>';
const EVIL_ARGUMENT = '--title=</script><script>alert(2)</script>';

describe.skipIf(!canRun)('the dashboard [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let parent: string;
  let shop: SampleProject;
  let blog: SampleProject;
  let hostwise: RunningHostwise;
  let chromium: TestBrowser;
  let opened: DashboardPage;
  let page: Page;
  const servers: StartedProcess[] = [];

  beforeAll(async () => {
    parent = await makeTempDir('hw-dash');
    [shop, blog] = await Promise.all([
      makeApiProject(parent, 'shop'),
      makeApiProject(parent, 'blog'),
      buildDashboard(),
    ]);
    const evil = join(parent, EVIL_FOLDER);
    await mkdir(evil);
    const code =
      "require('node:http').createServer((q, s) => s.end('evil')).listen(0, '127.0.0.1', () => console.log('listening on'))";
    await writeFile(join(evil, 'server.cjs'), code);
    servers.push(
      startProcess('npm', ['start'], { cwd: shop.folder }),
      startProcess('npm', ['start'], { cwd: blog.folder }),
      startProcess(process.execPath, ['server.cjs', EVIL_ARGUMENT], { cwd: evil }),
    );
    await Promise.all(servers.map((server) => server.printed(/listening on/)));
    hostwise = await startHostwise();
    chromium = await startBrowser(hostwise.caFile);
  }, 90_000);

  afterAll(async () => {
    await chromium?.close();
    await hostwise?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await removeDir(parent);
  });

  beforeEach(async () => {
    opened = await openDashboard(chromium.browser, hostwise);
    page = opened.page;
  });
  afterEach(async () => {
    const { wrong, close } = opened;
    await close();
    expect(wrong).toEqual([]);
  });

  /** What an app's hostname answers in another tab. */
  async function visit(project: SampleProject, path = '/'): Promise<unknown> {
    const tab = await chromium.browser.newPage();
    try {
      const response = await tab.goto(`https://${project.name}.localhost:${hostwise.httpsPort}${path}`);
      return await response?.json();
    } finally {
      await tab.close();
    }
  }

  function row(text: string): Locator {
    return page.locator('table.routes tbody tr', { hasText: text });
  }

  async function toast(text: string | RegExp): Promise<Locator> {
    const found = page.locator('.toast', { hasText: text });
    await found.waitFor();
    return found;
  }

  it('shows a hostname that is visited in another tab, what it reaches and why, without a reload', async () => {
    await page.evaluate('window.notReloaded = true');
    await page.locator('table', { hasText: shop.name }).waitFor();
    expect(await row(`${shop.name}.localhost`).count()).toBe(0);

    await visit(shop);

    const line = row(`${shop.name}.localhost`);
    await line.waitFor();
    await expect.poll(() => line.textContent()).toMatch(/127\.0\.0\.1:\d+/);
    expect(await line.textContent()).toContain('exact name');
    expect(await line.getByRole('link', { name: `${shop.name}.localhost` }).getAttribute('href')).toBe(
      `https://${shop.name}.localhost:${hostwise.httpsPort}/`,
    );
    // Whatever else runs on this machine: found by its name, the picture shows it.
    await page.getByRole('searchbox').fill(shop.name);
    await page.locator('.nodes.left a', { hasText: shop.name }).waitFor();
    expect(await page.evaluate('window.notReloaded')).toBe(true);
  });

  it('shows a request as it comes, and all that is kept of it, with secrets masked', async () => {
    await page.getByRole('link', { name: 'Requests', exact: true }).click();
    await visit(shop, '/orders/7?token=sesame-42');
    const line = page.locator('table.requests tbody tr', { hasText: '/orders/7' });
    await line.waitFor();
    await expect.poll(() => line.textContent()).toMatch(/200[\s\S]*GET/);
    await line.getByRole('link').click();

    const drawer = page.getByRole('dialog');
    await drawer.getByRole('rowheader', { name: 'user-agent' }).waitFor();
    await drawer.getByText('First byte').waitFor();
    expect(await drawer.locator('pre').textContent()).toMatch(/^curl /);
    expect(await page.content()).not.toContain('sesame-42');

    await drawer.getByRole('button', { name: 'Send again' }).click();
    await toast('Sent again: 200');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await expect.poll(() => line.count()).toBe(2);
    await page.getByRole('searchbox').fill('no such request');
    await page.getByText('None fits the filter.').waitFor();
  });

  it('leads a hostname to another service when the route is edited, and says when somebody was faster', async () => {
    await visit(shop);
    const line = row(`${shop.name}.localhost`);
    await line.getByRole('button', { name: `Edit ${shop.name}.localhost` }).click();
    const service = page.getByLabel('Service', { exact: true });
    const blogOption = page.locator('option', { hasText: blog.name });
    await service.selectOption(await blogOption.first().getAttribute('value'));
    await page.getByRole('button', { name: 'Save' }).click();
    await toast('goes to');
    await line.locator('.tag', { hasText: 'you' }).waitFor();
    expect(await visit(shop)).toMatchObject({ api: blog.name });

    // Somebody else's change, between what is seen and what is sent.
    await page.route('**/_api/mappings/**', (route) =>
      route.request().method() === 'DELETE'
        ? route.continue({ headers: { ...route.request().headers(), 'if-match': '"older"' } })
        : route.continue(),
    );
    await line.getByRole('button', { name: `Forget ${shop.name}.localhost` }).click();
    await toast('was changed meanwhile');
    expect(await line.count()).toBe(1);
    // The browser reports a 412 like any failed request.
    opened.wrong.splice(0, opened.wrong.length, ...opened.wrong.filter((one) => !one.includes('412')));
  });

  it('forgets a route and brings it back', async () => {
    await visit(blog);
    const line = row(`${blog.name}.localhost`);
    await line.getByRole('button', { name: `Forget ${blog.name}.localhost` }).click();
    const told = await toast('is forgotten');
    await line.waitFor({ state: 'detached' });
    await told.getByRole('button', { name: 'Undo' }).click();
    await line.waitFor();
    expect(await visit(blog)).toMatchObject({ api: blog.name });
  });

  it('adds a route by keyboard alone, and pins one that was decided', async () => {
    await visit(blog);
    const add = page.getByRole('button', { name: 'Add route' });
    await tabTo(page, add);
    await page.keyboard.press('Enter');
    // The hostname has the focus; then the service, the port and the button.
    await page.keyboard.type(`by-hand-${shop.name}`);
    await page.keyboard.press('Tab');
    await page.keyboard.type(blog.name.slice(0, 10));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await row(`by-hand-${shop.name}.localhost`).waitFor();

    const pinned = row(`${blog.name}.localhost`).first();
    const pin = pinned.getByRole('button', { name: /^Pin / });
    if ((await pin.count()) > 0) {
      await pin.click();
      await toast('is pinned');
    }
    await pinned.locator('.tag', { hasText: 'you' }).waitFor();
  });

  it('shows markup in a directory’s name and in a command line as text', async () => {
    await page.getByRole('link', { name: 'Services', exact: true }).click();
    await page.getByText(EVIL_FOLDER).first().waitFor();
    await page.getByText(EVIL_ARGUMENT).first().waitFor();
    expect(await page.locator('#app img, #app script').count()).toBe(0);
  });

  it('names every field, button and link, and every table’s columns', async () => {
    for (const view of ['', 'requests', 'decisions', 'services', 'logs', 'settings']) {
      await page.goto(opened.url(`#/${view}`));
      await page.locator('.tabs a[aria-current=page]').waitFor();
      expect(await page.evaluate(NAMELESS)).toEqual([]);
    }
    // Until the server keeps its decisions, the browser reports their absence.
    opened.wrong.splice(0, opened.wrong.length, ...opened.wrong.filter((one) => !one.includes('/_api/decisions')));
  });
});

/** Press Tab until something has the focus; never for ever. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('Tab does not lead there');
}

/** What a screen reader could not name, as HTML. */
const NAMELESS = `[
  ...[...document.querySelectorAll('#app :is(a, button, summary)')].filter(
    (one) => one.textContent.trim() === '' && !one.ariaLabel),
  ...[...document.querySelectorAll('#app :is(input, select)')].filter((one) => !one.ariaLabel && one.labels.length === 0),
  ...[...document.querySelectorAll('#app table.cards')].filter(
    (one) => [...one.tHead.rows[0].cells].some((cell) => cell.scope !== 'col' || cell.textContent.trim() === '')),
].map((one) => one.outerHTML.slice(0, 200))`;
