/** Certificates as browsers meet them: the whole program, with many new names at once, and while the CA is replaced. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

async function start(): Promise<RunningHostwise> {
  const hostwise = await startHostwise({ args: ['--resolve', 'names'] });
  onTestFinished(() => hostwise.stop());
  return hostwise;
}

/** One request over a connection of its own. @returns the status */
function get(port: number, servername: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${servername}:${port}`, accept: 'application/json' };
    const request = https.get({ port, host: '127.0.0.1', servername, ca, headers, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    request.once('error', reject);
  });
}

describe('the whole program', () => {
  it('serves 200 hostnames that it never heard of, all at once, each with a certificate of its own', async () => {
    const { httpsPort, caFile } = await start();
    const ca = await readFile(caFile, 'utf8');
    const names = Array.from({ length: 200 }, (_, n) => `fresh-${n}.localhost`);
    const statuses = await Promise.all(names.map((name) => get(httpsPort, name, ca)));
    // Nobody is meant by any of them, which is an answer; a certificate error would have been none.
    expect(new Set(statuses)).toEqual(new Set([404]));
  });

  it('resumes a session of TLS 1.3 over its own port', async () => {
    const { httpsPort, caFile } = await start();
    const ca = await readFile(caFile, 'utf8');
    /** A whole request: tickets come after the handshake, with what is read (RFC 8446 section 4.6.1). */
    const connect = async (session?: Buffer): Promise<{ session: Buffer | undefined; reused: boolean }> => {
      const options = {
        port: httpsPort,
        host: '127.0.0.1',
        servername: 'a.localhost',
        ca,
        minVersion: 'TLSv1.3' as const,
      };
      const socket = tls.connect({ ...options, ...(session ? { session } : {}) });
      let ticket: Buffer | undefined;
      let reused = false;
      socket.once('secureConnect', () => {
        reused = socket.isSessionReused();
      });
      socket.on('session', (one: Buffer) => {
        ticket = one;
      });
      socket.end('GET / HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n');
      socket.resume();
      await once(socket, 'close');
      return { session: ticket, reused };
    };
    const first = await connect();
    expect(first.reused).toBe(false);
    expect((await connect(first.session)).reused).toBe(true);
  });

  it('ca rotate: the running one goes on with the CA that is trusted, restart brings the new one', async () => {
    const dataDir = await tempDir('hw-rotate');
    onTestFinished(async () => void (await cli(['stop'], { dataDir })));
    const flags = ['--https-port', '0', '--http-port', '0', '--resolve', 'names'];
    expect((await cli(['start', ...flags], { dataDir })).code).toBe(0);
    const portOf = async (): Promise<number> => {
      const { stdout } = await cli(['status', '--json'], { dataDir });
      return (JSON.parse(stdout) as { ports: { https: number } }).ports.https;
    };
    const caFile = (await cli(['ca', 'path'], { dataDir })).stdout.trim();
    const before = await readFile(caFile, 'utf8');
    const rotated = await cli(['ca', 'rotate'], { dataDir });
    expect(rotated.stderr).toContain('hostwise is running with the old CA: hostwise restart');
    const status = await cli(['status'], { dataDir });
    expect(status.stdout).toContain('A new CA was made meanwhile: it counts from the next restart on');
    const after = await readFile(caFile, 'utf8');
    expect(after).not.toBe(before);
    // Also a name that is new to it, whose leaf is signed now.
    expect(await get(await portOf(), 'new.localhost', before)).toBe(404);
    await expect(get(await portOf(), 'new.localhost', after)).rejects.toThrow(/certificate|issuer/);
    expect((await cli(['restart'], { dataDir })).code).toBe(0);
    expect(await get(await portOf(), 'new.localhost', after)).toBe(404);
    await expect(get(await portOf(), 'new.localhost', before)).rejects.toThrow(/certificate|issuer/);
  }, 90_000);

  it('a further domain makes a new CA, and start, restart and status say that it has to be trusted', async () => {
    const dataDir = await tempDir('hw-domain');
    onTestFinished(async () => void (await cli(['stop'], { dataDir })));
    const flags = ['--https-port', '0', '--http-port', '0', '--resolve', 'names'];
    const words =
      'There is a new CA, because the one before could not vouch for test, and it has to be trusted again: hostwise trust';
    const first = await cli(['start', ...flags], { dataDir });
    expect(first.stderr).not.toContain('new CA');
    const again = await cli(['restart', '--domain', 'test'], { dataDir });
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(words) });
    expect((await cli(['start'], { dataDir })).stderr).toContain(words);
    expect((await cli(['status'], { dataDir })).stdout).toContain(words);
  }, 90_000);
});
