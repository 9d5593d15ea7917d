/** Real and strict dev servers that refuse a hostname: one click on our page, and they serve it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, ask1 } from '../../fixtures/clients.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { makeViteProject, type SampleProject } from '../../fixtures/sample-projects.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

const DOMAIN = 'hw-refused.test';
const TYPED = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
  accept: 'text/html',
};
let parent: string;
let hostwise: RunningHostwise;
let shop: SampleProject;
let vite: StartedProcess;

beforeAll(async () => {
  parent = await makeTempDir('hw-refused');
  shop = await makeViteProject(parent, 'shop', 'the shop');
  vite = startProcess('npm', ['run', 'dev'], { cwd: shop.folder });
  await vite.printed(/Local: +http/);
  hostwise = await startHostwise({ args: ['--domain', DOMAIN] });
});

afterAll(async () => {
  await vite?.stop();
  await hostwise?.stop();
  await removeDir(parent);
});

const typed = (host: string, path: string): Promise<Answer> =>
  ask1({ port: hostwise.httpPort, host, path, headers: TYPED });

/** What a person does on our page: press its button. */
async function press(location: string): Promise<Answer> {
  const url = new URL(location);
  const page = await typed(url.hostname, url.pathname + url.search);
  expect(page.status).toBe(200);
  const fields = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const form = new URLSearchParams(fields.map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]));
  expect([...form.keys()].sort()).toEqual(['by', 'key', 'return', 'token']);
  const body = form.toString();
  const headers = {
    ...TYPED,
    'sec-fetch-site': 'same-origin',
    origin: url.origin,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  };
  return ask1({ port: hostwise.httpPort, host: url.hostname, path: '/host', method: 'POST', headers, body });
}

it('Vite refuses a name of another domain, and serves it after one click', async () => {
  const host = `${shop.name}.${DOMAIN}`;
  const refused = await typed(host, '/?a=1');
  expect(refused.status).toBe(303);
  expect(refused.headers.location).toContain(`http://proxy.${DOMAIN}:${hostwise.httpPort}/host?`);
  const done = await press(String(refused.headers.location));
  expect(done).toMatchObject({ status: 303, headers: { location: `http://${host}:${hostwise.httpPort}/?a=1` } });
  const served = await typed(host, '/?a=1');
  expect(served.status).toBe(200);
  expect(served.body).toContain('/@vite/client');
});

describe('a server that refuses as Rails does, X-Forwarded-Host included', () => {
  const names = (request: IncomingMessage) => [request.headers.host, request.headers['x-forwarded-host']];

  it('serves the name after one click, below a path, too', async () => {
    const strict = createServer((request, response) => {
      const blocked = names(request).filter((name) => name !== undefined && !String(name).startsWith('localhost:'));
      if (blocked.length === 0) response.end(JSON.stringify({ seen: names(request), path: request.url }));
      else
        response
          .writeHead(403, { 'content-type': 'text/html; charset=UTF-8' })
          .end(`<header><h1>Blocked hosts: ${blocked.join(', ')}</h1></header>`);
    });
    await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void strict.close());
    const { port } = strict.address() as AddressInfo;
    const target = { type: 'process', target: 'localhost', port };
    const host = `rails.${DOMAIN}`;
    const put = async (key: string, json: object): Promise<void> => {
      const body = JSON.stringify(json);
      const path = `/_api/mappings/${encodeURIComponent(key)}`;
      const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
      const answer = await ask1({ port: hostwise.httpPort, host, path, method: 'PUT', headers, body });
      expect(answer.body).toBe('Updated');
    };
    await put(host, target);
    await put(`${host}/admin`, target);
    for (const path of ['/admin/x', '/x']) {
      const refused = await typed(host, path);
      expect(refused.status).toBe(303);
      expect((await press(String(refused.headers.location))).status).toBe(303);
      const own = `localhost:${port}`;
      expect(JSON.parse((await typed(host, path)).body)).toEqual({ seen: [own, own], path });
    }
  });
});
