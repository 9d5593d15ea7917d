/** Free ports, and waiting for a server on one. */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when something accepts connections there. @throws after 20 s */
export async function waitForPort(port: number): Promise<void> {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    if (await accepts(port)) return;
    await delay(2);
  }
  throw new Error(`Nothing listens on port ${port} after 20 s`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
