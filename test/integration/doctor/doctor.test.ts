/** `doctor` on this machine, with one thing broken at a time; each fix is run, and the finding is gone. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { userUnits } from '../../../src/service/units/systemd.ts';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { doctor, readDoctor } from '../../fixtures/doctor.ts';
import { startHostwise } from '../../fixtures/hostwise-process.ts';
import { startLlmServer } from '../../fixtures/llm-server.ts';
import { needs } from '../../fixtures/needs.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

/** Free ports, and no LLM: whatever else runs on this machine is none of the test's business. */
const QUIET = ['--https-port', '0', '--http-port', '0', '--resolve', 'names'];
const LIMIT_MS = 120_000;

/** A data folder with a CA, and a home without browsers. */
async function withCa(): Promise<{ dataDir: string; env: Record<string, string> }> {
  const home = await tempDir('hw-home');
  const dataDir = path.join(home, 'data');
  const env = { HOME: home, PATH: process.env.PATH ?? '' };
  expect(await cli(['ca', 'path'], { dataDir, env })).toMatchObject({ code: 0 });
  return { dataDir, env };
}

function shell(line: string): void {
  expect(spawnSync('sh', ['-c', line], { encoding: 'utf8' })).toMatchObject({ status: 0 });
}

describe('doctor', () => {
  it(
    'changes nothing: not even a data folder is made',
    async () => {
      const home = await tempDir('hw-home');
      const options = { dataDir: path.join(home, 'data'), env: { HOME: home } };
      const { get, findings } = await doctor(QUIET, options);
      expect(await readdir(home)).toEqual([]);
      expect(get('data')).toMatchObject({ state: 'ok', detail: expect.stringContaining('at the first start') });
      expect(get('ca')).toMatchObject({ state: 'ok', detail: expect.stringContaining('none yet') });
      expect(get('daemon')).toEqual({
        id: 'daemon',
        title: 'hostwise',
        state: 'advice',
        detail: 'does not run',
        fix: 'hostwise start',
      });
      expect(get('node').detail).toContain(process.versions.node);
      expect(get('llm')).toMatchObject({ state: 'ok' });
      expect(get('docker')).toMatchObject({ state: 'ok' });
      expect(get('service')).toMatchObject({ id: 'service' });
      for (const { detail, title } of findings) expect(`${title}${detail}`).not.toMatch(/\n|undefined/);
    },
    LIMIT_MS,
  );

  it(
    'knows a daemon that runs, and its ports',
    async () => {
      const hostwise = await startHostwise();
      onTestFinished(() => hostwise.stop());
      const { get } = await doctor(['--https-port', String(hostwise.httpsPort)], { dataDir: hostwise.dataDir });
      expect(get('daemon')).toMatchObject({
        state: 'ok',
        detail: expect.stringContaining(`running (pid ${hostwise.process.pid})`),
      });
      expect(get('port.https')).toMatchObject({ state: 'ok', detail: 'hostwise has it' });
      expect(get('ca')).toMatchObject({
        state: 'ok',
        detail: expect.stringMatching(/for localhost and loopback only/),
      });
    },
    LIMIT_MS,
  );

  it(
    'has words for people, with the fix below each finding, and exit code 1 for a problem',
    async () => {
      const dataDir = await tempDir('hw-doc');
      await writeFile(path.join(dataDir, 'hostwise.env'), 'HOSTWISE_RESOLVE=maybe\n');
      const { code, stdout } = await cli(['doctor'], { dataDir });
      expect(code).toBe(1);
      expect(stdout).toContain(
        `✗ Settings: HOSTWISE_RESOLVE in "${dataDir}/hostwise.env" is "maybe": expected one of auto, llm, names\n`,
      );
      // One wrong value is no reason to look at nothing else.
      expect(stdout).toMatch(/^. Data folder: /m);
      expect(stdout).toMatch(/1 problem/);
      expect(await cli(['doctor', '--https-port', 'x'], { dataDir: await tempDir('hw-doc') })).toMatchObject({
        code: 2,
      });
    },
    LIMIT_MS,
  );
});

describe('the CA', () => {
  it(
    'a key that others may read: chmod mends it',
    async () => {
      const { dataDir, env } = await withCa();
      await chmod(path.join(dataDir, 'ca', 'intermediate.key'), 0o644);
      const broken = await doctor(QUIET, { dataDir, env });
      expect(broken.code).toBe(1);
      expect(broken.get('ca')).toMatchObject({
        state: 'problem',
        detail: expect.stringContaining('other users may read or write it (mode 644)'),
        fix: expect.stringMatching(/^chmod 600 /),
      });
      shell(broken.get('ca').fix ?? '');
      expect((await doctor(QUIET, { dataDir, env })).get('ca').state).toBe('ok');
    },
    LIMIT_MS,
  );

  it(
    'a file cut short: "ca rotate" makes a new one, and run names the file',
    async () => {
      const { dataDir, env } = await withCa();
      const file = path.join(dataDir, 'ca', 'intermediate.pem');
      await truncate(file, 300);
      const broken = await doctor(QUIET, { dataDir, env });
      expect(broken.get('ca')).toMatchObject({ state: 'problem', fix: 'hostwise ca rotate' });
      expect(broken.get('ca').detail).toMatch(/intermediate\.pem" cannot be used: it is damaged/);
      expect(broken.get('trust').state).toBe('unknown');
      const run = await cli(['run', ...QUIET], { dataDir, env });
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('intermediate.pem') });
      // Nothing was made new without being asked.
      expect((await readFile(file)).length).toBe(300);
      expect(await cli(['ca', 'rotate'], { dataDir, env })).toMatchObject({ code: 0 });
      expect((await doctor(QUIET, { dataDir, env })).get('ca').state).toBe('ok');
    },
    LIMIT_MS,
  );

  it.each([
    [-3 * 365, 'it is valid only from'],
    [11 * 365, 'it expired on'],
  ])(
    'a clock that is %i days off is told as that, and nothing is thrown away',
    async (days, words) => {
      const { dataDir, env } = await withCa();
      const before = await readdir(path.join(dataDir, 'ca'));
      const clock = new URL('../../fixtures/wrong-clock.mjs', import.meta.url);
      const wrong = {
        ...env,
        WRONG_CLOCK_DAYS: String(days),
        NODE_OPTIONS: `--import ${pathToFileURL(clock.pathname)}`,
      };
      const { get } = await doctor(QUIET, { dataDir, env: wrong });
      expect(get('ca')).toMatchObject({ state: 'problem', detail: expect.stringContaining(words) });
      expect(get('ca').detail).toContain('the clock of this machine says 20');
      const run = await cli(['run', ...QUIET], { dataDir, env: wrong });
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/The clock of this machine says .*ca rotate/);
      expect(await readdir(path.join(dataDir, 'ca'))).toEqual(before);
    },
    LIMIT_MS,
  );

  it(
    'a clock 3 years ahead is within its life',
    async () => {
      const { dataDir, env } = await withCa();
      const clock = new URL('../../fixtures/wrong-clock.mjs', import.meta.url);
      const ahead = { ...env, WRONG_CLOCK_DAYS: '1095', NODE_OPTIONS: `--import ${pathToFileURL(clock.pathname)}` };
      expect((await doctor(QUIET, { dataDir, env: ahead })).get('ca').state).toBe('ok');
    },
    LIMIT_MS,
  );
});

describe.skipIf(!needs('chromium') || !needs('certutil'))('trust [needs chromium, certutil]', () => {
  it(
    'a browser that would warn is a problem; its line mends it',
    async () => {
      const { dataDir, env } = await withCa();
      const before = await doctor(QUIET, { dataDir, env });
      expect(before.code).toBe(1);
      expect(before.get('trust.chromium')).toMatchObject({
        state: 'problem',
        detail: expect.stringContaining('does not trust the CA'),
      });
      // Several are left, and one command does them all.
      const left = before.findings.filter(({ id, state }) => id.startsWith('trust.') && state !== 'ok');
      expect(left.map(({ detail }) => detail.endsWith('all of them at once: hostwise trust'))).toEqual(
        left.map((_, index) => index === 0),
      );
      // curl and the like: plain http works for them, and "ca env".
      expect(before.get('trust.system').state).toBe('advice');
      shell(before.get('trust.chromium').fix ?? '');
      const after = await doctor(QUIET, { dataDir, env });
      expect(after.get('trust.chromium')).toMatchObject({ state: 'ok', detail: 'trusts the CA' });
    },
    LIMIT_MS,
  );
});

describe('ports', () => {
  it(
    'a port that is taken: by which program, and how to live with a router',
    async () => {
      const script = 'require("net").createServer().listen(0,"127.0.0.1",function(){console.log(this.address().port)})';
      const children = ['nginx', 'mystery'].map((argv0) => spawn(process.execPath, ['-e', script], { argv0 }));
      onTestFinished(() => children.forEach((child) => void child.kill('SIGKILL')));
      const [nginx, mystery] = await Promise.all(
        children.map(async ({ stdout }) => Number(String((await once(stdout, 'data'))[0]))),
      );
      const flags = ['--https-port', String(nginx), '--http-port', String(mystery), '--resolve', 'names'];
      const { get, code } = await doctor(flags, { dataDir: await tempDir('hw-doc') });
      expect(code).toBe(1);
      expect(get('port.https')).toMatchObject({
        state: 'problem',
        detail: expect.stringMatching(/^is in use by nginx \(pid \d+\): it may keep the port/),
      });
      expect(get('port.https').fix).toBe('sudo systemctl stop nginx');
      expect(get('port.http')).toMatchObject({
        state: 'problem',
        detail: expect.stringMatching(/by mystery \(pid \d+\)$/),
      });
      expect(get('port.http').fix).toBe(`ps -fp ${children[1]?.pid}`);
    },
    LIMIT_MS,
  );
});

describe('the LLM', () => {
  it(
    'a key that the server refuses is never repeated, and nothing is asked that costs anything',
    async () => {
      const server = await startLlmServer(() => true, {
        refuse: () => undefined,
        pages: { '/v1/models': { data: [{ id: 'a-model' }] } },
      });
      onTestFinished(() => server.close());
      const dataDir = await tempDir('hw-doc');
      const free = ['--https-port', '0', '--http-port', '0'];
      const env = { LLM_API_URL: server.url, LLM_API_KEY: 'sk-not-this-one-1234', MODEL: 'b-model' };
      const fine = await doctor(free, { dataDir, env });
      expect(fine.get('llm')).toMatchObject({
        state: 'advice',
        detail: expect.stringContaining('does not list the model "b-model" (it has a-model'),
      });
      expect(server.requests).toEqual([]);

      const strict = net.createServer((socket) => {
        socket.end(
          'HTTP/1.1 401 No\r\ncontent-length: 65\r\n\r\n{"error":{"message":"Incorrect API key: sk-not-this-one-1234 !"}}',
        );
      });
      strict.listen(0, '127.0.0.1');
      await once(strict, 'listening');
      onTestFinished(() => void strict.close());
      const { port } = strict.address() as net.AddressInfo;
      const refused = await doctor(free, { dataDir, env: { ...env, LLM_API_URL: `http://127.0.0.1:${port}/v1` } });
      expect(refused.get('llm')).toMatchObject({
        state: 'problem',
        detail: expect.stringContaining('refuses the key (401)'),
      });
      expect(JSON.stringify(refused)).not.toContain('not-this-one');
    },
    LIMIT_MS,
  );

  it(
    'a server that is not there, or says nothing, is a line like any other',
    async () => {
      const silent = net.createServer(() => {}).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      onTestFinished(() => void silent.close());
      const { port } = silent.address() as net.AddressInfo;
      const { get } = await doctor(['--https-port', '0', '--http-port', '0'], {
        dataDir: await tempDir('hw-doc'),
        env: { LLM_API_URL: `http://127.0.0.1:${port}/v1`, MODEL: 'm' },
      });
      expect(get('llm')).toMatchObject({ state: 'problem', detail: expect.stringContaining('did not answer in') });
      expect(get('node').state).toBe('ok');
    },
    LIMIT_MS,
  );
});

describe('the service', () => {
  it(
    'whose Node is gone after an update is told apart from one that only stands still',
    async () => {
      const config = await tempDir('hw-config');
      const dataDir = await tempDir('hw-doc');
      const folder = path.join(config, 'systemd', 'user');
      await mkdir(folder, { recursive: true });
      const install = async (node: string): Promise<void> => {
        const [unit] = userUnits({
          program: [node, MAIN],
          flags: ['--data-dir', dataDir],
          dataDir,
          writable: [dataDir],
          path: '/usr/bin:/bin',
        });
        await writeFile(path.join(folder, 'hostwise.service'), unit?.text ?? '');
      };
      const env = { XDG_CONFIG_HOME: config };
      await install('/opt/nvm/v24.0.0/bin/node');
      expect((await doctor(QUIET, { dataDir, env })).findings).toContainEqual({
        id: 'service',
        title: 'Service',
        state: 'problem',
        detail: 'it starts "/opt/nvm/v24.0.0/bin/node", which is gone: after an update?',
        fix: 'hostwise service install',
      });
      await install(process.execPath);
      expect((await doctor(QUIET, { dataDir, env })).get('service')).toMatchObject({
        state: 'problem',
        detail: 'it is installed and does not run',
        fix: 'systemctl --user start hostwise.service',
      });
    },
    LIMIT_MS,
  );
});

describe('Docker', () => {
  it(
    'something else on its socket is a reason, not a failure',
    async () => {
      const dataDir = await tempDir('hw-doc');
      const socket = path.join(dataDir, 'odd.sock');
      const odd = net.createServer((connection) => {
        connection.on('error', () => {});
        connection.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhtml');
      });
      odd.listen(socket);
      await once(odd, 'listening');
      onTestFinished(() => void odd.close());
      const { get } = await doctor(QUIET, { dataDir, env: { DOCKER_HOST: `unix://${socket}` } });
      expect(get('docker')).toMatchObject({ state: 'problem', detail: expect.stringContaining(socket) });
    },
    LIMIT_MS,
  );
});

/** In a mount and network namespace: /etc is a copy, nobody can be asked over the network. */
function apart(script: string, env: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('unshare', ['--mount', '--net', 'sh', '-ec', `ip link set lo up\n${script}`], {
    encoding: 'utf8',
    env: developerEnv({ ...COMPILE_CACHE, NODE: process.execPath, MAIN, ...env }),
    timeout: 50_000,
  });
}

describe.skipIf(!needs('namespaces'))('on a machine of its own [needs namespaces]', () => {
  it(
    'names: unknown to getaddrinfo, then known by lines in /etc/hosts on both families, then gone again',
    async () => {
      const work = await tempDir('hw-etc');
      const { stdout, stderr, status } = apart(
        `
      mkdir $WORK/etc
      tar -C /etc --exclude=./resolv.conf -cf - . | tar -C $WORK/etc -xf -
      mount --bind $WORK/etc /etc
      printf '127.0.0.1 localhost\\n10.9.8.7 mine.localhost\\n' > /etc/hosts
      chmod 640 /etc/hosts
      printf 'hosts: files dns\\n' > /etc/nsswitch.conf
      cp /etc/hosts $WORK/before
      doctor() { $NODE $MAIN doctor --json --https-port 0 --http-port 0 > $WORK/$1.json || true; }
      doctor 1
      $NODE $MAIN doctor --hosts write
      cp /etc/hosts $WORK/written
      doctor 2
      $NODE $MAIN doctor --hosts remove
      cmp /etc/hosts $WORK/before
      stat -c %a /etc/hosts`,
        { WORK: work, HOME: work, HOSTWISE_DATA_DIR: path.join(work, 'data'), DOCKER_HOST: `unix://${work}/none` },
      );
      expect({ status, stderr: stderr.replace(/^It knows no wildcards.*\n/m, '') }).toEqual({ status: 0, stderr: '' });
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('640');
      const answer = async (n: number) => readDoctor(0, await readFile(path.join(work, `${n}.json`), 'utf8'));
      const [before, after] = [await answer(1), await answer(2)];
      expect(before.get('names.system')).toMatchObject({ state: 'advice', fix: expect.stringContaining('myhostname') });
      // Most have no program of that kind: it is said, and is no fault.
      expect(before.get('names.musl')).toMatchObject({
        state: 'ok',
        detail: expect.stringContaining('know only what the hosts file has: hostwise doctor --hosts write'),
      });
      expect(await readFile(path.join(work, 'written'), 'utf8')).toContain(
        '127.0.0.1 proxy.localhost\n::1 proxy.localhost\n',
      );
      expect(after.get('names.system')).toMatchObject({
        state: 'ok',
        detail: expect.stringContaining('IPv4 and IPv6'),
      });
      // Nothing listens in this namespace, so there is no LLM either: an extra that nobody has to have.
      expect(after.get('llm')).toEqual({
        id: 'llm',
        title: 'LLM',
        state: 'ok',
        detail: 'none; exact names work without. One is set up by: hostwise setup',
      });
      expect(after.get('names.musl').detail).toBe('the names in use (1) are in the hosts file');
    },
    LIMIT_MS,
  );

  it(
    'a full disk, and a read-only one',
    async () => {
      const work = await tempDir('hw-full');
      const script = `
      mkdir $WORK/data
      mount -t tmpfs -o size=128k,mode=700 tmpfs $WORK/data
      dd if=/dev/zero of=$WORK/data/fill bs=4k 2>/dev/null || true
      $NODE $MAIN doctor --json --resolve names --data-dir $WORK/data > $WORK/full.json || true
      ls -A $WORK/data
      rm $WORK/data/fill
      mount -o remount,ro $WORK/data
      $NODE $MAIN doctor --json --resolve names --data-dir $WORK/data > $WORK/ro.json || true`;
      const { stdout, status } = apart(script, { WORK: work, HOME: work, DOCKER_HOST: `unix://${work}/none` });
      expect({ status, stdout }).toEqual({ status: 0, stdout: 'fill\n' });
      const of = async (name: string) => readDoctor(1, await readFile(path.join(work, name), 'utf8')).get('data');
      expect(await of('full.json')).toMatchObject({
        state: 'problem',
        detail: expect.stringContaining('the disk is full'),
      });
      expect(await of('ro.json')).toMatchObject({
        state: 'problem',
        detail: expect.stringContaining('the file system is read-only'),
      });
    },
    LIMIT_MS,
  );
});
