/** What each view of the dashboard says and does, in a real Chromium: decisions, services, logs, settings, the state on top. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendAnswer } from '../fixtures/llm-server.ts';
import { needs } from '../fixtures/needs.ts';
import { MARKUP, type OpenTab, type PageStage, setPageStage } from '../fixtures/page-stage.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');

describe.skipIf(!canRun)('views of the dashboard [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let stage: PageStage;
  let tab: OpenTab;
  let page: Page;
  beforeAll(async () => {
    stage = await setPageStage();
  }, 90_000);
  afterAll(() => stage?.close());
  afterEach(async () => {
    stage.llmSays(undefined);
    const { wrong } = tab;
    await tab.close();
    expect(wrong).toEqual([]);
  });

  async function openView(view: string): Promise<void> {
    tab = await stage.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    page = tab.page;
    await page.goto(stage.url('proxy', `/#/${view}`));
    await page.locator('.tabs a[aria-current=page]').waitFor();
  }

  /** What an app's hostname answers in another tab. */
  async function visit(name: string): Promise<string> {
    const other = await stage.open();
    await other.page.goto(stage.url(name));
    const text = (await other.page.textContent('body')) ?? '';
    await other.close();
    return text;
  }

  it('decisions: what was sent and answered, resolved again with a hint, and put right', async () => {
    const hints: unknown[] = [];
    stage.llmSays(({ body }, response) => {
      const asked = JSON.parse(body.messages.find(({ role }) => role === 'user')?.content ?? '{}') as {
        hint?: string;
        candidates: { id: string; ports: number[] }[];
      };
      hints.push(asked.hint);
      const one = asked.candidates.find((candidate) => JSON.stringify(candidate).includes(stage.shop.name));
      const reason = `sales are the shop’s ${MARKUP}`;
      sendAnswer(response, body, { candidate: one?.id, port: one?.ports[0], confidence: 0.9, reason });
      return false;
    });
    expect(await visit('what-sells')).toContain(stage.shop.name);
    await openView('decisions');
    const card = page.locator('details.decision', { hasText: 'what-sells.localhost' }).first();
    await card.locator('summary').first().click();
    expect(await card.textContent()).toMatch(/LLM decided · .*100 \+ 20 tokens · cost 0\.0/);
    await card.getByText('What was sent, redacted').click();
    const sent = (await card.getByRole('region', { name: 'What was sent' }).textContent()) ?? '';
    expect(sent).toContain(stage.shop.name);
    expect(sent).not.toContain(stage.shop.folder);
    expect(await card.locator('img').count()).toBe(0);

    await card.getByLabel('Hint for the LLM (optional)').fill('the one that earns money');
    await card.getByRole('button', { name: 'Resolve again with this hint' }).click();
    await page.locator('.toast', { hasText: 'was decided again' }).waitFor();
    expect(hints).toEqual([undefined, 'the one that earns money']);

    const blog = page.locator('option', { hasText: stage.blog.name }).first();
    const again = page.locator('details.decision[open]').first();
    await again.getByLabel('Service', { exact: true }).selectOption(await blog.getAttribute('value'));
    await again.getByRole('button', { name: 'It should have been this one' }).click();
    await page.locator('.toast', { hasText: 'goes to' }).waitFor();
    expect(await visit('what-sells')).toContain(stage.blog.name);
    await page.goto(stage.url('proxy', '/#/'));
    await page.locator('tr', { hasText: 'what-sells.localhost' }).locator('.tag', { hasText: 'you' }).waitFor();
    // What it has cost, and what may still be asked.
    await page.locator('.chip summary', { hasText: '2 calls' }).click();
    await page.getByText('28 of 30 calls left this minute').waitFor();
  });

  it('services: processes with project and branch, containers with image and ports, noise on demand', async () => {
    await openView('services');
    const shop = page.locator('tr', { hasText: stage.shop.name });
    expect(await shop.textContent()).toMatch(/node server\.js.*main.*127\.0\.0\.1:\d+/);
    const box = page.locator('tr', { hasText: stage.box });
    expect(await box.textContent()).toMatch(/web:1.*<script>.* of <img.*127\.0\.0\.1:\d+ → 8080/);
    const count = async (): Promise<number> => page.locator('tbody tr').count();
    const before = await count();
    await page.getByLabel(/^Noise, too/).check();
    await page.getByText('Noise: hostwise').first().waitFor();
    expect(await count()).toBeGreaterThan(before);
    await page.getByRole('searchbox').fill(stage.blog.name);
    await expect.poll(count).toBe(1);
  });

  it('an app that does not answer is told of on the overview, with the way to its log', async () => {
    await visit(stage.box);
    await openView('');
    const line = page.locator('table.routes tr', { hasText: `${stage.box}.localhost` });
    await line.getByText(/since \d\d:\d\d:\d\d/).waitFor();
    expect(await line.textContent()).toContain('It closed the connection before it answered');
    await line.getByRole('link', { name: 'no answer' }).click();
    await page.getByText('Error: cannot reach the database').waitFor();
  });

  it('settings say where they come from, the certificate how it is trusted, logs go by level', async () => {
    await openView('settings');
    const model = page.locator('tr', { hasText: 'MODEL' }).first();
    expect(await model.textContent()).toMatch(/small-model.*environment/);
    const port = page.locator('tr', { hasText: 'HOSTWISE_HTTPS_PORT' });
    expect(await port.textContent()).toMatch(/--https-port0flag/);
    await page.locator('.chip summary', { hasText: 'Certificate' }).click();
    await page.locator('.chip[open] .command').first().getByRole('button', { name: 'Copy' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/hostwise.* trust$/);

    await page.route('**/_api/logs', (route) =>
      route.fulfill({
        json: {
          lines: [
            { id: 3, time: '2026-01-01T00:00:02.000Z', level: 'error', message: `broke ${MARKUP}`, fields: {} },
            { id: 2, time: '2026-01-01T00:00:01.000Z', level: 'warn', message: 'odd', fields: { host: 'shop' } },
            { id: 1, time: '2026-01-01T00:00:00.000Z', level: 'debug', message: 'fine', fields: {} },
          ],
        },
      }),
    );
    await page.goto(stage.url('proxy', '/#/logs'));
    const rows = page.locator('table.logs tbody tr');
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByLabel('Level').selectOption('warn');
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByRole('searchbox').fill('host=shop');
    await page.getByText('No line fits the filter.').waitFor();
    await page.getByRole('searchbox').fill('odd');
    expect(await rows.textContent()).toContain('host=shop');
  });

  it('a machine on which nothing runs says how to begin', async () => {
    tab = await stage.open();
    page = tab.page;
    await page.route('**/_api/routes', (route) => route.fulfill({ json: { routes: [] } }));
    await page.route('**/_api/services', (route) =>
      route.fulfill({ json: { processes: [], containers: [], warnings: [] } }),
    );
    await page.goto(stage.url('proxy'));
    await page.getByRole('heading', { name: 'Nothing is listening yet' }).waitFor();
    await page.getByText(`https://my-project.localhost:${stage.hostwise.httpsPort}`).waitFor();
    await page.getByRole('button', { name: 'Add route' }).waitFor();
  });
});
