/** Apps that send `100 Continue` though nobody asked for it: the request gets its answer all the same, once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask1, ask2, session2 } from '../../fixtures/clients.ts';
import { type ProxyStand, startProxyStand } from '../../fixtures/proxy-stand.ts';
import { type RawUpstream, rawUpstream } from '../../fixtures/raw-upstream.ts';

let stand: ProxyStand;
let app: RawUpstream;

beforeAll(async () => {
  stand = await startProxyStand();
  app = await rawUpstream((text, socket) => {
    // The body of each request is one digit, which is answered; its head alone gets the 100.
    const requests = text.split(/(?=GET |POST |PUT )/);
    const last = requests.at(-1) ?? '';
    if (last.startsWith('GET') && last.endsWith('\r\n\r\n')) {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nget');
    } else if (/\r\n\r\n(?:1\r\n)?\d(?:\r\n0\r\n\r\n)?$/.test(last) && !/chunked/i.test(last)) {
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${last.at(-1)}`);
    } else if (/chunked/i.test(last) && last.endsWith('0\r\n\r\n')) {
      const digit = /\r\n1\r\n(\d)\r\n/.exec(last)?.[1];
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${digit}`);
    }
  });
  stand.routes.set('eager.localhost', app.port);
});

afterAll(async () => {
  await stand?.close();
  await app?.close();
  expect(stand.bugs).toEqual([]);
});

it('over HTTP/1.1 and HTTP/2, with a body and without one, the first time and later', async () => {
  const session = session2(stand.port, 'eager.localhost', stand.caPem);
  const headers = { 'content-length': '1' };
  const at = { port: stand.port, host: 'eager.localhost' };
  for (let i = 0; i < 4; i++) {
    const digit = String(i);
    const post = await ask1({ ...at, method: 'POST', headers, body: digit });
    expect(post).toMatchObject({ status: 200, body: digit });
    expect((await ask1(at)).body).toBe('get');
    const put = await ask2(session, { ':path': '/', ':method': 'PUT', 'content-length': '1' }, digit);
    expect(put).toMatchObject({ status: 200 });
    const chunked = await ask2(session, { ':path': '/', ':method': 'POST' }, digit);
    expect(chunked).toMatchObject({ status: 200, body: digit });
  }
  session.destroy();
  const sent = app.received.join('');
  expect(sent.match(/POST \//g)).toHaveLength(8);
});
