/** `hostwise services` on a machine where a project runs, with no daemon. */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { snapshotSchema } from '../../../src/core/service.ts';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { initRepo } from '../../fixtures/git-repo.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { cli } from './run-cli.ts';

const SERVER = `require('node:http').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;

let root: string;
let folder: string;
let server: StartedProcess;
let port: number;
let editor: StartedProcess;
let debugged: StartedProcess;
let debuggedPort: number;
let name: string;

/** With `--inspect=0` the command line would not say which port it is. */
async function freePort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  holder.close();
  await once(holder, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

beforeAll(async () => {
  root = await makeTempDir('hw-services');
  name = `cli-${process.pid}-shop`;
  folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name }));
  await writeFile(join(folder, 'server.js'), SERVER);
  await initRepo(folder);
  server = startProcess(process.execPath, ['server.js', '--api-key', 'geheim-1234'], { cwd: folder });
  port = Number((await server.printed(/^(\d+)\n/))[1]);
  // What is no candidate: a language server, and the debugger of one that is.
  await mkdir(join(root, 'typescript-language-server'));
  await writeFile(join(root, 'typescript-language-server', 'typescript-language-server.js'), SERVER);
  editor = startProcess(process.execPath, [join(root, 'typescript-language-server', 'typescript-language-server.js')], {
    cwd: root,
  });
  await editor.printed(/^\d+\n/);
  const other = join(root, 'debugged');
  await mkdir(other);
  await writeFile(join(other, 'server.js'), SERVER);
  debugged = startProcess(process.execPath, [`--inspect=127.0.0.1:${await freePort()}`, 'server.js'], { cwd: other });
  debuggedPort = Number((await debugged.printed(/ws:\/\/127\.0\.0\.1:(\d+)\//))[1]);
});

afterAll(async () => {
  await Promise.all([server, editor, debugged].map((one) => one?.stop()));
  await removeDir(root);
});

describe('hostwise services', () => {
  it('shows the project with the hostname that it has, and that no daemon runs', async () => {
    const { code, stdout, stderr } = await cli(['services']);
    expect(code).toBe(0);
    const line = stdout.split('\n').find((one) => one.includes(`127.0.0.1:${port}`));
    expect(line).toMatch(new RegExp(`^${name}\\.localhost +${name} +main +node server\\.js`));
    expect(stderr).toContain('hostwise is not running');
  });

  it('names the project as its hostname does, whatever its manifest says, or without one', async () => {
    const folders = ['alpha', 'omega'].map((word) => join(root, `${word}-${process.pid}`));
    const [other = '', bare = ''] = folders;
    await Promise.all(folders.map((one) => mkdir(one)));
    await writeFile(join(other, 'package.json'), JSON.stringify({ name: `frontend-${process.pid}` }));
    const apps: number[] = [];
    for (const one of [other, bare]) {
      await writeFile(join(one, 'server.js'), SERVER);
      await initRepo(one);
      const app = startProcess(process.execPath, ['server.js'], { cwd: one });
      onTestFinished(() => app.stop());
      apps.push(Number((await app.printed(/^(\d+)\n/))[1]));
    }
    const { stdout } = await cli(['services']);
    for (const [i, one] of [other, bare].entries()) {
      const line = stdout.split('\n').find((text) => text.includes(`127.0.0.1:${apps[i]} `));
      expect(line).toMatch(new RegExp(`^${basename(one)}\\.localhost +${basename(one)} +main +node`));
    }
  });

  it('prints JSON in the snapshot format, with hostnames and without secrets', async () => {
    const { code, stdout } = await cli(['services', '--json']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('geheim-1234');
    const snapshot = snapshotSchema.parse(JSON.parse(stdout));
    expect(snapshot.processes.find(({ pid }) => pid === server.pid)).toMatchObject({
      id: `p${server.pid}`,
      cwd: folder,
      project: { name },
      git: { branch: 'main' },
      hostname: `${name}.localhost`,
      listen: [{ address: '127.0.0.1', port }],
    });
    expect(snapshot.processes.filter(({ noise }) => noise !== undefined)).toEqual([]);
  });

  it('shows with --all what is left out, and why, in the table and as JSON', async () => {
    const table = await cli(['services', '--all']);
    expect(table.stdout.split('\n')[0]).toMatch(/LEFT OUT$/);
    expect(table.stdout.split('\n').find((one) => one.includes(`:${debuggedPort}`))).toMatch(/debugger/);
    expect(table.stdout).toMatch(new RegExp(`p${editor.pid} +language server\\n`));

    const json = await cli(['services', '--all', '--json']);
    const { processes } = snapshotSchema.parse(JSON.parse(json.stdout));
    const left = processes.find(({ pid }) => pid === editor.pid);
    expect(left?.noise).toBe('language server');
    const inspected = processes.find(({ listen }) => listen.some(({ port }) => port === debuggedPort));
    expect(inspected?.listen.find(({ port }) => port === debuggedPort)?.noise).toBe('debugger');
    const few = await cli(['services']);
    expect(few.stdout).not.toContain(`p${editor.pid} `);
    expect(few.stderr).toMatch(/more that no hostname means: .*services --all/);
  });

  it('does not mind a reader that leaves', async () => {
    const { code, stderr } = await cli(['services', '--json'], { readLittle: true });
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });
});
