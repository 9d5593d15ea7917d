/** The sample apps of `--demo`: they run, they have exact names, and nothing of them is left behind. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hostPort } from '../../../src/core/upstream.ts';
import { type Demo, type DemoApp, type DemoOptions, startDemo } from '../../../src/demo/demo.ts';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { cli } from '../cli/run-cli.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

async function started(options: Partial<DemoOptions> = {}): Promise<Demo> {
  const folder = join(await tempDir('hw-demo'), 'demo');
  const demo = await startDemo({ folder, log: { warn: () => {} }, env: developerEnv(), ...options });
  onTestFinished(() => demo.close());
  return demo;
}

function appCalled(demo: Demo, name: string): DemoApp {
  const app = demo.apps.find((one) => one.name === name);
  if (!app) throw new Error(`No app is called "${name}"`);
  return app;
}

async function jsonOf(app: DemoApp, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${hostPort(app.address, app.port)}${path}`);
  return (await response.json()) as Record<string, unknown>;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startDemo()', () => {
  it('runs a page on [::1], an API on 127.0.0.1 and another checkout of the page', async () => {
    const demo = await started();
    expect(demo.notes).toEqual([]);
    expect(demo.apps.map(({ name }) => name)).toEqual(['demo-shop', 'demo-api', 'new-cart.demo-shop']);
    const shop = appCalled(demo, 'demo-shop');
    const cart = appCalled(demo, 'new-cart.demo-shop');
    expect(shop.address).toBe('::1');
    await expect(fetch(`http://127.0.0.1:${shop.port}/`)).rejects.toThrow();
    const looks = [await jsonOf(shop, '/look.json'), await jsonOf(cart, '/look.json')];
    expect(looks).toMatchObject([{ branch: 'main' }, { branch: 'new-cart' }]);
    expect(looks[0]?.accent).not.toBe(looks[1]?.accent);
    expect(await jsonOf(appCalled(demo, 'demo-api'), '/things')).toMatchObject({ app: 'demo-api' });
  });

  it('ends the apps and removes their folder', async () => {
    const demo = await started();
    await demo.close();
    await demo.close();
    expect(demo.apps.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(demo.apps.filter(({ dir }) => existsSync(join(dir, '..')))).toEqual([]);
  });

  it('does without git, and says so', async () => {
    const demo = await started({ gitProgram: 'no-such-git' });
    expect(demo.apps.map(({ name }) => name)).toEqual(['demo-shop', 'demo-api']);
    expect(demo.notes).toEqual([expect.stringContaining('git is not installed')]);
  });

  it('gives the apps no key and none of Node’s switches', async () => {
    const env = developerEnv({ NODE_OPTIONS: '--no-such-switch', LLM_API_KEY: 'sk-geheim' });
    expect((await started({ env })).apps).toHaveLength(3);
  });

  it('leaves no app behind when its parent is killed', async () => {
    const folder = join(await tempDir('hw-demo'), 'demo');
    const script = `import { startDemo } from ${JSON.stringify(join(ROOT, 'src/demo/demo.ts'))};
      const demo = await startDemo({ folder: ${JSON.stringify(folder)}, log: { warn() {} }, env: process.env });
      console.log(JSON.stringify(demo.apps));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: developerEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const apps = await new Promise<DemoApp[]>((resolve, reject) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString()) as DemoApp[]));
      parent.once('exit', () => reject(new Error('it ended at once')));
    });
    parent.kill('SIGKILL');
    await waitFor('the apps to end', () => apps.every(({ pid }) => !isAlive(pid)));
  });
});

describe('hostwise run --demo', () => {
  it('shows the apps’ URLs, and each leads to its app with no LLM', async () => {
    const hostwise = await startHostwise({ args: ['--demo'] });
    onTestFinished(() => hostwise.stop());
    await hostwise.process.printed(/Listens .*\n/);
    const hostOf = (name: string): string => printedHost(hostwise, name);
    const shop = hostOf('(?!new-cart)\\S*demo-shop');
    const bodies = await Promise.all([
      bodyOf(hostwise.httpPort, shop, '/look.json'),
      bodyOf(hostwise.httpPort, hostOf('new-cart\\S*demo-shop'), '/look.json'),
      bodyOf(hostwise.httpPort, hostOf('\\S*demo-api'), '/'),
    ]);
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toMatchObject([
      { branch: 'main', host: `${shop}:${hostwise.httpPort}` },
      { branch: 'new-cart' },
      { app: 'demo-api' },
    ]);
    const pid = (JSON.parse(bodies[0] ?? '') as { pid: number }).pid;
    process.kill(hostwise.process.pid, 'SIGINT');
    expect(await hostwise.process.exited).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(hostwise.dataDir, 'demo'))).toBe(false);
  });

  it('works at the next start as well, after Ctrl-C and after a kill', async () => {
    const dataDir = await tempDir('hw-data');
    let shop: string | undefined;
    for (const signal of ['SIGINT', 'SIGKILL', 'SIGINT'] as const) {
      const hostwise = await startHostwise({ args: ['--demo', '--resolve', 'names'], dataDir });
      onTestFinished(() => hostwise.stop());
      await hostwise.process.printed(/Listens .*\n/);
      // The first one's hostname: what was opened once is remembered.
      shop ??= printedHost(hostwise, '(?!new-cart)\\S*demo-shop');
      const { branch, pid } = JSON.parse(await bodyOf(hostwise.httpPort, shop, '/look.json'));
      expect(branch).toBe('main');
      process.kill(hostwise.process.pid, signal);
      await hostwise.process.exited;
      await waitFor('the app to end', () => !isAlive(pid));
    }
  });

  it('leaves the apps alone that another one with the same data folder shows', async () => {
    const hostwise = await startHostwise({ args: ['--demo'] });
    onTestFinished(() => hostwise.stop());
    await hostwise.process.printed(/Listens .*\n/);
    const second = await cli(['run', '--demo'], { dataDir: hostwise.dataDir });
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('already running') });
    expect(existsSync(join(hostwise.dataDir, 'demo', 'demo-shop', 'server.mjs'))).toBe(true);
  });
});

/** Of the start page. Beside another demo on this machine the names are longer; ours come first. */
function printedHost({ httpPort, process }: RunningHostwise, name: string): string {
  const url = new RegExp(`http://(${name}\\.localhost):${httpPort} `);
  return url.exec(process.output())?.[1] ?? 'not printed';
}

/** As a browser asks that knows `*.localhost` itself. */
function bodyOf(port: number, hostname: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers: { host: `${hostname}:${port}` } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve(body));
    });
    request.on('error', reject);
  });
}
