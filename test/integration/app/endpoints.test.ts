/** The seed's endpoints through the whole program, as a script and as a browser would call them. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeApiProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

let parent: string;
let hostwise: RunningHostwise;
let shop: SampleProject;
let shopPort = 0;
let app: StartedProcess;
let host: string;
let caPem: string;

beforeAll(async () => {
  parent = await makeTempDir('hw-endpoints');
  shop = await makeApiProject(parent, 'shop');
  host = `${shop.name}.localhost`;
  app = startProcess(process.execPath, ['server.js'], { cwd: shop.folder });
  shopPort = Number((await app.printed(/listening on (\d+)/))[1]);
  hostwise = await startHostwise();
  caPem = await readFile(hostwise.caFile, 'utf8');
});

afterAll(async () => {
  await app?.stop();
  await hostwise?.stop();
  await removeDir(parent);
});

interface Call {
  method?: string;
  headers?: Record<string, string>;
  json?: unknown;
  on?: string;
}

function call(path: string, { method = 'GET', headers = {}, json, on = host }: Call = {}): Promise<Answer> {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) };
  return ask1({
    port: hostwise.httpsPort,
    host: on,
    caPem,
    path,
    method,
    headers: { accept: 'application/json', ...type, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

describe('the seed’s endpoints, for a script of the same user', () => {
  it('/_tls_check says which names get a certificate', async () => {
    expect(await call('/_tls_check?domain=any.localhost')).toMatchObject({ status: 200, body: 'OK' });
    expect(await call('/_tls_check')).toMatchObject({ status: 200, body: 'OK' });
    expect((await call('/_tls_check?domain=example.com')).status).toBe(403);
  });

  it('/_debug tells mappings, model, file and version', async () => {
    const said = JSON.parse((await call('/_debug')).body);
    expect(Object.keys(said).sort()).toEqual(['cache_file', 'mappings', 'model', 'version']);
    expect(said.cache_file).toBe(`${hostwise.dataDir}/mappings.json`);
  });

  it('/_api/mappings lists, sets, shows and removes', async () => {
    const path = '/_api/mappings/hand-made.localhost';
    expect((await call(path)).status).toBe(404);
    const set = await call(path, { method: 'PUT', json: { type: 'process', target: 'localhost', port: shopPort } });
    expect(set).toMatchObject({ status: 200, body: 'Updated' });
    const mapping = JSON.parse((await call(path)).body);
    expect(mapping).toMatchObject({ type: 'process', port: shopPort, source: 'user' });
    expect(mapping.processIdentifier.workdir).toBe(shop.folder);
    const seen = await call('/', { on: 'hand-made.localhost' });
    expect(JSON.parse(seen.body)).toMatchObject({ api: shop.name });
    expect(JSON.parse((await call('/_api/mappings/')).body)).toHaveProperty(['hand-made.localhost']);
    expect(await call(path, { method: 'DELETE' })).toMatchObject({ status: 200, body: 'Deleted' });
    expect(await call(path, { method: 'DELETE' })).toMatchObject({ status: 200, body: 'Deleted' });
    expect((await call(path)).status).toBe(404);
    expect((await call('/', { on: 'hand-made.localhost' })).status).toBe(404);
  });

  it.each([
    ['no JSON', 'hello'],
    ['a port that is none', { type: 'process', target: 'localhost', port: 99_999 }],
    ['an unknown type', { type: 'vm', target: 'x', port: 80 }],
    ['no target', { type: 'process', port: 80 }],
    ['an array', []],
  ])('a PUT with %s is 400 with what is wrong, and nothing is stored', async (_what, json) => {
    const path = '/_api/mappings/wrong.localhost';
    const answer = await call(path, { method: 'PUT', json });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).title.length).toBeGreaterThan(5);
    expect((await call(path)).status).toBe(404);
  });

  it.each(['proxy.localhost', 'example.com', 'a..localhost', '..%2f..%2fetc'])('no mapping for %s', async (key) => {
    const json = { type: 'process', target: 'localhost', port: shopPort };
    expect((await call(`/_api/mappings/${key}`, { method: 'PUT', json })).status).toBe(400);
  });

  it('?force decides again and the app does not see it', async () => {
    await call('/');
    const answer = await call('/orders?a=1&force&b');
    expect(JSON.parse(answer.body)).toEqual({ api: shop.name, path: '/orders?a=1&b' });
  });

  it('/_proxy/ reaches a service by name', async () => {
    const other = await makeApiProject(parent, 'other');
    const server = startProcess(process.execPath, ['server.js'], { cwd: other.folder });
    onTestFinished(() => server.stop());
    await server.printed(/listening on/);
    const answer = await call(`/_proxy/${other.name}/v1/a%2Fb?x`);
    expect(JSON.parse(answer.body)).toEqual({ api: other.name, path: '/v1/a%2Fb?x' });
    const fromPage = await call(`/_proxy/${other.name}/v1`, { headers: sameOrigin() });
    expect(fromPage.status).toBe(404);
  });
});

const sameOrigin = (): Record<string, string> => ({
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
});

describe('the same endpoints, for a page of an app', () => {
  it.each(['/_debug', '/_api/mappings/', '/_api/mappings/x.localhost'])('%s is 403', async (path) => {
    const answer = await call(path, { headers: sameOrigin() });
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain(hostwise.dataDir);
  });

  it('a write is 403 and changes nothing', async () => {
    const json = { type: 'process', target: 'localhost', port: shopPort };
    const headers = { ...sameOrigin(), origin: `https://${host}:${hostwise.httpsPort}` };
    expect((await call('/_api/mappings/evil.localhost', { method: 'PUT', json, headers })).status).toBe(403);
    expect((await call('/_api/mappings/evil.localhost')).status).toBe(404);
  });

  it('a navigation to /_debug is sent to the dashboard', async () => {
    const headers = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const answer = await call('/_debug', { headers: { ...headers, accept: 'text/html' } });
    expect(answer.status).toBe(303);
    expect(new URL(String(answer.headers.location)).hostname).toBe('proxy.localhost');
  });

  it('?force and ?prompt belong to the app', async () => {
    const answer = await call('/authorize?prompt=consent&force', { headers: sameOrigin() });
    expect(JSON.parse(answer.body)).toEqual({ api: shop.name, path: '/authorize?prompt=consent&force' });
  });

  it('a typed address with ?force goes on to the address without it', async () => {
    const headers = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const answer = await call('/x?force&y=1', { headers });
    expect(answer).toMatchObject({ status: 303 });
    expect(answer.headers.location).toBe(`https://${host}:${hostwise.httpsPort}/x?y=1`);
    const elsewhere = await call('//evil.example/x?force', { headers });
    expect(new URL(String(elsewhere.headers.location)).hostname).toBe(host);
  });

  it('a relayed request of a script is refused', async () => {
    const answer = await call('/_api/mappings/', { headers: { via: '1.1 somewhere' } });
    expect(answer.status).toBe(403);
  });
});

describe('the dashboard’s host', () => {
  const typed = {
    'sec-fetch-site': 'none',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    accept: 'text/html',
  };

  it('shows mappings and services to a person whose browser runs no script, and has none but its own file', async () => {
    await call('/');
    const page = await call('/', { on: 'proxy.localhost', headers: typed });
    expect(page.status).toBe(200);
    expect(page.body).toContain(host);
    expect(page.body).not.toMatch(/<script(?! type="module" src="\/assets\/dashboard-[\w-]+\.js"><\/script>)/);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('shows the picker, whose form routes and comes back', async () => {
    const back = `https://odd-name.localhost:${hostwise.httpsPort}/here`;
    const query = new URLSearchParams({ host: 'odd-name.localhost', return: back });
    const page = await call(`/pick?${query}`, { on: 'proxy.localhost', headers: typed });
    expect(page.body).toContain(shop.name);
    const button = page.body.match(/<button[\s\S]*?<\/button>/g)?.find((one) => one.includes(shop.name)) ?? '';
    const hidden = [...page.body.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const chosen = /name="([^"]+)" value="([^"]*)"/.exec(button);
    const fields = [...hidden, chosen].map((field) => [field?.[1] ?? '', unescapeHtml(field?.[2] ?? '')]);
    const body = new URLSearchParams(fields).toString();
    const answer = await ask1({
      port: hostwise.httpsPort,
      host: 'proxy.localhost',
      caPem,
      method: 'POST',
      path: '/pick',
      body,
      headers: {
        ...typed,
        'sec-fetch-site': 'same-origin',
        origin: `https://proxy.localhost:${hostwise.httpsPort}`,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
      },
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe(back);
    expect(JSON.parse((await call('/', { on: 'odd-name.localhost' })).body)).toMatchObject({ api: shop.name });
  });

  function unescapeHtml(text: string): string {
    return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
  }
});

describe('plain HTTP', () => {
  it('serves the app while the CA is not trusted, on either port', async () => {
    for (const port of [hostwise.httpPort, hostwise.httpsPort]) {
      const answer = await ask1({ port, host, headers: { accept: 'application/json' } });
      expect(JSON.parse(answer.body)).toMatchObject({ api: shop.name });
    }
  });

  it('goes to HTTPS by 307 when asked for, except for /_tls_check', async () => {
    const other = await startHostwise({ args: ['--http', 'redirect'] });
    try {
      const answer = await ask1({ port: other.httpPort, host, path: '/a?b', method: 'POST' });
      expect(answer).toMatchObject({ status: 307 });
      expect(answer.headers.location).toBe(`https://${host}:${other.httpsPort}/a?b`);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect((await ask1({ port: other.httpPort, host, path: '/_tls_check' })).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});
