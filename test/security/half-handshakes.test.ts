/** A handshake that stops half-way while its certificate is pushed out of memory: it must not end the program. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { startHostwise } from '../fixtures/hostwise-process.ts';
import { pausingLine } from '../fixtures/pausing-line.ts';

/** More than the program keeps. */
const OTHER_NAMES = 600;
const AT_ONCE = 50;
/** Under the program's limit of mints a second. */
const ROUND_MS = 300;

it('answers a client that sends its second ClientHello when its name was forgotten', async () => {
  const hostwise = await startHostwise({ args: ['--resolve', 'names'] });
  onTestFinished(() => hostwise.stop());
  const ca = await readFile(hostwise.caFile, 'utf8');
  const line = await pausingLine(hostwise.httpsPort);
  const shakeHands = async (port: number, servername: string, ecdhCurve = 'auto'): Promise<string | undefined> => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, ca, ecdhCurve });
    await once(socket, 'secureConnect');
    socket.destroy();
    return servername;
  };
  // No server has this group, so it asks for another ClientHello (RFC 8446 section 4.1.4).
  const slow = shakeHands(line.port, 'slow.localhost', 'brainpoolP256r1tls13:X25519');
  await line.paused;
  for (let n = 0; n < OTHER_NAMES; n += AT_ONCE) {
    const names = Array.from({ length: AT_ONCE }, (_, i) => `other-${n + i}.localhost`);
    await Promise.all([...names.map((name) => shakeHands(hostwise.httpsPort, name)), delay(ROUND_MS)]);
  }
  await delay(2_000);
  line.goOn();
  expect(await slow).toBe('slow.localhost');
  expect(await shakeHands(hostwise.httpsPort, 'after.localhost')).toBe('after.localhost');
});
