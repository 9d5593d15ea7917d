import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { peerUid } from '../../../src/platform/peer-uid.ts';
import { needs } from '../../fixtures/needs.ts';

const NOBODY = 65_534;
const OWN = process.getuid?.();

/** A listener, and the server's side of the first connection to it. */
async function serve(host: string): Promise<{ port: number; accepted: Promise<net.Socket> }> {
  const server = net.createServer();
  const accepted = once(server, 'connection').then(([socket]) => {
    const peer = socket as net.Socket;
    peer.on('error', () => {});
    onTestFinished(() => void peer.destroy());
    return peer;
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as net.AddressInfo).port, accepted };
}

/** A process of another user that connects and then does `then`. */
function connectAs(uid: number, host: string, port: number, then: string): void {
  // It becomes the other user by itself: that one may not be able to run a Node below somebody's private folder.
  const become = `process.setgid(${uid}); process.setuid(${uid});`;
  const connect = `const s = require('node:net').connect(${port}, '${host}', () => { ${then} }); s.on('error', () => {})`;
  const child = spawn(process.execPath, ['-e', `${become} ${connect}`], { cwd: '/', stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
}

describe.skipIf(!needs('linux'))('peerUid [needs linux]', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['0.0.0.0', '127.0.0.1'],
    // An IPv6 socket that connects to a mapped IPv4 address stands in the other table.
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['0.0.0.0', '127.9.8.7'],
  ])('tells our own connection, listening on %s, dialled at %s', async (listening, dialled) => {
    const { port, accepted } = await serve(listening);
    const client = net.connect(port, dialled);
    onTestFinished(() => void client.destroy());
    expect(await peerUid(await accepted)).toBe(OWN);
  });

  it.skipIf(!needs('root')).each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
  ])('tells another user’s connection, listening on %s, dialled at %s [needs root]', async (listening, dialled) => {
    const { port, accepted } = await serve(listening);
    connectAs(NOBODY, dialled, port, '');
    expect(await peerUid(await accepted)).toBe(NOBODY);
  });

  it.skipIf(!needs('root')).each([
    ['ends its side', 's.end()'],
    ['hangs up', 's.destroy()'],
    ['exits', 'process.exit()'],
    ['resets', 's.resetAndDestroy()'],
  ])('never takes another user who %s for root [needs root]', async (_what, then) => {
    const { port, accepted } = await serve('127.0.0.1');
    connectAs(NOBODY, '127.0.0.1', port, then);
    const peer = await accepted;
    // `once` of node:events would reject on the reset.
    await new Promise((resolve) => peer.resume().once('end', resolve).once('close', resolve));
    expect([undefined, NOBODY]).toContain(await peerUid(peer));
  });

  it('knows nobody on a connection that is not loopback, is closed, or never was', async () => {
    expect(await peerUid(new net.Socket())).toBeUndefined();
    const { port, accepted } = await serve('127.0.0.1');
    const client = net.connect(port, '127.0.0.1');
    const peer = await accepted;
    client.destroy();
    peer.destroy();
    expect(await peerUid(peer)).toBeUndefined();
    const foreign = {
      remoteAddress: '10.0.0.7',
      remotePort: 1,
      localAddress: '127.0.0.1',
      localPort: 2,
      destroyed: false,
    };
    expect(await peerUid(foreign as net.Socket)).toBeUndefined();
  });

  it('finds one among two thousand connections', async () => {
    const server = net.createServer((socket) => void socket.on('error', () => {}));
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2_000 });
    await once(server, 'listening');
    const peers: net.Socket[] = [];
    server.on('connection', (socket) => peers.push(socket));
    const { port } = server.address() as net.AddressInfo;
    const clients = Array.from({ length: 1_000 }, () => net.connect(port, '127.0.0.1'));
    onTestFinished(() => {
      for (const socket of [...clients, ...peers]) socket.destroy();
      server.close();
    });
    await Promise.all(clients.map((client) => once(client, 'connect')));
    while (peers.length < 1_000) await once(server, 'connection');
    const some = peers.filter((_, i) => i % 100 === 0);
    for (const peer of some) expect(await peerUid(peer)).toBe(OWN);
  });
});
