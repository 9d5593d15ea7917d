/** The commands while a daemon runs: they ask it over its control socket. */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { type CliResult, cli } from './run-cli.ts';

describe('with a daemon', () => {
  let hostwise: RunningHostwise;

  beforeAll(async () => {
    hostwise = await startHostwise();
  });
  afterAll(() => hostwise?.stop());

  const ask = (...args: string[]): Promise<CliResult> => cli(args, { dataDir: hostwise.dataDir });

  it('services shows URLs with the daemon’s port', async () => {
    const { code, stdout, stderr } = await ask('services');
    expect(code).toBe(0);
    expect(stderr).not.toContain('not running');
    if (stdout !== '') expect(stdout).toMatch(/^URL /);
  });

  it('resolve asks it, has an answer for every host, and exits 3', async () => {
    const hosts = ['no-such-app-anywhere', 'example.com', '', 'a b', `${'x'.repeat(100_000)}.localhost`];
    const { code, stdout } = await ask('resolve', '--json', '--mode', 'names', ...hosts);
    expect(code).toBe(3);
    const decisions = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(decisions).toEqual(hosts.map((host) => expect.objectContaining({ host, decision: 'none', target: null })));
    expect(decisions[0]?.steps).not.toEqual([]);
  });

  it('routes set, list and rm change what it remembers at once', async () => {
    expect((await ask('routes', 'set', 'shop', '10.1.2.3:5173')).stdout).toBe('shop.localhost -> 10.1.2.3:5173\n');
    const listed = JSON.parse((await ask('routes', '--json')).stdout) as Record<string, unknown>;
    expect(listed['shop.localhost']).toMatchObject({ target: '10.1.2.3', port: 5173, source: 'user' });
    expect((await ask('routes', 'rm', 'shop.localhost')).stdout).toBe('shop.localhost is forgotten\n');
    expect((await ask('routes', '--json')).stdout).toBe('{}\n');
  });

  it('routes set hands on what it refuses, with exit code 2', async () => {
    expect(await ask('routes', 'set', 'example.com', '5173')).toMatchObject({ code: 2, stdout: '' });
  });

  it('a second one with the same data folder does not start', async () => {
    const { code, stderr } = await ask('run', '--https-port', '0', '--http-port', '0');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hostwise: /m);
  });
});

describe('with something else on the control socket', () => {
  async function socketServer(answer: (server: Server) => void): Promise<string> {
    const dataDir = await tempDir('hw-odd');
    const server = createServer();
    answer(server);
    await new Promise<void>((resolve) => server.listen(join(dataDir, 'control.sock'), resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return dataDir;
  }

  it.each([
    ['nonsense', 'not JSON', 200],
    ['JSON of another shape', '{"version":1}', 200],
    ['an error', '{"error":"out of order","code":"X"}', 500],
  ])('that says %s, a command fails and says so', async (_, body, status) => {
    const dataDir = await socketServer((server) =>
      server.on('request', (_request, response) => response.writeHead(status).end(body)),
    );
    const { code, stderr } = await cli(['services'], { dataDir });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hostwise: .*(?:cannot be asked|out of order)/);
  });

  it('that breaks off, a command fails and says so', async () => {
    const dataDir = await socketServer((server) =>
      server.on('request', async (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{');
        await delay(50);
        response.destroy();
      }),
    );
    const { code, stderr } = await cli(['routes'], { dataDir });
    expect(code).toBe(1);
    expect(stderr).toContain('The running hostwise cannot be asked');
  });

  it('that nobody listens on any more, a command works without a daemon', async () => {
    const dataDir = await tempDir('hw-odd');
    const made = createServer();
    await new Promise<void>((resolve) => made.listen(join(dataDir, 'control.sock'), resolve));
    // Node removes the file of a socket that it closes; a crash does not.
    await new Promise((resolve) => made.close(resolve));
    expect((await cli(['routes', '--json'], { dataDir })).stdout).toBe('{}\n');
  });
});
