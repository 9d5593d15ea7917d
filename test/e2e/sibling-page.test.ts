/**
 * A page on another app's hostname that tries everything a browser lets it try against the control plane. It runs in
 * the user's own browser, on the same site, so that only what the control plane refuses protects it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askControl } from '../fixtures/hostwise-process.ts';
import { needs } from '../fixtures/needs.ts';
import { type OpenTab, type PageStage, setPageStage } from '../fixtures/page-stage.ts';

const canRun = needs('chromium') && needs('certutil') && needs('git');

describe.skipIf(!canRun)('a page on a sibling hostname [needs chromium, certutil, git]', { timeout: 60_000 }, () => {
  let stage: PageStage;
  let tab: OpenTab;
  let before: unknown;
  let control: string;
  beforeAll(async () => {
    stage = await setPageStage();
    control = stage.url('proxy', '');
    // A session on the dashboard, and a route that could be changed.
    const mine = await stage.open();
    await mine.page.goto(stage.url(stage.shop.name));
    await mine.page.goto(stage.url('proxy'));
    await mine.page.locator('#app main').waitFor();
    await mine.close();
  }, 90_000);
  afterAll(() => stage?.close());
  beforeEach(async () => {
    tab = await stage.open();
    // The evil page is the blog's: an app like any other.
    await tab.page.goto(stage.url(stage.blog.name));
    before = await routes();
  });
  afterEach(async () => {
    await tab.close();
    expect(await routes()).toEqual(before);
  });

  /** What would change if it got through. */
  async function routes(): Promise<unknown> {
    const mappings = (await askControl(stage.hostwise.controlSocket, '/_api/mappings/')) as Record<string, unknown>;
    expect(Object.keys(mappings)).toContain(`${stage.shop.name}.localhost`);
    return mappings;
  }

  /** Run in the page. @param code of an async function of the control plane's origin */
  function inPage<T>(code: string, ...given: unknown[]): Promise<T> {
    return tab.page.evaluate(`(${code})(${given.map((one) => JSON.stringify(one)).join(',')})`) as Promise<T>;
  }

  const READS = [
    '/',
    '/?all',
    '/_debug',
    '/_api/mappings/',
    ...['services', 'routes', 'traffic', 'requests', 'requests/1', 'decisions', 'logs', 'settings', 'status'].map(
      (name) => `/_api/${name}`,
    ),
    '/_api/events',
    '/_api/openapi.json',
    '/_api/resolve?host=anything.localhost',
    '/pick?host=anything.localhost',
    '/host?key=anything.localhost&by=vite',
  ];

  it('reads nothing by fetch, with or without credentials, there or on its own hostname', async () => {
    const own = stage.url(stage.blog.name, '');
    const other = stage.url(stage.shop.name, '');
    const urls = [
      ...READS.map((path) => control + path),
      ...['/_api/mappings/', '/_debug'].flatMap((path) => [own + path, other + path]),
      `${other}/_hostwise/wait`,
      `${control}/service?host=${stage.box}.localhost`,
    ];
    const seen = await inPage<string[]>(
      `async (urls) => {
        const seen = [];
        for (const url of urls) for (const mode of ['cors', 'no-cors']) for (const credentials of ['include', 'omit']) {
          const got = await fetch(url, { mode, credentials })
            .then(async (r) => r.type === 'opaque' ? 'opaque' : r.status + ' ' + (await r.text()), () => 'failed');
          seen.push(got);
        }
        return seen;
      }`,
      urls,
    );
    expect(seen).toHaveLength(urls.length * 4);
    // On its own hostname it may read the answer: a refusal.
    for (const text of seen) expect(text).toMatch(/^(?:failed|opaque|403 )/);
    expect(seen.filter((text) => text.startsWith('403'))).toHaveLength(8);
    expect(seen.join()).not.toContain(stage.shop.name);
  });

  it('changes nothing by fetch of any method', async () => {
    const key = `${stage.shop.name}.localhost`;
    const seen = await inPage<string[]>(
      `async (control, own, key) => {
        const seen = [];
        const body = JSON.stringify({ type: 'process', target: 'localhost', port: 1 });
        for (const origin of [control, own]) for (const method of ['PUT', 'DELETE', 'POST', 'PATCH'])
          for (const type of ['application/json', 'text/plain'])
            seen.push(await fetch(origin + '/_api/mappings/' + key, { method, body: method === 'DELETE' ? undefined : body,
              headers: { 'content-type': type, 'x-hostwise-token': 'guess' } }).then((r) => String(r.status), () => 'failed'));
        seen.push(await fetch(control + '/_api/requests/1/replay', { method: 'POST', mode: 'no-cors' }).then((r) => r.type, () => 'failed'));
        seen.push(await fetch(control + '/_api/decisions', { method: 'POST', mode: 'no-cors', body }).then((r) => r.type, () => 'failed'));
        navigator.sendBeacon(control + '/forget', new URLSearchParams({ key, token: 'guess' }));
        return seen;
      }`,
      control,
      stage.url(stage.blog.name, ''),
      key,
    );
    expect(seen).toHaveLength(18);
    for (const one of seen) expect(one).toMatch(/^(?:failed|opaque|403|405)$/);
  });

  it.each(['/pick', '/forget', '/host', '/_api/mappings/'])(
    'a form to %s shows no data and changes nothing',
    async (path) => {
      const key = `${stage.shop.name}.localhost`;
      const answered = tab.page.waitForResponse((response) => response.url().startsWith(control + path));
      await inPage(
        `(action, key) => {
        const form = Object.assign(document.createElement('form'), { action, method: 'post' });
        for (const [name, value] of Object.entries({ token: 'guess', host: key, key, by: 'vite', choice: 'p1:1:0' }))
          form.append(Object.assign(document.createElement('input'), { name, value }));
        document.body.append(form);
        form.submit();
      }`,
        control + path,
        key,
      );
      const answer = await answered;
      expect(answer.status()).toBe(403);
      expect(await answer.text()).not.toMatch(/name="token"|hostwise-token|ul class="choices"/);
    },
  );

  it('hears nothing by EventSource, WebSocket, an image, a script, a style, a frame or a window', async () => {
    const other = stage.url(stage.shop.name, '');
    const seen = await inPage<Record<string, string>>(
      `async (control, other) => {
        const settle = (start) => new Promise((done) => { start(done); setTimeout(() => done('silent'), 4000); });
        const element = (tag, fields) => settle((done) => {
          const one = Object.assign(document.createElement(tag), fields, { onload: () => done('loaded'), onerror: () => done('failed') });
          document.body.append(one);
        });
        const events = (url) => settle((done) => {
          const source = new EventSource(url);
          source.onopen = () => done('open');
          source.onerror = () => { source.close(); done('failed'); };
        });
        const socket = (url) => settle((done) => {
          const one = new WebSocket(url.replace('https', 'wss'));
          one.onopen = () => done('open');
          one.onerror = () => done('failed');
        });
        const [live, wait, ownWait, ws, wsLive, image, script, style] = await Promise.all([
          events(control + '/_api/events'), events(other + '/_hostwise/wait'), events('/_hostwise/wait?' + 'x'.repeat(10)),
          socket(control + '/'), socket(control + '/_api/events'),
          element('img', { src: control + '/_debug' }),
          element('script', { src: control + '/_api/mappings/' }),
          element('link', { rel: 'stylesheet', href: control + '/' }),
        ]);
        const frame = document.createElement('iframe');
        frame.src = control + '/';
        document.body.append(frame);
        await new Promise((done) => { frame.onload = done; setTimeout(done, 4000); });
        let framed;
        try { framed = String(frame.contentWindow.document.body.textContent); } catch { framed = 'failed'; }
        const opened = window.open(control + '/');
        await new Promise((done) => setTimeout(done, 1500));
        let windowed;
        try { windowed = opened === null || opened.closed ? 'cut off' : String(opened.document.title); } catch { windowed = 'failed'; }
        return { live, wait, ws, wsLive, image, script, style, framed, windowed, ownWait };
      }`,
      control,
      other,
    );
    const { ownWait, windowed, ...rest } = seen;
    expect(rest).toEqual({
      live: 'failed',
      wait: 'failed',
      ws: 'failed',
      wsLive: 'failed',
      image: 'failed',
      script: 'failed',
      style: 'failed',
      framed: 'failed',
    });
    // A window keeps no handle on the dashboard.
    expect(['cut off', 'failed']).toContain(windowed);
    // Its own hostname's waiting stream is open to it: it runs, so that is all that it says.
    expect(ownWait).toBe('open');
    const own = await inPage<string>(
      `() => new Promise((done) => {
        const source = new EventSource('/_hostwise/wait');
        source.onmessage = ({ data }) => { source.close(); done(data); };
      })`,
    );
    expect(JSON.parse(own)).toEqual({
      kind: 'ready',
      steps: [{ text: 'It is here: opening it', state: 'now' }],
    });
  });

  it('cannot spend the budget of the LLM on its own words', async () => {
    const asked = stage.llm.requests.length;
    await inPage(
      `async (other) => {
        for (const url of ['/?force&prompt=spend', other + '/?force&prompt=spend'])
          await fetch(url, { mode: 'no-cors' }).catch(() => {});
      }`,
      stage.url(stage.shop.name, ''),
    );
    expect(stage.llm.requests.length).toBe(asked);
  });
});
