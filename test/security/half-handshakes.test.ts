/** A handshake that stops half-way while its certificate is pushed out of memory: it must not end the program. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { pausingLine } from '../fixtures/pausing-line.ts';
import { startProxyStand } from '../fixtures/proxy-stand.ts';

const MAX_CONTEXTS = 4;

it('answers a client that sends its second ClientHello when its name was forgotten', async () => {
  const stand = await startProxyStand({ maxContexts: MAX_CONTEXTS });
  onTestFinished(() => stand.close());
  const line = await pausingLine(stand.port);
  const shakeHands = async (port: number, servername: string, ecdhCurve = 'auto'): Promise<string | undefined> => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, ca: stand.caPem, ecdhCurve });
    await once(socket, 'secureConnect');
    socket.destroy();
    return servername;
  };
  // No server has this group, so it asks for another ClientHello (RFC 8446 section 4.1.4).
  const slow = shakeHands(line.port, 'slow.localhost', 'brainpoolP256r1tls13:X25519');
  await line.paused;
  for (let n = 0; n < 3 * MAX_CONTEXTS; n++) await shakeHands(stand.port, `other-${n}.localhost`);
  // Forgotten contexts are freed after a second.
  await delay(1_500);
  line.goOn();
  expect(await slow).toBe('slow.localhost');
  expect(await shakeHands(stand.port, 'after.localhost')).toBe('after.localhost');
});
