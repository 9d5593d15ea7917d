/** `/service` and `/_api/services/{id}/log`: what answers a hostname, and the last lines that a container wrote. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceLogSchema } from '../../../src/api/schemas.ts';
import type { ContainerLog } from '../../../src/core/container-log.ts';
import type { Mapping } from '../../../src/core/mapping.ts';
import { Traffic } from '../../../src/traffic/traffic.ts';
import { trafficRecord } from '../../../src/traffic/traffic-record.test-data.ts';
import { type ControlServer, fromDashboard, SNAPSHOT, serveControl, TYPED } from './serve-control.ts';

const traffic = new Traffic();
let log: ContainerLog = { text: '' };
let stopped: ContainerLog = { problem: 'the Docker engine answered 404' };
const asked: string[] = [];
let server: ControlServer;
beforeAll(async () => {
  server = await serveControl({
    traffic,
    containerLog: async () => log,
    stoppedContainerLog: async (name) => {
      asked.push(name);
      return stopped;
    },
    snapshot: async () => ({
      ...SNAPSHOT,
      containers: SNAPSHOT.containers.map((one) => ({
        ...one,
        publish: [{ container: 5432, host: 5432, ip: '127.0.0.1' }],
      })),
    }),
  });
  const mapping: Mapping = {
    type: 'docker',
    target: 'shop-db-1',
    port: 5432,
    createdAt: '2026-01-01T00:00:00.000Z',
    llmReason: 'an exact name',
    source: 'name',
  };
  server.mappings.set('db.localhost', mapping);
  server.mappings.set('gone.localhost', { ...mapping, target: 'nobody' });
});
afterAll(() => server.close());

const CONTROL = 'proxy.localhost';
const page = (query: string, headers: Record<string, string> = TYPED) =>
  server.request({ path: `/service?${query}`, host: CONTROL, headers });

it('shows what answers, why, its failures and its log, with markup as text and secrets masked', async () => {
  log = { text: '\u001b[32mready\u001b[0m\r\n<script>alert(1)</script>\nDB_PASSWORD=hunter22\n' };
  const failed = { hostname: 'db.localhost', target: '/a?token=sesame-1', error: 'It refused <b>', totalMs: 1 };
  traffic.began(trafficRecord(failed));
  traffic.ended(trafficRecord(failed));
  traffic.began(trafficRecord({ ...failed, target: '/b' }));
  traffic.ended(trafficRecord({ ...failed, target: '/b' }));
  const { status, body } = await page('host=db.localhost');
  expect(status).toBe(200);
  for (const part of ['shop-db-1', '127.0.0.1:5432', 'an exact name', 'postgres:16', 'ready\n', 'no answer since']) {
    expect(body).toContain(part);
  }
  expect(body).toContain('&lt;script&gt;alert(1)');
  // Once for both.
  expect(body.match(/It refused &lt;b&gt;/g)).toHaveLength(1);
  expect(body).toMatch(/GET \/b[\s\S]*GET \/a/);
  expect(body).not.toMatch(/<script|hunter22|sesame-1|\u001b/);
});

it('says so when it is away, when nothing is remembered, and when there is no log', async () => {
  const gone = (await page('host=gone.localhost')).body;
  expect(gone).toContain('the container “nobody” is not running');
  expect(gone).toContain('There is no log to show: the Docker engine answered 404');
  expect((await page('host=new.localhost')).body).toContain('Nothing is remembered for it');
  log = { problem: 'the Docker engine answered 409' };
  expect((await page('host=db.localhost')).body).toContain('the Docker engine answered 409');
  expect((await page('id=p1')).body).toContain('goes to the terminal');
  expect((await page('id=p77')).status).toBe(404);
  expect((await page('host=proxy.localhost')).status).toBe(400);
});

it('shows what a container wrote before it stopped, as long as the engine has it', async () => {
  asked.length = 0;
  stopped = { text: 'Error: no space left\n<b>API_TOKEN=abcdef1234</b>\n' };
  const { body } = await page('host=gone.localhost');
  expect(asked).toEqual(['nobody']);
  expect(body).toContain('before it stopped');
  expect(body).toContain('Error: no space left\n&lt;b&gt;API_TOKEN=***');
  expect(body).not.toContain('abcdef1234');
});

it('gives the lines as JSON to the dashboard and to nobody else', async () => {
  log = { text: 'one\ntwo\n' };
  const path = '/_api/services/c1/log';
  const answer = await server.request({ path, host: CONTROL, headers: fromDashboard(server) });
  expect(serviceLogSchema.parse(answer.json())).toEqual({ lines: ['one', 'two'] });
  const evil = {
    origin: `http://evil.localhost:${server.port}`,
    'sec-fetch-site': 'same-site',
    'sec-fetch-mode': 'cors',
  };
  expect((await server.request({ path, host: CONTROL, headers: evil })).status).toBe(403);
  expect((await server.request({ path, host: 'db.localhost' })).body).not.toContain('two');
  // A link on another page brings no data along; the page that it shows leads on by itself.
  const linked = await page('host=db.localhost', { ...TYPED, 'sec-fetch-site': 'same-site' });
  expect(linked.body).not.toContain('two');
  expect(linked.body).toContain('/service?host=db.localhost&amp;arrived=');
});
