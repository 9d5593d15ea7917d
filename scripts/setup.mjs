/**
 * Does the set-up that is missing and nothing else: npm packages for every script, Debian packages for the tests.
 * Runs on the machine's own Node (20.19 or newer), so plain JavaScript without dependencies; everything after it runs
 * on the Node that it installs. With nothing to do it reads two files and ends.
 *
 *   node scripts/setup.mjs [--test]
 *   --test   also the programs of test-tools.json, where this may install them
 *
 * It speaks on stderr only: stdout belongs to the command that follows.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDashboardBuilt } from './dashboard.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
/** Written after a finished install; `npm ci` empties node_modules first, so a broken one leaves no stamp behind. */
const STAMP = join(MODULES, '.hostwise-setup');
/** Why a program for the tests is not there; test/fixtures/needs.ts shows it. */
const MISSING = join(MODULES, '.hostwise-missing.json');
const LOCK = join(ROOT, '.setup-lock');
/** npm's own floor, and the one of the packages that run before our Node is there. */
const OLDEST_NODE = [20, 19];
/** A slow line needs minutes for the 200 MB that come over it; a dead one must not hang a script for ever. */
const NPM_TIMEOUT_MS = 15 * 60_000;
const BUILD_TIMEOUT_MS = 60_000;
const APT_TIMEOUT_MS = 5 * 60_000;

refuseOldNode();
if (!isInstalled()) await installOnce();
if (!isDashboardBuilt()) await buildDashboard();
if (process.argv.includes('--test')) provideTestTools();

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(
    `Node "${process.versions.node}" is too old to set this project up`,
    `install Node ${OLDEST_NODE.join('.')} or newer; the project then brings its own newer one`,
  );
}

/** What the stamp must say: the lockfile, and the platform that the binaries in node_modules are for. */
function fingerprint() {
  const lockfile = readFileSync(join(ROOT, 'package-lock.json'));
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}`;
}

function isInstalled() {
  try {
    return readFileSync(STAMP, 'utf8') === fingerprint() && existsSync(join(MODULES, '.bin/node'));
  } catch {
    return false;
  }
}

/** Install, but never twice at once: the second of two starts waits for the first. */
async function installOnce() {
  await takeLock();
  if (!isInstalled()) await install();
  process.off('exit', dropLock);
  dropLock();
}

/** A directory is the lock, since making one is atomic; it holds the pid, so that a dead holder's can be taken over. */
async function takeLock() {
  for (let told = false; ; told = true) {
    try {
      mkdirSync(LOCK);
      writeFileSync(join(LOCK, 'pid'), String(process.pid));
      process.once('exit', dropLock);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`Cannot write in "${ROOT}": ${error.message}`, 'use a checkout that you own');
    }
    if (isAbandoned()) {
      rmSync(LOCK, { recursive: true, force: true });
      continue;
    }
    if (!told) say('another start is installing the packages, waiting for it');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(join(LOCK, 'pid'), 'utf8'));
    // Signal 0 only asks whether it lives; EPERM means that it does, under another user.
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (error.code === 'ESRCH') return true;
    if (error.code !== 'ENOENT') return false;
  }
  // Made a moment ago and not yet signed, or its holder died between the two.
  return Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 5_000;
}

function dropLock() {
  rmSync(LOCK, { recursive: true, force: true });
}

async function install() {
  say(
    'installing the npm packages (once per package-lock.json: about a minute, 470 MB here and 210 MB in npm’s cache)',
  );
  // Development packages bring Node itself, so NODE_ENV=production must not leave them out. Warnings are about the old
  // Node that runs npm here and nothing else.
  const [command, args] = npmCommand(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  const startedMs = Date.now();
  const outcome = await run(command, args, NPM_TIMEOUT_MS);
  if (outcome !== 'ok') {
    fail(
      `"npm ci" ${outcome}; its own words stand above`,
      'with no or a slow network run the same command again later',
    );
  }
  writeFileSync(STAMP, fingerprint());
  const node = spawnSync(join(MODULES, '.bin/node'), ['--version'], { encoding: 'utf8', timeout: 10_000 });
  if (node.status !== 0) {
    fail(
      `The Node of this project was not installed to "${join(MODULES, '.bin/node')}"`,
      'npm may be set to ignore install scripts: run "npm rebuild node --ignore-scripts=false" and start again',
    );
  }
  say(`packages ready in ${((Date.now() - startedMs) / 1000).toFixed(0)} s, with Node ${node.stdout.trim().slice(1)}`);
}

/** The npm that runs us, without a look-up on PATH; else the one on PATH. */
function npmCommand(args) {
  const cli = process.env.npm_execpath;
  return cli !== undefined && basename(cli) === 'npm-cli.js' ? [process.execPath, [cli, ...args]] : ['npm', args];
}

/**
 * Run a command with all of its output on our stderr. It ends when we end, and at once: npm takes seconds to stop by
 * itself, and the next start would meet it in node_modules. Resolves to 'ok' or to how it failed.
 */
function run(command, args, timeoutMs) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], detached: true });
    const killGroup = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(killGroup, timeoutMs);
    const settle = (outcome) => {
      clearTimeout(timer);
      process.off('exit', killGroup);
      resolve(outcome);
    };
    process.once('exit', killGroup);
    child.once('error', (error) => settle(`could not be started (${error.message})`));
    child.once('close', (code, signal) => {
      if (code === 0) settle('ok');
      else if (signal === null) settle(`failed with exit code ${code}`);
      else settle(`was ended by ${signal}, perhaps after ${timeoutMs / 60_000} minutes`);
    });
  });
}

/** Programs that some tests need. A missing one is no failure here: its tests say that they were skipped, and why. */
function provideTestTools() {
  const tools = JSON.parse(readFileSync(join(ROOT, 'scripts/test-tools.json'), 'utf8'));
  const missing = Object.keys(tools).filter((tool) => !isOnPath(tool));
  if (missing.length === 0) {
    rmSync(MISSING, { force: true });
    return;
  }
  const packages = missing.map((tool) => tools[tool].package);
  const reason = whyNoApt(`apt-get install -y --no-install-recommends ${packages.join(' ')}`);
  const failures = reason === undefined ? installDebianPackages(packages) : {};
  const report = missing
    .filter((tool) => !isOnPath(tool))
    .map((tool) => [tool, reason ?? failures[tools[tool].package] ?? 'its package is installed and does not bring it']);
  writeFileSync(MISSING, JSON.stringify(Object.fromEntries(report), null, 2));
  for (const [tool, why] of report) say(`"${tool}" (${tools[tool].for}) is missing: ${why}`);
}

/** @returns why packages cannot be installed here, with the command for a person; undefined when they can */
function whyNoApt(command) {
  if (process.platform !== 'linux' || !isOnPath('apt-get')) return 'install it with your package manager';
  if (process.getuid?.() !== 0) return `not root, run: sudo ${command}`;
  return undefined;
}

/** One by one, so that one that cannot be had does not keep the others away. @returns package -> why it failed */
function installDebianPackages(packages) {
  say(`installing Debian packages for the tests: ${packages.join(' ')}`);
  const waits = ['-o', 'Acquire::http::Timeout=30', '-o', 'Acquire::Retries=2', '-o', 'DPkg::Lock::Timeout=120'];
  // A failed update need not matter: the lists that are there may do.
  apt([...waits, 'update']);
  const failures = {};
  for (const name of packages) {
    const installed = apt([...waits, 'install', '-y', '--no-install-recommends', name]);
    if (installed.status === 0) continue;
    const words = installed.stderr?.split('\n').find((line) => line.startsWith('E:'));
    failures[name] = `apt-get: ${installed.error?.message ?? words ?? `exit code ${installed.status}`}`;
  }
  return failures;
}

function apt(args) {
  return spawnSync('apt-get', ['-qq', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: APT_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A checkout has no bundle: what the browser gets is built when its sources have changed. */
async function buildDashboard() {
  say('building the dashboard (about 15 s)');
  const node = join(MODULES, '.bin/node');
  const outcome = await run(node, [join(ROOT, 'scripts/dashboard.mjs')], BUILD_TIMEOUT_MS);
  // Nothing else needs it, and the dashboard has a plain page as well.
  if (outcome !== 'ok') say(`the dashboard could not be built (it ${outcome}): it will be a plain page`);
}

function say(words) {
  console.error(`setup: ${words}`);
}

function fail(words, hint) {
  console.error(`setup: ${words}`);
  if (hint !== undefined) console.error(`       ${hint}`);
  process.exit(1);
}
