/** Docker's own contexts, as `docker context create` and `docker context use` leave them on disk. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseEngine } from '../../../src/discovery/docker/engine-address.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

/** The folder is named after the digest of the context's name. */
async function makeContext(config: string, name: string, endpoint: object): Promise<string> {
  const digest = createHash('sha256').update(name).digest('hex');
  await mkdir(join(config, 'contexts/meta', digest), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: endpoint } };
  await writeFile(join(config, 'contexts/meta', digest, 'meta.json'), JSON.stringify(meta));
  return digest;
}

async function config(current?: string): Promise<string> {
  const folder = await tempDir();
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify(current === undefined ? {} : { currentContext: current }),
  );
  return folder;
}

it('the current context of config.json is taken, and DOCKER_CONTEXT before it', async () => {
  const folder = await config('rootless');
  await makeContext(folder, 'rootless', { Host: 'unix:///run/user/7/docker.sock' });
  await makeContext(folder, 'build', { Host: 'ssh://kim@build.example' });
  const env = { DOCKER_CONFIG: folder };
  expect(await chooseEngine({ env, home: '' })).toMatchObject({ addresses: [{ path: '/run/user/7/docker.sock' }] });
  const chosen = await chooseEngine({ env: { ...env, DOCKER_CONTEXT: 'build' }, home: '' });
  expect(chosen).toMatchObject({ addresses: [{ kind: 'ssh', host: 'build.example', user: 'kim' }] });
});

it('the context "default" means the usual sockets', async () => {
  const env = { DOCKER_CONFIG: await config('default') };
  expect(await chooseEngine({ env, home: '' })).toMatchObject({
    addresses: expect.arrayContaining([expect.objectContaining({ path: '/var/run/docker.sock' })]),
  });
});

it('the certificates of a context are used for its engine', async () => {
  const folder = await config('secure');
  const digest = await makeContext(folder, 'secure', { Host: 'tcp://build.example:2376', SkipTLSVerify: false });
  const tls = join(folder, 'contexts/tls', digest, 'docker');
  await mkdir(tls, { recursive: true });
  for (const name of ['ca.pem', 'cert.pem', 'key.pem']) await writeFile(join(tls, name), `the ${name}`);
  const chosen = await chooseEngine({ env: { DOCKER_CONFIG: folder }, home: '' });
  expect(chosen).toMatchObject({ addresses: [{ host: 'build.example', port: 2376, tls: { verify: true } }] });
  expect(JSON.stringify(chosen)).toContain('the ca.pem');
});

it.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['an endpoint that is none', JSON.stringify({ Name: 'broken', Endpoints: { docker: { Host: 'nonsense' } } })],
])('a context file that is %s is a warning that names the context', async (_what, text) => {
  const folder = await config('broken');
  const digest = await makeContext(folder, 'broken', {});
  await writeFile(join(folder, 'contexts/meta', digest, 'meta.json'), text);
  expect(await chooseEngine({ env: { DOCKER_CONFIG: folder }, home: '' })).toEqual({
    warning: expect.stringContaining('broken'),
  });
});
