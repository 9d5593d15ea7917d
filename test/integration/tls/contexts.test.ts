/** Certificates per name: one mint shared by all, bounded, renewed; and the whole handshake on real sockets. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls, { type SecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Authority, loadOrCreateAuthority } from '../../../src/tls/authority.ts';
import { CertificateContexts, type CertificateContextsOptions } from '../../../src/tls/contexts.ts';
import { pausingLine } from '../../fixtures/pausing-line.ts';
import { makeTempDir, removeDir, tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const DAY_MS = 86_400_000;

let dir: string;
let authority: Authority;

beforeAll(async () => {
  dir = await makeTempDir('hw-contexts');
  authority = await loadOrCreateAuthority(dir, { domains: ['localhost'] });
});
afterAll(() => removeDir(dir));

function contexts(options: Partial<CertificateContextsOptions> = {}): Promise<CertificateContexts> {
  return CertificateContexts.create(authority, { domains: ['localhost'], ...options });
}

/** A clock that tests move. */
function clock(): { now: () => Date; pass(ms: number): void } {
  let atMs = Date.now();
  return {
    now: () => new Date(atMs),
    pass: (ms) => {
      atMs += ms;
    },
  };
}

/** The certificate that OpenSSL holds for a context; null when it holds none. */
function certificateOf(context: SecureContext | undefined): unknown {
  const native: { getCertificate(): unknown } | undefined = context?.context;
  return native?.getCertificate();
}

describe('contexts per name', () => {
  it('come from one mint for all who ask at once, in any spelling, and from memory later', async () => {
    const certificates = await contexts();
    const asked = ['shop.localhost', 'SHOP.localhost', 'shop.localhost.', 'shop.localhost'];
    const got = await Promise.all(asked.map((name) => certificates.contextFor(name)));
    expect(new Set(got).size).toBe(1);
    expect(await certificates.contextFor('shop.localhost')).toBe(got[0]);
    expect(certificates.mints).toBe(1);
  });

  it('are not made for foreign or broken names', async () => {
    const certificates = await contexts();
    for (const name of ['example.com', 'a..localhost', '', '127.0.0.1', `${'a.'.repeat(200)}localhost`]) {
      expect(await certificates.contextFor(name)).toBeUndefined();
    }
    expect(certificates.mints).toBe(0);
  });

  it('are not made under a domain that the CA does not cover', async () => {
    const certificates = await contexts({ domains: ['localhost', 'test'] });
    expect(await certificates.contextFor('shop.test')).toBeUndefined();
    expect(await certificates.contextFor('shop.localhost')).toBeDefined();
  });

  it('are not made under a domain of the CA that is not asked for any more', async () => {
    const wide = await loadOrCreateAuthority(await tempDir(), { domains: ['localhost', 'test'] });
    const certificates = await CertificateContexts.create(wide, { domains: ['localhost'] });
    expect(await certificates.contextFor('shop.test')).toBeUndefined();
  });

  it('without a name are the default one', async () => {
    const certificates = await contexts();
    const context = await certificates.contextFor(undefined);
    expect(context).toBeDefined();
    expect(await certificates.contextFor(undefined)).toBe(context);
    expect(certificates.mints).toBe(0);
  });

  it('are made anew at two thirds of their life', async () => {
    const time = clock();
    const certificates = await contexts({ now: time.now });
    const first = await certificates.contextFor('shop.localhost');
    time.pass(39 * DAY_MS);
    expect(await certificates.contextFor('shop.localhost')).toBe(first);
    time.pass(2 * DAY_MS);
    expect(await certificates.contextFor('shop.localhost')).not.toBe(first);
    expect(certificates.mints).toBe(2);
  });

  it('are made anew when the clock was set back before their life', async () => {
    const time = clock();
    const certificates = await contexts({ now: time.now });
    const first = await certificates.contextFor('shop.localhost');
    time.pass(-DAY_MS);
    expect(await certificates.contextFor('shop.localhost')).not.toBe(first);
  });

  it('are forgotten, oldest first, beyond the limit', async () => {
    const certificates = await contexts({ maxContexts: 3 });
    for (const name of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) await certificates.contextFor(`${name}.localhost`);
    expect(certificates.mints).toBe(5);
  });

  it('beyond the rate of mints are the default one; what is known goes on', async () => {
    const time = clock();
    const certificates = await contexts({ now: time.now, mintsPerSecond: 2 });
    const fallback = await certificates.contextFor(undefined);
    const known = await certificates.contextFor('a.localhost');
    await certificates.contextFor('b.localhost');
    expect(await certificates.contextFor('c.localhost')).toBe(fallback);
    expect(await certificates.contextFor('a.localhost')).toBe(known);
    time.pass(1_000);
    expect(await certificates.contextFor('c.localhost')).not.toBe(fallback);
    expect(certificates.mints).toBe(3);
  });

  it('that are due, but over the rate, are the old ones as long as they are valid', async () => {
    const time = clock();
    const certificates = await contexts({ now: time.now, mintsPerSecond: 1 });
    const old = await certificates.contextFor('a.localhost');
    time.pass(50 * DAY_MS);
    await certificates.contextFor('b.localhost');
    expect(await certificates.contextFor('a.localhost')).toBe(old);
  });
});

interface Handshake {
  /** Was the offered session taken? */
  reused: boolean;
  session: Buffer;
}

/** A TLS server as the listener makes one. */
async function serve(
  certificates: CertificateContexts,
  answer: (socket: tls.TLSSocket) => void = (socket) => socket.end('hello'),
): Promise<{ port: number; server: tls.Server; sniCalls: () => number }> {
  let sniCalls = 0;
  const server = tls.createServer({
    ...certificates.secureServerOptions(),
    SNICallback(this: tls.TLSSocket, name, done: (error: Error | null, context?: SecureContext) => void) {
      sniCalls += 1;
      certificates.contextFor(name, this).then((context) => done(null, context), done);
    },
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    answer(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, sniCalls: () => sniCalls };
}

/** Shake hands and read to the end; rejects when the client refuses the certificate. */
async function connect(port: number, options: tls.ConnectionOptions): Promise<Handshake> {
  const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.rootPem, ...options });
  let session = Buffer.alloc(0);
  socket.on('session', (ticket) => {
    session = ticket;
  });
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.resume();
  await once(socket, 'close');
  return { reused, session };
}

/** Longer than a context lives once it is forgotten and nobody holds it. */
const PAUSE_MS = 3_000;

async function resumes(port: number, session: Buffer): Promise<boolean> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'a.localhost', ca: authority.rootPem, session });
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.destroy();
  return reused;
}

describe('a TLS server with these contexts', () => {
  it('shows a client that trusts the root a leaf for exactly its name, over TLS 1.3', async () => {
    const { port } = await serve(await contexts());
    for (const servername of ['shop.localhost', 'under_score.shop.localhost', 'localhost', 'proxy.localhost']) {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.rootPem, servername });
      await once(socket, 'secureConnect');
      expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${servername}`);
      expect(socket.getProtocol()).toBe('TLSv1.3');
      socket.destroy();
    }
  });

  it('shows a client without a name the loopback addresses', async () => {
    const { port, sniCalls } = await serve(await contexts());
    const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.rootPem });
    await once(socket, 'secureConnect');
    const names = 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1';
    expect(socket.getPeerCertificate().subjectaltname).toBe(names);
    expect(sniCalls()).toBe(0);
    socket.destroy();
  });

  it('renews while it runs what clients without a name get, at two thirds of its life and no sooner', async () => {
    const time = clock();
    // So that what is minted later is valid by the client's clock, too.
    time.pass(-41 * DAY_MS);
    const certificates = await contexts({ now: time.now });
    const { port, server } = await serve(certificates);
    const renew = () => certificates.renewDefault((options) => server.setSecureContext(options));
    const shown = async (): Promise<string> => {
      const socket = tls.connect({
        port,
        host: '127.0.0.1',
        ca: authority.rootPem,
        checkServerIdentity: () => undefined,
      });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const first = await shown();
    time.pass(39 * DAY_MS);
    await renew();
    expect(await shown()).toBe(first);
    time.pass(2 * DAY_MS);
    await renew();
    const second = await shown();
    expect(second).not.toBe(first);
    await renew();
    expect(await shown()).toBe(second);
  });

  it('does not vouch for a foreign name', async () => {
    const { port } = await serve(await contexts());
    await expect(connect(port, { servername: 'example.com' })).rejects.toThrow(/does not match/);
  });

  it('refuses TLS 1.2', async () => {
    const { port } = await serve(await contexts());
    await expect(connect(port, { servername: 'a.localhost', maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('resumes a session, and not under another name', async () => {
    const { port } = await serve(await contexts());
    const { session } = await connect(port, { servername: 'a.localhost' });
    expect(session.length).toBeGreaterThan(0);
    const again = await connect(port, { servername: 'a.localhost', session });
    expect(again.reused).toBe(true);
    const other = await connect(port, { servername: 'b.localhost', session: again.session });
    expect(other.reused).toBe(false);
  });

  it('resumes a session whose context was forgotten meanwhile', async () => {
    const certificates = await contexts({ maxContexts: 1 });
    const { port } = await serve(certificates);
    const { session } = await connect(port, { servername: 'a.localhost' });
    await certificates.contextFor('b.localhost');
    expect((await connect(port, { servername: 'a.localhost', session })).reused).toBe(true);
  });

  it('frees soon what OpenSSL holds for a forgotten context; connections go on, and sessions return', async () => {
    const certificates = await contexts({ maxContexts: 1 });
    const { port } = await serve(certificates, (socket) => socket.once('data', (chunk) => socket.end(chunk)));
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'a.localhost', ca: authority.rootPem });
    const [session] = (await once(socket, 'session')) as [Buffer];
    const forgotten = await certificates.contextFor('a.localhost');
    await certificates.contextFor('b.localhost');
    await waitFor('the context to be released', () => certificateOf(forgotten) === null);

    socket.write('still here');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    expect(echo.toString()).toBe('still here');
    const again = tls.connect({ port, host: '127.0.0.1', servername: 'a.localhost', ca: authority.rootPem, session });
    await once(again, 'secureConnect');
    expect(again.isSessionReused()).toBe(true);
    again.destroy();
    expect(certificateOf(await certificates.contextFor('b.localhost'))).toBeInstanceOf(Buffer);
  });

  it.each([
    ['in the middle of its ClientHello', 60, {}],
    ['after its ClientHello', undefined, {}],
    // The server has no such group, so it asks for another ClientHello (RFC 8446 section 4.1.4).
    ['between two ClientHellos', undefined, { ecdhCurve: 'brainpoolP256r1tls13:X25519' }],
  ])('shows the right certificate to a client that pauses %s while its context is forgotten', async (_, bytes, how) => {
    const certificates = await contexts({ maxContexts: 1 });
    const { port, sniCalls } = await serve(certificates, (socket) => socket.once('data', (chunk) => socket.end(chunk)));
    const given = await certificates.contextFor('a.localhost');
    const line = await pausingLine(port, bytes);
    const options = { port: line.port, host: '127.0.0.1', ca: authority.rootPem, servername: 'a.localhost', ...how };
    const socket = tls.connect(options);
    const [secured, returned] = [once(socket, 'secureConnect'), once(socket, 'session') as Promise<[Buffer]>];
    await line.paused;
    const isAsked = bytes === undefined;
    if (isAsked) await waitFor('the name to be asked for', () => sniCalls() === 1);
    await certificates.contextFor('b.localhost');
    await delay(PAUSE_MS);
    expect(certificateOf(given) !== null).toBe(isAsked);

    line.goOn();
    await secured;
    expect(socket.getPeerCertificate().subjectaltname).toBe('DNS:a.localhost');
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    const [session] = await returned;
    await waitFor('the context to be released', () => certificateOf(given) === null);
    expect(await resumes(port, session)).toBe(true);
  });

  it('frees a context that was forgotten in a handshake which the client gave up', async () => {
    const certificates = await contexts({ maxContexts: 1 });
    const { port, sniCalls } = await serve(certificates);
    const given = await certificates.contextFor('a.localhost');
    const line = await pausingLine(port);
    const how = { ecdhCurve: 'brainpoolP256r1tls13:X25519' };
    const socket = tls.connect({ port: line.port, host: '127.0.0.1', servername: 'a.localhost', ...how });
    socket.on('error', () => {});
    await waitFor('the name to be asked for', () => sniCalls() === 1);
    await certificates.contextFor('b.localhost');
    await delay(PAUSE_MS);
    expect(certificateOf(given)).not.toBeNull();
    socket.destroy();
    line.goOn();
    await waitFor('the context to be released', () => certificateOf(given) === null);
  });

  it('resumes a session that pauses while the context of its name is freed', async () => {
    const certificates = await contexts({ maxContexts: 1 });
    const { port } = await serve(certificates);
    const { session } = await connect(port, { servername: 'a.localhost' });
    const line = await pausingLine(port);
    const again = connect(line.port, { servername: 'a.localhost', session });
    await line.paused;
    await certificates.contextFor('b.localhost');
    await delay(PAUSE_MS);
    line.goOn();
    expect((await again).reused).toBe(true);
  });

  it('answers 200 fresh names at once', async () => {
    const certificates = await contexts();
    const { port } = await serve(certificates);
    const names = Array.from({ length: 200 }, (_, n) => `app-${n}.localhost`);
    await Promise.all(names.map((servername) => connect(port, { servername })));
    expect(certificates.mints).toBe(200);
  });
});
