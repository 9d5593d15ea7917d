/** `hostwise services` on a machine where a project runs, with no daemon. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
let name: string;

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
});

afterAll(async () => {
  await server?.stop();
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

  it('does not mind a reader that leaves', async () => {
    const { code, stderr } = await cli(['services', '--json'], { readLittle: true });
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });
});
