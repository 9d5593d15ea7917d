/** What is proven of a connection before a byte goes over it. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Upstream } from '../../../src/core/upstream.ts';
import { dial } from '../../../src/proxy/dial.ts';
import { DialError } from '../../../src/proxy/retry.ts';

/** A container's port forwarder does so while nobody listens behind it; the proof of a container takes its time. */
it.each(['end', 'resetAndDestroy'] as const)(
  'a connection that is gone when its proof is there was never dialled: %s',
  async (how) => {
    const server = net.createServer((socket) => socket.resume()[how]()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let asked = 0;
    const verify = async (): Promise<boolean> => {
      if (++asked % 2 === 0) await delay(50);
      return true;
    };
    const { port } = server.address() as AddressInfo;
    const upstream: Upstream = {
      key: `127.0.0.1:${port}`,
      address: '127.0.0.1',
      port,
      serviceId: '',
      label: 'gone',
      proof: { kind: 'fixed' },
    };
    const onread = { buffer: Buffer.alloc(1024), callback: () => true };
    await expect(dial(upstream, verify, onread)).rejects.toThrow(DialError);
    server.close();
  },
);
