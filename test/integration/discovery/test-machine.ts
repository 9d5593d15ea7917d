/** A dozen real servers of every kind that listens differently. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';

/** What a server says about itself when it listens. */
export interface ServerReport {
  pid: number;
  ports: number[];
  children: ServerReport[];
}

/** A started server and where it was started. */
export interface Server extends ServerReport {
  cwd: string;
  process: StartedProcess;
}

/** Servers by what is special about them. */
export type Servers = Record<
  | 'ipv4'
  | 'ipv6Only'
  | 'wildcard'
  | 'dualStack'
  | 'mapped'
  | 'cluster'
  | 'shared'
  | 'orphans'
  | 'supervisor'
  | 'several'
  | 'renamed'
  | 'title'
  | 'longTitle'
  | 'longCommand'
  | 'nonAscii'
  | 'deletedCwd',
  Server
> & { otherUser?: Server };

/** The uid of nobody. */
export const NOBODY = 65_534;

const FIXTURES = fileURLToPath(new URL('../../fixtures/discovery/', import.meta.url));

/** The machine; stop it when done. */
export class TestMachine {
  readonly root: string;
  readonly #started: StartedProcess[] = [];
  /** Servers that left the process they were started by. */
  readonly #daemons: number[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<TestMachine> {
    return new TestMachine(await makeTempDir('hwd'));
  }

  /** Start one server in a directory of its own and wait until it listens. */
  async start(name: string, options: object, more: { script?: string; args?: string[] } = {}): Promise<Server> {
    const cwd = path.join(this.root, name);
    await mkdir(cwd, { recursive: true });
    const args = [path.join(FIXTURES, more.script ?? 'server.mjs'), JSON.stringify(options), ...(more.args ?? [])];
    const started = startProcess(process.execPath, args, { cwd });
    this.#started.push(started);
    const [line] = await started.printed(/^\{.*\}$/m);
    const report = JSON.parse(line) as ServerReport;
    if (report.pid !== started.pid) this.#daemons.push(report.pid, ...report.children.map(({ pid }) => pid));
    return { ...report, cwd, process: started };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((started) => started.stop()));
    for (const pid of this.#daemons) killIfThere(pid);
    await removeDir(this.root);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Start all of them at once. */
export async function startServers(machine: TestMachine, asRoot: boolean): Promise<Servers> {
  const v4 = { host: '127.0.0.1' };
  const v6 = { host: '::1' };
  // The kernel takes 2 MiB at most, the environment included.
  const longArgs = Array.from({ length: 1_800 }, (_, i) => `--option-${i}=${'x'.repeat(1000)}`);
  const entries = await Promise.all(
    Object.entries({
      ipv4: machine.start('ipv4', { listen: [v4] }),
      ipv6Only: machine.start('ipv6-only', { listen: [v6] }),
      wildcard: machine.start('wildcard', { listen: [{ host: '0.0.0.0' }] }),
      dualStack: machine.start('dual-stack', { listen: [{ host: '::' }] }),
      mapped: machine.start('mapped', { listen: [{ host: '::ffff:127.0.0.1' }] }),
      cluster: machine.start('cluster', {}, { script: 'cluster.mjs' }),
      shared: machine.start('shared', { listen: [v4], shared: true }),
      orphans: machine.start('orphans', {}, { script: 'orphans.mjs' }),
      supervisor: machine.start('supervisor', { listen: [v4], child: { listen: [v6] } }),
      several: machine.start('several', { listen: [v4, v6, v4, { host: '::', ipv6Only: true }] }),
      renamed: machine.start('renamed', { listen: [v4], title: 'my-api' }),
      title: machine.start('title', { listen: [v4], title: 'puma 6.5 (tcp)' }),
      longTitle: machine.start('long-title', { listen: [v4], title: 'next-server (v15.1.0)' }),
      longCommand: machine.start('long-command', { listen: [v4] }, { args: longArgs }),
      nonAscii: machine.start('bücher – 本 (x)', { listen: [v4] }, { args: ['--näme=本"\n'] }),
      deletedCwd: machine.start('deleted', { listen: [v4] }),
      ...(asRoot ? { otherUser: machine.start('other-user', { listen: [v4], user: NOBODY }) } : {}),
    }).map(async ([name, server]) => [name, await server] as const),
  );
  const servers = Object.fromEntries(entries) as Servers;
  await writeFile(path.join(servers.nonAscii.cwd, 'package.json'), '{"name":"bücher"}');
  await rm(servers.deletedCwd.cwd, { recursive: true });
  return servers;
}
