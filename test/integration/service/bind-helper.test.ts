/**
 * The helper that opens ports as root and becomes hostwise: run for real, in a network of its own, so that the ports are
 * 443 and 80.
 */
import { spawnSync } from 'node:child_process';
import { chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellLine } from '../../../src/core/shell-quote.ts';
import { type HelperSocket, helperWords } from '../../../src/service/units/bind-helper.ts';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { needs } from '../../fixtures/needs.ts';
import { MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

/** nobody. */
const USER = { uid: 65_534, gid: 65_534 };
const SOCKETS: readonly HelperSocket[] = [
  { name: 'https', host: '127.0.0.1', port: 443 },
  { name: 'https', host: '::1', port: 443 },
  { name: 'http', host: '127.0.0.1', port: 80 },
  { name: 'http', host: '::1', port: 80 },
];

function inOwnNetwork(script: string, env: Record<string, string> = {}): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', `ip link set lo up\n${script}`], {
    encoding: 'utf8',
    env: developerEnv(env),
    timeout: 50_000,
  });
  return { status, output: stdout + stderr };
}

const ready = needs('namespaces') && needs('perl') && needs('curl');

describe.skipIf(!ready)('the helper [needs namespaces, perl, curl]', () => {
  it('opens 443 and 80 on loopback and becomes hostwise, without any right of root', async () => {
    const home = path.join(await tempDir('hw-helper'), 'home');
    await mkdir(home, { mode: 0o700 });
    await chown(home, USER.uid, USER.gid);
    await chown(path.dirname(home), USER.uid, USER.gid);
    const dataDir = path.join(home, 'data');
    const program = [process.execPath, MAIN, 'run', '--data-dir', dataDir, '--resolve', 'names'];
    const { output } = inOwnNetwork(
      `${shellLine(...helperWords(USER, SOCKETS, program))} > ${home}/out 2>&1 & pid=$!
      for try in $(seq 150); do grep -q Listens ${home}/out && break; sleep 0.2; done
      grep Listens ${home}/out
      grep -E '^(Uid|Gid|Groups|CapEff)' /proc/$pid/status
      for url in https://127.0.0.1 'https://[::1]' http://127.0.0.1 'http://[::1]'; do
        curl -gsk -o /dev/null -w '%{http_code} ' -H 'Host: nobody.localhost' -H 'Accept: application/json' $url/
      done
      kill $pid; wait $pid; echo ended $?`,
      { HOME: home, DOCKER_HOST: `unix://${home}/none` },
    );
    expect(output).toContain('https 443, http 80 on 127.0.0.1 and ::1');
    expect(output).toMatch(/^Uid:(\s+65534){4}$/m);
    expect(output).toMatch(/^Gid:(\s+65534){4}$/m);
    expect(output).toMatch(/^CapEff:\s+0{16}$/m);
    expect(output).toMatch(/^Groups:\s+65534\s*$/m);
    expect(output).toMatch(/^404 404 404 404 ended 0$/m);
  });

  it('says which socket it cannot have, and starts nothing', () => {
    const words = helperWords(USER, [...SOCKETS.slice(0, 1), ...SOCKETS.slice(0, 1)], ['/bin/echo', 'started']);
    expect(inOwnNetwork(shellLine(...words))).toEqual({
      status: expect.any(Number),
      output: '127.0.0.1 port 443: Address already in use\n',
    });
  });

  it.each([
    ['root', helperWords({ uid: 0, gid: 0 }, SOCKETS, ['/bin/echo', 'started']), 'a user is needed'],
    [
      'an odd address',
      helperWords(USER, [{ name: 'x', host: 'a;b', port: 1 }], ['/bin/echo', 'started']),
      'bad socket',
    ],
    ['nothing', helperWords(USER, SOCKETS, []), 'nothing to become'],
  ])('refuses %s', (_, words, reason) => {
    const { status, output } = inOwnNetwork(shellLine(...words));
    expect(status).not.toBe(0);
    expect(output).toContain(reason);
    expect(output).not.toContain('started');
  });
});
