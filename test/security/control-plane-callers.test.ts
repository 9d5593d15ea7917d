/** Who may reach the control plane: other users, other machines, relays, tokens. */
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  API_TOKEN,
  type ControlServer,
  fromDashboard,
  PAGE_TOKEN,
  serveControl,
  TYPED,
} from '../integration/api/serve-control.ts';

let server: ControlServer;
beforeAll(async () => {
  server = await serveControl();
});
afterAll(() => server.close());
beforeEach(() => {
  server.peer.uid = 4242;
  server.mappings.clear();
});

const BEARER = { authorization: `Bearer ${API_TOKEN}` };

for (const [method, path] of [
  ['GET', '/_api/mappings/'],
  ['DELETE', '/_api/mappings/a.localhost'],
] as const) {
  describe(`${method} without browser headers`, () => {
    const ask = async (headers: Record<string, string> = {}, host = 'shop.localhost') =>
      (await server.request({ method, path, headers, host })).status;

    it.each([
      ['our user', 4242, 200],
      ['root', 0, 200],
      ['another user', 1001, 403],
      ['nobody knows who', undefined, 403],
    ])('by %s', async (_name, uid, status) => {
      server.peer.uid = uid;
      expect(await ask()).toBe(status);
      expect(await ask({}, 'proxy.localhost')).toBe(status);
    });

    it('by another user with the token', async () => {
      server.peer.uid = 1001;
      expect(await ask(BEARER)).toBe(200);
      expect(await ask({ authorization: 'Bearer wrong' })).toBe(403);
      expect(await ask({ authorization: `Bearer ${PAGE_TOKEN}` })).toBe(403);
      expect(await ask({ authorization: `Basic ${API_TOKEN}` })).toBe(403);
    });

    it.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-anything', 'x-hostwise-hop'])(
      'relayed (%s), even with the token',
      async (name) => {
        expect(await ask({ [name]: '1' })).toBe(403);
        expect(await ask({ [name]: '1', ...BEARER })).toBe(403);
      },
    );
  });
}

it('gives another user who writes a browser’s headers nothing', async () => {
  server.peer.uid = 1001;
  const page = await server.request({ path: '/', host: 'proxy.localhost', headers: TYPED });
  expect(page.status).toBe(403);
  expect(page.body).not.toContain(PAGE_TOKEN);
});

it.each([
  ['their own', 1001, 1001, 200],
  ['root’s', 0, 1001, 200],
  ['another user’s', 1002, 1001, 403],
  // A root shell says nothing of whose desktop it is.
  ['anybody’s, when nobody called sudo', 1002, undefined, 200],
])('under sudo a browser is %s', async (_whose, uid, desktopUid, status) => {
  const asRoot = await serveControl({ ownUid: 0, desktopUid });
  asRoot.peer.uid = uid;
  expect((await asRoot.request({ path: '/', host: 'proxy.localhost', headers: TYPED })).status).toBe(status);
  await asRoot.close();
});

it('tells another bind from loopback, whatever the request carries', async () => {
  const lan = { remoteAddress: '192.168.1.7', localAddress: '192.168.1.2', remotePort: 1, localPort: 2 };
  const request = (headers: Record<string, string>) =>
    ({ method: 'GET', url: '/', headers, socket: lan }) as unknown as IncomingMessage;
  expect(await server.control.isTrustedCaller(request(BEARER))).toBe(false);
  expect(await server.control.mayInstruct(request({ 'user-agent': 'curl' }))).toBe(false);
});

it('asks once a connection who is there', async () => {
  const socket = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' };
  const request = { method: 'GET', url: '/', headers: {}, socket } as unknown as IncomingMessage;
  const { calls } = server.peer;
  for (let i = 0; i < 3; i++) expect(await server.control.isTrustedCaller(request)).toBe(true);
  expect(server.peer.calls).toBe(calls + 1);
});

it('takes a look that fails for a no', async () => {
  const failing = await serveControl({ peerUid: () => Promise.reject(new Error('no /proc')) });
  expect((await failing.request({ path: '/_api/mappings/' })).status).toBe(403);
  await failing.close();
});

describe('?force and ?prompt', () => {
  const may = (headers: Record<string, string>) =>
    server.control.mayInstruct({
      method: 'GET',
      url: '/?force',
      headers,
      socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' },
    } as unknown as IncomingMessage);

  it('are for a typed URL and for programs of our user', async () => {
    expect(await may(TYPED)).toBe(true);
    expect(await may({ 'user-agent': 'curl/8' })).toBe(true);
  });

  it('are not for pages, nor for other users’ programs', async () => {
    expect(await may({ ...TYPED, 'sec-fetch-site': 'same-origin' })).toBe(false);
    expect(await may({ ...TYPED, 'sec-fetch-site': 'cross-site' })).toBe(false);
    expect(await may(fromDashboard(server))).toBe(false);
    server.peer.uid = 1001;
    expect(await may({ 'user-agent': 'curl/8' })).toBe(false);
  });
});
