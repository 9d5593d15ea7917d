/** Servers that nobody started in a terminal of their own are found like any other. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ProcessService } from '../../../src/core/service.ts';
import { type Backend, Scanner } from '../../../src/discovery/scan.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { type ServerReport, TestMachine } from './test-machine.ts';

const SERVER = fileURLToPath(new URL('../../fixtures/discovery/server.mjs', import.meta.url));
const LISTEN = { listen: [{ host: '127.0.0.1' }] };
const BACKENDS: Backend[] = ['proc', 'ss', 'lsof'];

async function find(backend: Backend, pid: number): Promise<ProcessService | undefined> {
  const { processes } = await new Scanner({ backend, ownPids: [] }).scan();
  return processes.find((process) => process.pid === pid);
}

describe.skipIf(!needs('linux') || !needs('ss') || !needs('lsof'))('[needs linux, ss, lsof]', () => {
  let machine: TestMachine;
  beforeAll(async () => {
    machine = await TestMachine.make();
  });
  afterAll(() => machine.stop());

  it('a server that made itself a daemon is found, in its directory', async () => {
    const server = await machine.start('daemon', LISTEN, { script: 'daemon.mjs' });
    expect(server.pid).not.toBe(server.process.pid);
    for (const backend of BACKENDS) {
      const service = await find(backend, server.pid);
      expect(service).toMatchObject({ command: 'node', cwd: server.cwd, listen: [{ port: server.ports[0] }] });
      expect([process.pid, server.process.pid]).not.toContain(service?.ppid);
    }
  });

  it.skipIf(!needs('tmux'))('a server in tmux is found, in its directory [needs tmux]', async () => {
    const socket = path.join(machine.root, 'tmux.sock');
    const tmux = (...args: string[]) =>
      promisify(execFile)(requireTool('tmux'), ['-S', socket, '-f', '/dev/null', ...args]);
    onTestFinished(async () => void (await tmux('kill-server')));
    const report = path.join(machine.root, 'tmux.json');
    const command = `exec "${process.execPath}" "${SERVER}" '${JSON.stringify(LISTEN)}' > "${report}"`;
    await tmux('new-session', '-d', '-c', machine.root, command);
    const { pid, ports } = await waitFor('the server in tmux', () => reportIn(report));
    for (const backend of BACKENDS)
      expect(await find(backend, pid)).toMatchObject({
        command: 'node',
        cwd: machine.root,
        listen: [{ port: ports[0] }],
      });
  });

  it('a server that an agent put in the background of a shell that ended, with no terminal, is found', async () => {
    const report = path.join(machine.root, 'agent.json');
    const command = `nohup "${process.execPath}" "${SERVER}" '${JSON.stringify(LISTEN)}' > "${report}" 2>&1 < /dev/null &`;
    await promisify(execFile)('sh', ['-c', command], { cwd: machine.root });
    const { pid, ports } = await waitFor('the server in the background', () => reportIn(report));
    onTestFinished(() => void process.kill(pid, 'SIGKILL'));
    for (const backend of BACKENDS)
      expect(await find(backend, pid)).toMatchObject({
        command: 'node',
        cwd: machine.root,
        listen: [{ port: ports[0] }],
      });
  });
});

/** What a server wrote there, once all of it is. */
async function reportIn(file: string): Promise<ServerReport | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.endsWith('\n') ? (JSON.parse(text) as ServerReport) : undefined;
}
