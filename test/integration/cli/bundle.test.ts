/** The published program, built as it is published: what a start loads, and what it keeps for the next one. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { identify } from '../../../src/service/daemon.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { makeTempDir, removeDir, tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROBE = fileURLToPath(new URL('../../fixtures/loaded-builtins.mjs', import.meta.url));
/** A build takes 3 s; tests share their machine with other tests. */
const BUILD_TIMEOUT_MS = 120_000;
let folder = '';

beforeAll(async () => {
  folder = await makeTempDir('hw-bundle');
  await promisify(execFile)(process.execPath, ['scripts/build.ts', path.join(folder, 'dist')], { cwd: ROOT });
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
}, BUILD_TIMEOUT_MS);

afterAll(() => removeDir(folder));

/** Start it; resolves at once. */
function startBundle(
  dataDir: string,
  nodeFlags: readonly string[] = [],
  program = folder,
  more: Record<string, string> = {},
): StartedProcess {
  const flags = ['--data-dir', dataDir, '--https-port', '0', '--http-port', '0', '--resolve', 'names'];
  const args = [...nodeFlags, path.join(program, 'dist/main.js'), 'run', ...flags];
  const env = { DOCKER_HOST: `unix://${path.join(dataDir, 'no-docker.sock')}`, HOME: folder, ...more };
  const started = startProcess(process.execPath, args, { cwd: folder, env });
  onTestFinished(() => started.stop());
  return started;
}

function ask(dataDir: string, url: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = http.get({ socketPath: path.join(dataDir, 'control.sock'), path: url }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.once('error', reject);
  });
}

describe('a start', () => {
  it('leaves the control plane and Node’s own undici to the first who asks for it', async () => {
    const dataDir = await tempDir('hw-data');
    const started = startBundle(dataDir, ['--import', PROBE]);
    await started.printed(/Listens/);
    process.kill(started.pid, 'SIGUSR2');
    await started.printed(/own undici: not there/);
    expect((await ask(dataDir, '/_api/status')).status).toBe(200);
    process.kill(started.pid, 'SIGUSR2');
    await started.printed(/own undici: loaded/);
  });

  it('keeps what V8 compiled for the next one, and nothing of other versions', async () => {
    const dataDir = await tempDir('hw-data');
    const compiled = path.join(dataDir, 'compiled');
    await mkdir(path.join(compiled, '0.0.0-before'), { recursive: true, mode: 0o700 });
    const started = startBundle(dataDir);
    await started.printed(/Listens/);
    const isGone = (): boolean => !existsSync(path.join(compiled, '0.0.0-before'));
    await waitFor('the other version to be gone', isGone, 15_000);
    const [version = '', ...others] = await readdir(compiled);
    expect(others).toEqual([]);
    const [forNode = ''] = await readdir(path.join(compiled, version));
    expect((await readdir(path.join(compiled, version, forNode))).length).toBeGreaterThan(10);
  });

  it('leaves a place alone that somebody else chose for compiled code', async () => {
    const dataDir = await tempDir('hw-data');
    const chosen = await tempDir('hw-chosen');
    const files = [path.join(chosen, 'compiled', 'photos'), path.join(chosen, 'compiled', 'mine', 'kept')];
    for (const file of files) await mkdir(file, { recursive: true });
    const started = startBundle(dataDir, [], folder, { NODE_COMPILE_CACHE: path.join(chosen, 'compiled', 'mine') });
    await started.printed(/Listens/);
    // Compiled code is kept five seconds after a start.
    await delay(6_000);
    expect(files.map((file) => existsSync(file))).toEqual([true, true]);
  });

  it('takes no compiled code from where others may write, whatever the umask is', async () => {
    const dataDir = await tempDir('hw-data');
    const compiled = path.join(dataDir, 'compiled');
    const umask = process.umask(0o002);
    onTestFinished(() => void process.umask(umask));
    await startBundle(dataDir).printed(/Listens/);
    process.umask(umask);
    await waitFor('the folder', () => existsSync(compiled));
    expect((await stat(compiled)).mode & 0o777).toBe(0o700);
    const other = await tempDir('hw-data');
    await mkdir(path.join(other, 'compiled'));
    await chmod(path.join(other, 'compiled'), 0o775);
    const started = startBundle(other);
    await started.printed(/Listens/);
    await started.stop();
    expect(await readdir(path.join(other, 'compiled'))).toEqual([]);
  });

  it('takes no compiled code from a folder into which others may write', async () => {
    const dataDir = await tempDir('hw-data');
    await chmod(dataDir, 0o770);
    const started = startBundle(dataDir);
    await started.exited;
    expect(started.output()).toContain('others may write into it');
    expect(await readdir(dataDir)).toEqual([]);
  });
});

it('says what to do when its files were replaced while it ran', async () => {
  const dataDir = await tempDir('hw-data');
  const program = await tempDir('hw-replaced');
  await cp(folder, program, { recursive: true });
  const started = startBundle(dataDir, [], program);
  await started.printed(/Listens/);
  const files = path.join(program, 'dist');
  const [plane = ''] = (await readdir(files)).filter((name) => name.startsWith('control-plane-'));
  await rm(path.join(files, plane));
  expect(await ask(dataDir, '/_api/status')).toMatchObject({
    status: 503,
    text: expect.stringContaining('hostwise restart'),
  });
  expect((await identify(path.join(dataDir, 'control.sock')))?.state).toBe('running');
});
