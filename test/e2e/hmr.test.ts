/**
 * The main job, from the browser's side: real dev servers that nobody told us about, a real Chromium that trusts the
 * CA, `https://<project>.localhost` over HTTP/2, and a hot update that arrives through the proxied WebSocket.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page, WebSocket } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from '../fixtures/browser.ts';
import { type StartedProcess, startProcess } from '../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../fixtures/hostwise-process.ts';
import { needs } from '../fixtures/needs.ts';
import { makeApiProject, makeViteProject, type SampleProject, textModule } from '../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../fixtures/temp-dir.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');

describe.skipIf(!canRun)('https://<project>.localhost [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let parent: string;
  let shop: SampleProject;
  let blog: SampleProject;
  let api: SampleProject;
  let hostwise: RunningHostwise;
  let chromium: TestBrowser;
  const servers: StartedProcess[] = [];

  beforeAll(async () => {
    parent = await makeTempDir('hw-dev');
    [shop, blog, api] = await Promise.all([
      makeViteProject(parent, 'shop', 'the shop', '--host ::1'),
      makeViteProject(parent, 'blog', 'the blog'),
      makeApiProject(parent, 'api'),
    ]);
    servers.push(
      startProcess('npm', ['run', 'dev'], { cwd: shop.folder }),
      startProcess('npm', ['run', 'dev'], { cwd: blog.folder }),
      startProcess('npm', ['start'], { cwd: api.folder }),
    );
    await Promise.all(servers.map((server) => server.printed(/Local: +http|listening on/)));
    hostwise = await startHostwise();
    chromium = await startBrowser(hostwise.caFile);
  }, 90_000);

  afterAll(async () => {
    await chromium?.close();
    await hostwise?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await removeDir(parent);
  });

  /** As typed into the address bar. */
  function urlOf(project: SampleProject, path = '/'): string {
    return `https://${project.name}.localhost:${hostwise.httpsPort}${path}`;
  }

  /** What a page did while it was open. */
  interface Seen {
    sockets: WebSocket[];
    /** What its scripts wrote to the console. */
    messages: string[];
  }

  /** A page that is closed after `use`, open on the project. */
  async function onPage<T>(project: SampleProject, use: (page: Page, seen: Seen) => Promise<T>): Promise<T> {
    const page = await chromium.browser.newPage();
    const seen: Seen = { sockets: [], messages: [] };
    page.on('websocket', (socket) => seen.sockets.push(socket));
    page.on('console', (message) => seen.messages.push(message.text()));
    try {
      await page.goto(urlOf(project));
      return await use(page, seen);
    } finally {
      await page.close();
    }
  }

  it('shows each project its own page, over HTTP/2 and with a certificate that the browser accepts', async () => {
    await onPage(shop, async (page) => {
      await page.getByText('the shop', { exact: true }).waitFor();
      expect(await navigationProtocol(page)).toBe('h2');
      expect(await page.evaluate('isSecureContext')).toBe(true);
    });
    await onPage(blog, async (page) => {
      await page.getByText('the blog', { exact: true }).waitFor();
      expect(await navigationProtocol(page)).toBe('h2');
    });
  });

  it('reaches a plain Node API by its project name', async () => {
    await onPage(api, async (page) => {
      const response = await page.goto(urlOf(api, '/orders?state=open'));
      expect(response?.status()).toBe(200);
      expect(await response?.json()).toEqual({ api: api.name, path: '/orders?state=open' });
      expect(await navigationProtocol(page)).toBe('h2');
    });
  });

  it('takes a hot update from a Vite on [::1] only, through the proxied WebSocket and without a reload', async () => {
    await editAndSee(shop, 'the shop, edited');
  });

  it('takes a hot update from a Vite on its default address as well', async () => {
    await editAndSee(blog, 'the blog, edited');
  });

  async function editAndSee(project: SampleProject, words: string): Promise<void> {
    await onPage(project, async (page, { sockets, messages }) => {
      // An edit before that reaches nobody: Vite sends an update to the pages that are connected.
      await waitFor('Vite’s client is connected', () => messages.includes('[vite] connected.'), 30_000);
      await page.evaluate('window.notReloaded = true');

      await writeFile(join(project.folder, 'text.js'), textModule(words));
      await page.getByText(words, { exact: true }).waitFor();

      expect(await page.evaluate('window.notReloaded')).toBe(true);
      // Vite's client tries its own port directly when the first way fails: every socket must have come through us.
      const { host } = new URL(urlOf(project));
      expect(sockets.length).toBeGreaterThan(0);
      for (const socket of sockets) expect(socket.url()).toMatch(`wss://${host}/`);
    });
  }
});

/** What the browser spoke for the page itself: `h2`, `http/1.1`. */
function navigationProtocol(page: Page): Promise<unknown> {
  return page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol');
}
