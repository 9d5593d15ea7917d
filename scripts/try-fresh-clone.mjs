/**
 * What a new user meets: the last commit in a new folder, an empty npm cache, the machine's own Node. Starts it twice,
 * reaches an app through it, and measures. Runs on the machine's own Node, so plain JavaScript without dependencies.
 *
 *   node scripts/try-fresh-clone.mjs [--tests]
 *   --tests   also run .ci/run there with CI=true
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FIRST_START_LIMIT_MS = 10 * 60_000;
const SECOND_START_LIMIT_MS = 1_000;

const work = mkdtempSync(join(tmpdir(), 'hw-fresh-'));
const clone = join(work, 'clone');
const data = join(work, 'data');
const started = [];

try {
  execFileSync('git', ['clone', '--quiet', ROOT, clone], { stdio: 'inherit' });
  const app = startApp();
  console.log(`Node ${run('node', ['--version'])}, npm ${run('npm', ['--version'])}, ${clone}`);
  const first = await startOnce('first start', FIRST_START_LIMIT_MS);
  const body = await ask(app, first.httpsPort);
  if (body !== 'hello from a fresh clone') throw new Error(`"https://${app}.localhost" answered "${body}"`);
  console.log(`https://${app}.localhost:${first.httpsPort}/ answered by the app`);
  await stop(first.child);
  const second = await startOnce('second start', SECOND_START_LIMIT_MS);
  await stop(second.child);
  if (process.argv.includes('--tests')) await runTests();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await Promise.all(started.map(stop));
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}

/** The environment of someone who has just cloned: not this project's Node, nothing of an npm that runs us. */
function env() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_registry)|HOSTWISE_|CI$)/i.test(name));
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), npm_config_cache: join(work, 'cache') };
}

function run(command, args) {
  return execFileSync(command, args, { env: env(), encoding: 'utf8' }).trim().replace(/^v/, '');
}

/** A dev server in a repository of its own, on a port that nobody is told. @returns its project's name */
function startApp() {
  const name = 'freshshop';
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true }));
  const code = "require('node:http').createServer((q, s) => s.end('hello from a fresh clone')).listen(0, '127.0.0.1')";
  writeFileSync(join(folder, 'server.js'), code);
  execFileSync('git', ['init', '--quiet', folder]);
  start('node', ['server.js'], folder);
  return name;
}

function start(command, args, cwd) {
  const child = spawn(command, args, { cwd, env: env(), detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  started.push(child);
  return child;
}

/** `npm start` until it answers on its control socket. @throws when that takes longer than `limitMs` */
async function startOnce(label, limitMs) {
  const startedMs = performance.now();
  const child = start('npm', ['start', '--', '--data-dir', data, '--https-port', '0', '--http-port', '0'], clone);
  for (;;) {
    const httpsPort = await readHttpsPort().catch(() => undefined);
    const tookMs = Math.round(performance.now() - startedMs);
    if (httpsPort) {
      console.log(`${label}: answers after ${tookMs} ms`);
      if (tookMs > limitMs) throw new Error(`The ${label} took ${tookMs} ms, more than ${limitMs}`);
      return { child, httpsPort };
    }
    if (child.exitCode !== null) throw new Error(`The ${label} ended with exit code ${child.exitCode}`);
    if (tookMs > Math.max(limitMs, 30_000)) throw new Error(`The ${label} does not answer after ${tookMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** undefined or null until it listens. */
async function readHttpsPort() {
  const socketPath = join(data, 'control.sock');
  const status = await fetchText(httpRequest, {
    socketPath,
    path: '/_api/status',
    headers: { host: 'proxy.localhost' },
  });
  return JSON.parse(status).ports?.https;
}

function ask(name, port) {
  const servername = `${name}.localhost`;
  const ca = readFileSync(join(data, 'ca/root.pem'));
  return fetchText(httpsRequest, {
    host: '127.0.0.1',
    port,
    servername,
    ca,
    headers: { host: `${servername}:${port}` },
  });
}

function fetchText(request, options) {
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer in 5 s')));
    asked.once('error', reject);
    asked.end();
  });
}

/** End a process and all that it started. */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 5_000);
  await over;
  clearTimeout(timer);
}

async function runTests() {
  const startedMs = performance.now();
  const stdio = ['ignore', 'inherit', 'inherit'];
  const child = spawn('.ci/run', [], { cwd: clone, env: { ...env(), CI: 'true' }, stdio, detached: true });
  started.push(child);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`.ci/run failed with exit code ${code}`);
  console.log(`.ci/run took ${Math.round((performance.now() - startedMs) / 1000)} s`);
}
