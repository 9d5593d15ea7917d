/** The pages that people meet instead of an app, in a real Chromium: waiting, picker, error, and their way back. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendAnswer } from '../fixtures/llm-server.ts';
import { scenarios } from '../fixtures/llm-servers/scenarios.ts';
import { needs } from '../fixtures/needs.ts';
import { MARKUP, type OpenTab, type PageStage, setPageStage } from '../fixtures/page-stage.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');

describe.skipIf(!canRun)('pages in the place of an app [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let stage: PageStage;
  let tab: OpenTab;
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

  it('tells that the LLM thinks, step by step, and opens the app as soon as it has answered', async () => {
    const answer = Promise.withResolvers<void>();
    stage.llmSays(({ body }, response) => {
      const { host, candidates } = question(body);
      expect(host).toContain('what-sells');
      const chosen = candidates.find((one) => JSON.stringify(one).includes(stage.shop.name));
      void answer.promise.then(() =>
        sendAnswer(response, body, { candidate: chosen?.id, port: chosen?.ports[0], confidence: 0.9, reason: MARKUP }),
      );
      return false;
    });
    tab = await stage.open();
    const { page } = tab;
    await page.goto(stage.url('what-sells', '/orders?page=2#top'));
    await page.getByRole('heading', { name: 'Finding out what what-sells.localhost means' }).waitFor();
    await page.locator('li.done', { hasText: 'No service here is called "what-sells"' }).waitFor();
    await page.locator('li.now', { hasText: 'Asking the local language model' }).waitFor();
    await page.locator('.since', { hasText: /^[1-9]\d? s$/ }).waitFor();
    answer.resolve();
    await page.getByText(`"api":"${stage.shop.name}","path":"/orders?page=2"`).waitFor();
    expect(page.url()).toBe(stage.url('what-sells', '/orders?page=2#top'));
  });

  it('goes on to the picker when the LLM is not sure; its reason is text, and one click routes and returns', async () => {
    stage.llmSays(({ body }, response) => {
      const lean = question(body).candidates.find((one) => JSON.stringify(one).includes(stage.blog.name));
      const said = { candidate: lean?.id, port: lean?.ports[0], confidence: 0.2, reason: `perhaps ${MARKUP}` };
      setTimeout(() => sendAnswer(response, body, said), 1_500);
      return false;
    });
    tab = await stage.open();
    const { page } = tab;
    await page.goto(stage.url('journal', '/2026?a=1'));
    await page.getByRole('heading', { name: 'Which one is journal.localhost?' }).waitFor();
    expect(new URL(page.url()).hostname).toBe('proxy.localhost');
    // The one that it leans towards comes first, with its reason.
    const first = page.locator('ul.choices button').first();
    expect(await first.textContent()).toContain(stage.blog.name);
    expect(await first.locator('.why').textContent()).toContain('perhaps');
    await page.locator('dd', { hasText: stage.url('journal', '/2026?a=1') }).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toBe('Which one is journal.localhost?');

    await first.click();
    await page.getByText(`"api":"${stage.blog.name}","path":"/2026?a=1"`).waitFor();
    expect(page.url()).toBe(stage.url('journal', '/2026?a=1'));
    // Remembered: nobody is asked again.
    const asked = stage.llm.requests.length;
    await page.goto(stage.url('journal'));
    await page.getByText(`"api":"${stage.blog.name}"`).waitFor();
    expect(stage.llm.requests.length).toBe(asked);
  });

  it('says why the LLM gave no answer', async () => {
    stage.llmSays(scenarios.quota);
    tab = await stage.open();
    await tab.page.goto(stage.url('who-knows'));
    await tab.page.getByRole('heading', { name: 'Which one is who-knows.localhost?' }).waitFor();
    await tab.page.locator('dd', { hasText: 'LLM_CREDITS' }).waitFor();
    await tab.page.locator('dd', { hasText: 'No service here is called "who-knows"' }).waitFor();
  });

  it('routes by the picker without JavaScript', async () => {
    stage.llmSays(scenarios.unsure);
    tab = await stage.open({ javaScriptEnabled: false });
    const { page } = tab;
    await page.goto(stage.url('plain', '/deep'));
    await (await choice(page, stage.shop.name)).click();
    await page.getByText(`"api":"${stage.shop.name}","path":"/deep"`).waitFor();
  });

  it.each([true, false])(
    'waits for a known app and opens it when it is back (JavaScript: %s)',
    async (javaScriptEnabled) => {
      tab = await stage.open({ javaScriptEnabled });
      const { page } = tab;
      await page.goto(stage.url(stage.shop.name));
      await page.getByText(`"api":"${stage.shop.name}"`).waitFor();
      await stage.shopRuns(false);
      await page.goto(stage.url(stage.shop.name, '/cart'));
      await page.getByRole('heading', { name: `Waiting for ${stage.shop.name}` }).waitFor();
      await page.locator('li.now', { hasText: 'Waiting for it' }).waitFor();
      const picker = await page.getByRole('link', { name: 'Choose another one' }).getAttribute('href');
      expect(picker).toContain(`/pick?host=${stage.shop.name}.localhost`);
      await stage.shopRuns(true);
      await page.getByText(`"api":"${stage.shop.name}","path":"/cart"`).waitFor();
    },
  );

  it('tells what was tried when an app hangs up, and leads to the last lines of its log', async () => {
    tab = await stage.open();
    const { page } = tab;
    const response = await page.goto(stage.url(stage.box));
    expect(response?.status()).toBe(502);
    await page.getByRole('heading', { name: `${stage.box} did not answer` }).waitFor();
    const facts = await page.locator('dl').textContent();
    expect(facts).toContain(`${stage.box}.localhost`);
    expect(facts).toContain('It closed the connection before it answered');
    expect(facts).toMatch(/Since\d\d:\d\d:\d\d/);

    await page.getByRole('link', { name: 'Its log and details' }).click();
    await page.getByText('Error: cannot reach the database').waitFor();
    expect(new URL(page.url()).hostname).toBe('proxy.localhost');
    expect(await page.locator('pre').textContent()).toContain(MARKUP);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toBe(`What answers ${stage.box}.localhost`);
  });

  it('shows a process and a container whose names are markup as text', async () => {
    stage.llmSays(scenarios.unsure);
    tab = await stage.open();
    const { page } = tab;
    await page.goto(stage.url('hostile-names'));
    await (await choice(page, MARKUP)).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    await page.goto(stage.url('proxy', '/#/services'));
    await page.locator('#app td', { hasText: MARKUP }).first().waitFor();
    expect(await page.locator('#app img, #app script').count()).toBe(0);
    expect(await page.title()).not.toContain('HACKED');
  });
});

/** An entry of the picker; on a machine where much else runs it may be one of those that are a click away. */
async function choice(page: Page, text: string): Promise<Locator> {
  await page.locator('ul.choices button').first().waitFor();
  const more = page.locator('details summary', { hasText: /^\d+ more$/ });
  if ((await more.count()) > 0) await more.click();
  return page.locator('ul.choices button', { hasText: text }).first();
}

interface Listed {
  id: string;
  ports: number[];
}

/** What the LLM was asked. */
function question({ messages }: { messages: { role: string; content: string }[] }): {
  host: string;
  candidates: Listed[];
} {
  return JSON.parse(messages.find(({ role }) => role === 'user')?.content ?? '{}');
}
