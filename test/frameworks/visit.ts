/** What a person does with a dev server's page in a browser: look, click, edit the source, look again. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page, WebSocket } from 'playwright-core';
import type { SampleProject } from '../fixtures/sample-projects.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import type { Framework } from './frameworks.ts';

/** Compiling on two cores that others use as well. */
const TIMEOUT_MS = 120_000;
/** What a refusing server never sends. */
const REFUSED_AFTER_MS = 15_000;
/** Errors that an update causes are on the console after the new words are on the page. */
const SETTLE_MS = 1_000;

/** One visit: what worked, in words for the table. A part that is missing was not reached. */
export interface Visit {
  /** What the browser spoke for the page: `h2`, `http/1.1`. */
  protocol?: string;
  page?: string;
  update?: string;
  sockets?: string;
  /** Console errors, exceptions, failed requests, answers of 400 and more. */
  problems: string[];
  /** Why it ended early. */
  failure?: string;
}

/** What a visit needs. */
export interface VisitOptions {
  browser: Browser;
  url: string;
  project: SampleProject;
  framework: Framework;
  /** The words that the page shows now, and those that an edit puts there. */
  words: readonly [now: string, then: string];
}

/** A page and everything that went on in it. */
interface Watched {
  page: Page;
  problems: string[];
  sockets: { socket: WebSocket; received: number }[];
}

/** Visit the page of a running dev server. Never throws: what went wrong is in the answer. */
export async function visit(options: VisitOptions): Promise<Visit> {
  const seen: Visit = { problems: [] };
  let watched: Watched | undefined;
  try {
    watched = await open(options, options.words[0], seen);
    await click(watched.page);
    seen.page = 'yes';
    seen.sockets = await talk(options, watched);
    const after = await edited(options, watched);
    watched = after;
    seen.update = options.framework.update;
    await click(after.page);
    await delay(SETTLE_MS);
  } catch (error) {
    seen.failure = error instanceof Error ? `${error.message}${because(error)}` : String(error);
  } finally {
    seen.problems.push(...(watched?.problems ?? []));
    await watched?.page.close();
  }
  return seen;
}

/** Chromium breaks everything off when an interface of the machine comes or goes: no word about proxy or framework. */
export function wasDisturbed({ failure = '', problems }: Visit): boolean {
  return [failure, ...problems].some((words) => words.includes('ERR_NETWORK_CHANGED'));
}

/** Under a domain that no dev server expects: what it does with such a Host header by itself. Never throws. */
export async function visitElsewhere(options: VisitOptions): Promise<string> {
  const { browser, framework, words } = options;
  const page = await browser.newPage();
  const watched = watch(page);
  let part = 'page refused';
  try {
    const status = await goTo(watched, options.url);
    if (status >= 400) return `refused (${status})`;
    // The proxy's own page, which says that the app refuses this name: its button has the app sent another Host.
    const asked = new URL(page.url()).hostname === 'proxy.localhost';
    if (asked) await page.locator('form button').click();
    await page.locator('#words', { hasText: words[0] }).waitFor({ timeout: REFUSED_AFTER_MS });
    part = 'page without scripts';
    await click(page, REFUSED_AFTER_MS);
    part = framework.sockets === 'updates' ? 'page without updates' : 'page without WebSocket';
    await talk(options, watched, REFUSED_AFTER_MS);
    return asked ? 'works after one click' : 'works';
  } catch {
    return part;
  } finally {
    await page.close();
  }
}

function because({ cause }: Error): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}

/** Open the page and wait for the words. */
async function open({ browser, url }: VisitOptions, words: string, seen?: Visit): Promise<Watched> {
  const page = await browser.newPage();
  const watched = watch(page);
  try {
    await goTo(watched, url);
    await page.locator('#words', { hasText: words }).waitFor({ timeout: TIMEOUT_MS });
    if (seen !== undefined) seen.protocol = String(await page.evaluate(NAVIGATION_PROTOCOL));
    return watched;
  } catch (error) {
    const text = await page.evaluate('document.body.innerText').catch(() => '');
    await page.close();
    const problems = watched.problems.join(' · ');
    throw new Error(`"${words}" was not shown; the page: ${String(text).slice(0, 500)}; ${problems}`, { cause: error });
  }
}

/**
 * Open an address. While the proxy shows its own page (503 with Retry-After: still looking, on a busy machine), again.
 * @returns the status
 */
async function goTo({ page, problems }: Watched, url: string): Promise<number> {
  return waitFor(
    `an answer of ${url}`,
    async () => {
      problems.length = 0;
      const response = await page.goto(url, { timeout: TIMEOUT_MS });
      const waits = response?.status() === 503 && response.headers()['retry-after'] !== undefined;
      return waits ? undefined : response?.status();
    },
    TIMEOUT_MS,
  );
}

const NAVIGATION_PROTOCOL = 'performance.getEntriesByType("navigation")[0].nextHopProtocol';

function watch(page: Page): Watched {
  const watched: Watched = { page, problems: [], sockets: [] };
  const { problems, sockets } = watched;
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const error = request.failure()?.errorText;
    // The page took its own request back (Next does, when an update supersedes it): a broken answer has another name.
    if (error !== 'net::ERR_ABORTED') problems.push(`failed: ${request.url()} ${error}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  page.on('websocket', (socket) => {
    const counted = { socket, received: 0 };
    sockets.push(counted);
    socket.on('framereceived', () => {
      counted.received += 1;
    });
    socket.on('socketerror', (error) => problems.push(`WebSocket: ${socket.url()} ${error}`));
  });
  return watched;
}

/** Click until it counts: a page from a server is there before its scripts are. */
async function click(page: Page, timeoutMs = TIMEOUT_MS): Promise<void> {
  const button = page.locator('#count');
  await waitFor(
    'a click counts',
    async () => {
      await button.click({ timeout: timeoutMs });
      return /clicked [1-9]/.test((await button.textContent()) ?? '');
    },
    timeoutMs,
  );
}

/** Wait for messages over WebSocket. @returns how it went, for the table @throws when a socket went past the proxy */
async function talk(
  { framework, url }: VisitOptions,
  { page, sockets }: Watched,
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  if (framework.sockets === 'none') return '–';
  await waitFor('a message over WebSocket', () => sockets.some(({ received }) => received > 0), timeoutMs);
  if (framework.sockets === 'echo')
    await page.locator('#echo', { hasText: 'echo: over WebSocket' }).waitFor({ timeout: timeoutMs });
  // Some clients try the server's own port when the first way fails: every socket must have come through us.
  const { host } = new URL(url);
  const past = sockets.map(({ socket }) => socket.url()).filter((address) => new URL(address).host !== host);
  if (past.length > 0) throw new Error(`WebSockets past the proxy: ${past.join(' ')}`);
  return framework.sockets === 'echo' ? 'messages' : 'updates';
}

/** Edit the source and see the new words, the way this framework brings them. @returns the page that shows them */
async function edited(options: VisitOptions, watched: Watched): Promise<Watched> {
  const { project, framework, words } = options;
  const [now, then] = words;
  const file = join(project.folder, framework.edit);
  const source = await readFile(file, 'utf8');
  if (!source.includes(now)) throw new Error(`"${framework.edit}" does not say "${now}"`);
  const write = (): Promise<void> => writeFile(file, source.replace(now, then));
  const byHand = framework.update === 'restart' || framework.update === 'file';
  try {
    return await (byHand ? reopened(options, watched, write) : updated(options, watched, write));
  } catch (error) {
    await writeFile(file, source);
    throw error;
  }
}

/** The dev server brings the update. */
async function updated(options: VisitOptions, watched: Watched, write: () => Promise<void>): Promise<Watched> {
  const { framework, words } = options;
  const { page } = watched;
  await page.evaluate('window.notReloaded = true');
  await write();
  await page.locator('#words', { hasText: words[1] }).waitFor({ timeout: TIMEOUT_MS });
  const stayed = (await page.evaluate('window.notReloaded')) === true;
  if (stayed !== (framework.update === 'hot'))
    throw new Error(stayed ? 'the page was not reloaded' : 'the page was reloaded');
  return watched;
}

/** The user reloads; while the server is away the proxy's own page is shown, whose status is no problem of the app. */
async function reopened(options: VisitOptions, watched: Watched, write: () => Promise<void>): Promise<Watched> {
  const { browser, url, words } = options;
  await watched.page.close();
  await write();
  const fresh = await waitFor(`"${words[1]}" after a reload`, () => reloaded(browser, url, words[1]), TIMEOUT_MS);
  fresh.problems.unshift(...watched.problems);
  await talk(options, fresh);
  return fresh;
}

/** A look after a reload. @returns undefined when the words are not there yet */
async function reloaded(browser: Browser, url: string, words: string): Promise<Watched | undefined> {
  const page = await browser.newPage();
  const watched = watch(page);
  try {
    await page.goto(url, { timeout: TIMEOUT_MS });
    const shown = await page.locator('#words').textContent({ timeout: 1_000 });
    if (shown === words) return watched;
  } catch {
    // The server is not back yet.
  }
  await page.close();
  return undefined;
}
