/** `start`, `stop`, `restart`, `status` and `logs` as a user calls them, with real daemons on free ports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../../src/platform/is-alive.ts';
import { identify } from '../../../src/service/daemon.ts';
import { developerEnv, startProcess } from '../../fixtures/dev-server.ts';
import { startHostwise } from '../../fixtures/hostwise-process.ts';
import { needs } from '../../fixtures/needs.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { type CliOptions, type CliResult, cli } from '../cli/run-cli.ts';

const FREE_PORTS = ['--https-port', '0', '--http-port', '0'];

/** A data folder whose daemon is stopped when the test is over. */
async function dataFolder(name = 'data'): Promise<string> {
  const dataDir = path.join(await tempDir('hw-bg'), name);
  onTestFinished(async () => void (await cli(['stop'], { dataDir })));
  return dataDir;
}

interface Status {
  running: boolean;
  pid: number;
  runBy: string;
  ports: { https: number; http: number };
  [field: string]: unknown;
}

async function statusOf(dataDir: string, options: CliOptions = {}): Promise<Status> {
  const { stdout } = await cli(['status', '--json'], { dataDir, ...options });
  return JSON.parse(stdout) as Status;
}

async function start(dataDir: string, ...args: string[]): Promise<CliResult> {
  return cli(['start', ...FREE_PORTS, ...args], { dataDir });
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('start', () => {
  it('is done when the proxy answers, which outlives it; stop, when its ports are free', async () => {
    const dataDir = await dataFolder();
    const started = await start(dataDir);
    expect(started).toMatchObject({ code: 0, stderr: '' });
    const { pid, ports, runBy } = await statusOf(dataDir);
    expect(runBy).toBe('start');
    expect(started.stdout).toContain(`(pid ${pid})`);
    expect(started.stdout).toContain(`http://proxy.localhost:${ports.http}/`);
    expect(await connects(ports.https)).toBe(true);

    expect(await cli(['stop'], { dataDir })).toMatchObject({
      code: 0,
      stdout: 'hostwise has stopped, and its ports are free\n',
    });
    for (const port of [ports.https, ports.http]) {
      const server = net.createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    }
    expect(await readdir(dataDir)).not.toContain('control.sock');
    expect(await cli(['stop'], { dataDir })).toMatchObject({ code: 0, stdout: 'hostwise is not running\n' });
  });

  it('twice at once ends with one, and both say which', async () => {
    const dataDir = await dataFolder();
    const results = await Promise.all([start(dataDir), start(dataDir), start(dataDir)]);
    const { pid } = await statusOf(dataDir);
    for (const { code, stdout } of results) {
      expect(code).toBe(0);
      expect(stdout).toContain(`(pid ${pid})`);
    }
    const again = await start(dataDir, '--model', 'other');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('runs already') });
    expect(again.stderr).toContain('hostwise restart');
    expect((await statusOf(dataDir)).pid).toBe(pid);
  });

  it('says why it failed, in the words of run', async () => {
    const dataDir = await dataFolder();
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const { code, stdout, stderr } = await cli(['start', '--https-port', String(port), '--http-port', '0'], {
      dataDir,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^hostwise: Port ${port} is in use`));
    expect((await statusOf(dataDir)).running).toBe(false);
    expect((await start(dataDir, '--resolve', 'maybe')).code).toBe(2);
  });

  it('takes paths from where it was called, in a home with spaces and dots', async () => {
    const home = path.join(await tempDir('hw-home'), 'k.i m', '.dots and spaces');
    await mkdir(home, { recursive: true });
    const options = {
      cwd: home,
      env: { HOME: home, HOSTWISE_DATA_DIR: undefined, XDG_DATA_HOME: undefined, HOSTWISE_CACHE_FILE: 'maps.json' },
    };
    onTestFinished(async () => void (await cli(['stop'], options)));
    expect(await cli(['start', ...FREE_PORTS], options)).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await cli(['status', '--json'], options);
    expect(JSON.parse(stdout)).toMatchObject({
      running: true,
      dataDir: path.join(home, '.local/share/hostwise'),
      cacheFile: path.join(home, 'maps.json'),
    });
  });
});

describe('restart', () => {
  it('keeps the flags and takes hostwise.env as it is now', async () => {
    const dataDir = await dataFolder();
    expect((await start(dataDir, '--domain', 'dev.test')).code).toBe(0);
    const before = await statusOf(dataDir);
    await writeFile(path.join(dataDir, 'hostwise.env'), 'MODEL=qwen3:8b\n');
    expect((await cli(['restart'], { dataDir })).code).toBe(0);
    const after = await statusOf(dataDir);
    expect(after).toMatchObject({ model: 'qwen3:8b', domains: ['localhost', 'dev.test'], runBy: 'start' });
    expect(after.pid).not.toBe(before.pid);
    expect(isAlive(before.pid)).toBe(false);
    expect((await cli(['restart', '--domain', 'other.test'], { dataDir })).code).toBe(0);
    expect(await statusOf(dataDir)).toMatchObject({ domains: ['localhost', 'other.test'] });
  }, 90_000);

  it('ends nothing for settings that are wrong', async () => {
    const dataDir = await dataFolder();
    await start(dataDir);
    const { pid } = await statusOf(dataDir);
    await writeFile(path.join(dataDir, 'hostwise.env'), 'HOSTWISE_RESOLVE=maybe\n');
    const { code, stderr } = await cli(['restart'], { dataDir });
    expect(code).toBe(2);
    expect(stderr).toContain(`HOSTWISE_RESOLVE in "${dataDir}/hostwise.env" is "maybe"`);
    expect(stderr).toContain(`hostwise (pid ${pid}) goes on with the settings that it has`);
    expect((await identify(path.join(dataDir, 'control.sock')))?.pid).toBe(pid);
    // What needs only the data folder says so and works all the same.
    for (const command of ['status', 'logs', 'stop']) {
      const outcome = await cli([command], { dataDir });
      expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('"maybe": expected one of auto') });
    }
    expect(await identify(path.join(dataDir, 'control.sock'))).toBeUndefined();
  });

  it('brings what ran in a terminal into the background', async () => {
    const dataDir = await dataFolder();
    const hostwise = await startHostwise({ dataDir });
    onTestFinished(() => hostwise.stop());
    const { code, stderr } = await cli(['restart'], { dataDir });
    expect(code).toBe(0);
    expect(stderr).toContain('It ran in a terminal');
    expect(await hostwise.process.exited).toBe(0);
    expect(await statusOf(dataDir)).toMatchObject({ running: true, runBy: 'start' });
  });
});

describe('stop', () => {
  it('ends one in a terminal, while a browser keeps its event stream open', async () => {
    const hostwise = await startHostwise();
    onTestFinished(() => hostwise.stop());
    const stream = http.get({ socketPath: hostwise.controlSocket, path: '/_api/events' });
    stream.on('error', () => {});
    await once(stream, 'response');
    const told = await cli(['start'], { dataDir: hostwise.dataDir });
    expect(told.stdout).toMatch(/runs already in a terminal .*\n {2}Look/);
    // It logs to that terminal: there is no file.
    expect(told.stdout).not.toContain('Log');
    expect((await cli(['stop'], { dataDir: hostwise.dataDir })).code).toBe(0);
    expect(await hostwise.process.exited).toBe(0);
    expect(await connects(hostwise.httpsPort)).toBe(false);
  });

  it('removes nothing and says so where a killed daemon left its socket; start takes its place', async () => {
    const dataDir = await dataFolder();
    await start(dataDir);
    const { pid } = await statusOf(dataDir);
    process.kill(pid, 'SIGKILL');
    await waitFor('the end of the daemon', async () => (await statusOf(dataDir)).running === false);
    expect((await stat(path.join(dataDir, 'control.sock'))).isSocket()).toBe(true);
    expect(await cli(['stop'], { dataDir })).toMatchObject({ code: 0, stdout: 'hostwise is not running\n' });
    expect((await start(dataDir)).code).toBe(0);
    expect((await statusOf(dataDir)).pid).not.toBe(pid);
  }, 90_000);

  it.skipIf(!needs('linux'))('kills one that hangs, known by the socket that it holds [needs linux]', async () => {
    const dataDir = await dataFolder();
    await start(dataDir);
    const { pid, ports } = await statusOf(dataDir);
    process.kill(pid, 'SIGSTOP');
    const { code, stdout } = await cli(['stop'], { dataDir });
    expect(stdout).toBe(`hostwise (pid ${pid}) did not end by itself and was killed\n`);
    expect(code).toBe(0);
    expect(await connects(ports.https)).toBe(false);
  });

  it('does not end another program that answers on the socket', async () => {
    const dataDir = await tempDir('hw-odd');
    const server = http.createServer((_request, response) => void response.end('{"program":"other","pid":1}\n'));
    await new Promise<void>((resolve) => server.listen(path.join(dataDir, 'control.sock'), resolve));
    onTestFinished(() => void server.close());
    const { code, stderr } = await cli(['stop'], { dataDir });
    expect(code).toBe(1);
    expect(stderr).toContain('does not say that it is one');
    expect(server.listening).toBe(true);
  });

  it('is not offered to pages or over a port', async () => {
    const hostwise = await startHostwise();
    onTestFinished(() => hostwise.stop());
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const options = {
        port: hostwise.httpPort,
        path: '/_daemon/stop',
        method: 'POST',
        headers: { host: 'proxy.localhost' },
      };
      http
        .request(options, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
    expect(answer).toBe(404);
    // It answers before its first look at the machine is over.
    expect((await identify(hostwise.controlSocket))?.state).toMatch(/^(?:starting|running)$/);
  });
});

describe('status', () => {
  it('says what there is to know, in words and as JSON', async () => {
    const dataDir = await dataFolder();
    expect(await cli(['status'], { dataDir })).toMatchObject({
      code: 1,
      stdout: 'hostwise is not running; start it with: hostwise start\n',
    });
    await start(dataDir);
    await cli(['routes', 'set', 'shop', '10.1.2.3:5173'], { dataDir });
    const { code, stdout } = await cli(['status'], { dataDir });
    expect(code).toBe(0);
    const found = await statusOf(dataDir);
    expect(found).toMatchObject({
      running: true,
      state: 'running',
      version: expect.stringMatching(/^\d/),
      uptimeSeconds: expect.any(Number),
      llm: { usable: false, reason: expect.stringContaining('LLM_API_KEY') },
      docker: { connected: false, detail: '' },
      routes: 1,
      trust: { trusted: expect.any(Boolean), stores: expect.any(Array) },
      lastError: null,
      dataDir,
    });
    expect(stdout).toMatch(new RegExp(`^hostwise \\S+ runs in the background, pid ${found.pid}, up \\d+ `));
    for (const line of [
      `Ports   https ${found.ports.https}, http ${found.ports.http}`,
      'Docker  no engine here',
      'Routes  1 route',
      'Error   none',
    ]) {
      expect(stdout).toContain(line);
    }
  });
});

describe('status while it runs', () => {
  it.skipIf(!needs('certutil') || !needs('chromium'))(
    'sees trust that was given meanwhile [needs certutil, chromium]',
    async () => {
      const home = await tempDir('hw-home');
      const dataDir = path.join(home, 'data');
      const options = { dataDir, env: { HOME: home } };
      onTestFinished(async () => void (await cli(['stop'], options)));
      expect((await cli(['start', ...FREE_PORTS], options)).code).toBe(0);
      const chromium = async (): Promise<boolean | undefined> => {
        const { trust } = (await statusOf(dataDir, options)) as unknown as {
          trust: { stores: { id: string; trusted: boolean }[] };
        };
        return trust.stores.find(({ id }) => id === 'chromium')?.trusted;
      };
      expect(await chromium()).toBe(false);
      const file = (await cli(['ca', 'path'], options)).stdout.trim();
      const database = path.join(home, '.local/share/pki/nssdb');
      await mkdir(database, { recursive: true });
      const { stdout } = await cli(['doctor', '--json'], options);
      const { findings } = JSON.parse(stdout) as { findings: { id: string; fix?: string }[] };
      const fix = findings.find(({ id }) => id === 'trust.chromium')?.fix ?? 'false';
      expect(fix).toContain(file);
      await once(spawn('sh', ['-c', fix], { env: developerEnv(options.env), stdio: 'ignore' }), 'close');
      await waitFor('trust in the status', async () => (await chromium()) === true || undefined, 30_000);
    },
    90_000,
  );
});

describe('logs', () => {
  it('shows the last lines, goes on with -f also over a rotation, and ends at Ctrl-C', async () => {
    const dataDir = await tempDir('hw-logs');
    const file = path.join(dataDir, 'logs', 'hostwise.log');
    await mkdir(path.dirname(file));
    const entry = (n: number): string =>
      `{"level":"warn","time":"2026-01-01T00:00:0${n}.000Z","to":"a b","msg":"line ${n}"}\n`;
    await writeFile(file, entry(1) + entry(2) + entry(3));
    const { stdout } = await cli(['logs', '-n', '2'], { dataDir });
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^2026-01-01 \d\d:\d\d:02 warn {2}line 2 to="a b"$/),
      expect.stringMatching(/line 3/),
    ]);
    const follower = startProcess(process.execPath, [MAIN, 'logs', '-f', '-n', '1', '--json'], {
      cwd: dataDir,
      env: { ...COMPILE_CACHE, HOSTWISE_DATA_DIR: dataDir },
    });
    onTestFinished(() => follower.stop());
    await follower.printed(/line 3/);
    await writeFile(file, entry(4), { flag: 'a' });
    await follower.printed(/line 4/);
    await rename(file, `${file}.1`);
    await writeFile(`${file}.1`, entry(5), { flag: 'a' });
    await writeFile(file, entry(6));
    await follower.printed(/line 6/);
    expect(follower.output()).toBe([3, 4, 5, 6].map(entry).join(''));
    process.kill(follower.pid, 'SIGINT');
    expect(await follower.exited).toBe(0);
  });

  it('ends when its reader leaves, and says when there is nothing', async () => {
    const dataDir = await tempDir('hw-logs');
    expect(await cli(['logs'], { dataDir })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Nothing'),
    });
    const file = path.join(dataDir, 'logs', 'hostwise.log');
    await mkdir(path.dirname(file));
    await writeFile(file, 'not JSON \u001b[31m\n');
    const env = developerEnv({ ...COMPILE_CACHE, HOSTWISE_DATA_DIR: dataDir });
    const child = spawn(process.execPath, [MAIN, 'logs', '-f'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [first] = await once(child.stdout, 'data');
    expect(String(first)).toBe('not JSON \ufffd[31m\n');
    child.stdout.destroy();
    const exit = once(child, 'exit');
    const writer = setInterval(() => void writeFile(file, '{"msg":"x"}\n', { flag: 'a' }), 50);
    onTestFinished(() => clearInterval(writer));
    expect(await exit).toEqual([0, null]);
  });

  it('has what the daemon logged, in a file that only its user may read', async () => {
    const dataDir = await dataFolder();
    await start(dataDir);
    const { stdout } = await cli(['logs'], { dataDir });
    expect(stdout).toMatch(/info {2}hostwise runs version=/);
    const file = path.join(dataDir, 'logs', 'hostwise.log');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await cli(['stop'], { dataDir });
    expect(await readFile(file, 'utf8')).toMatch(/"asked":"stop","msg":"hostwise stops"\}\n$/);
  });
});
