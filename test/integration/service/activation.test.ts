/** Sockets that somebody else opened, handed over as systemd does it (sd_listen_fds(3)). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endDaemon, identify } from '../../../src/service/daemon.ts';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { askControl } from '../../fixtures/hostwise-process.ts';
import { needs } from '../../fixtures/needs.ts';
import { MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

interface Opened {
  server: net.Server;
  port: number;
  fd: number;
}

async function openSocket(host: string, port = 0): Promise<Opened> {
  const server = net.createServer().listen({ host, port, ipv6Only: host === '::1' });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { _handle } = server as unknown as { _handle: { fd: number } };
  return { server, port: (server.address() as net.AddressInfo).port, fd: _handle.fd };
}

/**
 * A service manager of one line: it holds the sockets, never accepts, and starts the program again when that asks for
 * it by its exit code. `exec` keeps the pid, so that the inner shell's is the one that LISTEN_PID has to name.
 */
const SUPERVISE = `while :; do
  sh -c 'LISTEN_PID=$$ exec "$0" "$@"' "$0" "$@"; code=$?; echo "exit $code"; [ $code = 75 ] || exit $code; done`;

interface Supervised {
  output(): string;
  exited: Promise<number | null>;
}

function supervise(dataDir: string, fds: readonly number[], names: string, args: readonly string[]): Supervised {
  const child = spawn('sh', ['-c', SUPERVISE, process.execPath, MAIN, 'run', '--run-by', 'systemd', ...args], {
    env: developerEnv({
      HOSTWISE_DATA_DIR: dataDir,
      DOCKER_HOST: `unix://${path.join(dataDir, 'no-docker.sock')}`,
      LISTEN_FDS: String(fds.length),
      LISTEN_FDNAMES: names,
    }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
  });
  let text = '';
  const collect = (chunk: Buffer): void => {
    text += String(chunk);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended.
    }
    await exited;
  });
  return { output: () => text, exited };
}

async function status(dataDir: string): Promise<{ ports: { https: number; http: number }; warnings: string[] }> {
  const socket = path.join(dataDir, 'control.sock');
  const { ports, warnings } = await waitFor(
    'the status',
    async () => {
      const found = (await askControl(socket, '/_api/status')) as {
        ports: { https: number | null; http: number | null };
        warnings: string[];
      };
      return found.ports.https !== null && found.ports.http !== null ? found : undefined;
    },
    40_000,
  );
  return { ports: { https: ports.https ?? 0, http: ports.http ?? 0 }, warnings };
}

describe.skipIf(!needs('linux'))('sockets of a service manager [needs linux]', () => {
  it('are used on both families; the ports stay open over a restart', async () => {
    const dataDir = await tempDir('hw-act');
    const https = await openSocket('127.0.0.1');
    const https6 = await openSocket('::1', https.port);
    const http = await openSocket('127.0.0.1');
    const opened = [https, https6, http];
    const fds = opened.map(({ fd }) => fd);
    const supervised = supervise(dataDir, fds, 'https:https:http', []);
    // From here on only the supervisor and its child have them.
    for (const { server } of opened) server.close();
    expect((await status(dataDir)).ports).toEqual({ https: https.port, http: http.port });
    expect(await statusLine('127.0.0.1', http.port)).toContain(' 404 ');
    expect(await statusLine('::1', https.port)).toContain(' 404 ');

    const socket = path.join(dataDir, 'control.sock');
    const before = await identify(socket);
    const restart = endDaemon(socket, 'restart');
    // Whoever accepts these: none of them is refused.
    const answers = Array.from({ length: 20 }, async (_, i) => {
      await delay(i * 20);
      return statusLine('127.0.0.1', http.port);
    });
    expect(await restart).toEqual({ pid: before?.pid, killed: false });
    for (const answer of await Promise.all(answers)) expect(answer).toContain(' 404 ');
    await waitFor('the word of the supervisor', () => supervised.output().includes('exit 75'));
    const after = await waitFor('the next one', () => identify(socket), 40_000);
    expect(after).toMatchObject({ runBy: 'systemd' });
    expect(after.pid).not.toBe(before?.pid);
    await endDaemon(socket);
    expect(await supervised.exited).toBe(0);
  }, 120_000);

  it('of other names, or for one port only, leave the rest as it would be', async () => {
    const dataDir = await tempDir('hw-act');
    const https = await openSocket('127.0.0.1');
    const other = await openSocket('127.0.0.1');
    supervise(dataDir, [https.fd, other.fd], 'https:other', ['--http-port', '0', '--https-port', '1']);
    const { ports } = await status(dataDir);
    expect(ports.https).toBe(https.port);
    expect([https.port, other.port]).not.toContain(ports.http);
    const log = path.join(dataDir, 'logs', 'hostwise.log');
    const note = `The service holds port ${https.port} for https; install it again for 1`;
    await waitFor('the note in the log', async () => (await readFile(log, 'utf8')).includes(note));
  }, 60_000);

  it('that do not listen are refused in words', async () => {
    const dataDir = await tempDir('hw-act');
    const { port } = await openSocket('127.0.0.1');
    const client = net.connect(port, '127.0.0.1');
    await once(client, 'connect');
    onTestFinished(() => void client.destroy());
    const { _handle } = client as unknown as { _handle: { fd: number } };
    const supervised = supervise(dataDir, [_handle.fd], 'https', ['--http-port', '0']);
    expect(await supervised.exited).toBe(1);
    expect(supervised.output()).toContain('hostwise: A socket that the service manager handed over cannot be used');
  }, 60_000);
});

/** The first line of the answer to a name that nobody has. */
function statusLine(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host);
    socket.once('error', reject);
    socket.once('data', (chunk) => {
      resolve(String(chunk).split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.write('GET / HTTP/1.1\r\nHost: zzz.localhost\r\nAccept: application/json\r\n\r\n');
  });
}
