/** `hostwise run`: what it says at its start, and how it ends. */
import { chown, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startProcess } from '../../fixtures/dev-server.ts';
import { type RunningHostwise, startHostwise } from '../../fixtures/hostwise-process.ts';
import { needs } from '../../fixtures/needs.ts';
import { MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from './run-cli.ts';

async function started(options: Parameters<typeof startHostwise>[0] = {}): Promise<RunningHostwise> {
  const hostwise = await startHostwise(options);
  onTestFinished(() => hostwise.stop());
  await hostwise.process.printed(/Listens .*\n/);
  return hostwise;
}

describe('hostwise run', () => {
  it('says what to open, where it listens, which LLM it asks and how to trust it', async () => {
    const { process, httpPort, httpsPort } = await started({ args: ['--resolve', 'names'] });
    await process.printed(/Trust/);
    const page = process.output();
    expect(page).toContain(`http://proxy.localhost:${httpPort}/_debug`);
    expect(page).toContain(`https ${httpsPort}, http ${httpPort} on 127.0.0.1`);
    expect(page).toMatch(/LLM {6}.*--resolve names/);
    expect(page).toMatch(/ {2}hostwise trust {3}# \w/);
    expect(page).not.toContain('\u001b');
  });

  it.skipIf(!needs('namespaces'))(
    'gives a user without root’s rights the line that root would need [needs namespaces]',
    async () => {
      const home = await tempDir('hw-user');
      const uid = 54_325;
      await chown(home, uid, uid);
      const user = `setpriv --reuid ${uid} --regid ${uid} --clear-groups`;
      const inside = `ip link set lo up; exec ${user} ${process.execPath} ${MAIN} run --resolve names`;
      const env = { HOME: home, HOSTWISE_DATA_DIR: join(home, 'data'), DOCKER_HOST: `unix://${home}/none.sock` };
      const hostwise = startProcess('unshare', ['--net', 'sh', '-ec', inside], { cwd: home, env });
      onTestFinished(() => hostwise.stop());
      await hostwise.printed(/Trust/);
      expect(hostwise.output()).toMatch(/sudo \S+ \S+main\.[jt]s service install .*has the system open them/);
    },
  );

  it('says which LLM it asks, without the key', async () => {
    const env = { LLM_API_URL: 'http://127.0.0.1:1/v1', LLM_API_KEY: 'sk-geheim-123456', MODEL: 'test/model' };
    const { process } = await started({ env });
    await process.printed(/LLM {6}test\/model at http:\/\/127\.0\.0\.1:1\/v1/);
    expect(process.output()).not.toContain('geheim');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends with exit code 0 at %s', async (signal) => {
    const hostwise = await started();
    process.kill(hostwise.process.pid, signal);
    process.kill(hostwise.process.pid, signal);
    expect(await hostwise.process.exited).toBe(0);
  });

  it('answers on its ports until it ends, then no more', async () => {
    const hostwise = await started();
    const url = `http://127.0.0.1:${hostwise.httpPort}/`;
    expect((await fetch(url)).status).toBe(421);
    process.kill(hostwise.process.pid, 'SIGTERM');
    await hostwise.process.exited;
    await expect(fetch(url)).rejects.toThrow();
  });

  it('does not start on a port that somebody has, and says who', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const { code, stdout, stderr } = await cli(['run', '--https-port', String(port), '--http-port', '0']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^hostwise: .*${port}`, 'm'));
  });

  it('does not start with a data folder that it cannot use', async () => {
    const folder = await tempDir('hw-run');
    await writeFile(join(folder, 'file'), '');
    const { code, stdout, stderr } = await cli(['run', '--data-dir', join(folder, 'file', 'data')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^hostwise: The data folder ".*" cannot be used/m);
  });
});
