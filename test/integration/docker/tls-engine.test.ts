/** An engine over TLS that asks for a client certificate, as `dockerd --tlsverify` does. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Discovery } from '../../../src/discovery/snapshot.ts';
import { FakeEngine, fakeId } from '../../fixtures/fake-engine.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { makeTempDir, tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const run = promisify(execFile);

async function openssl(folder: string, ...args: string[]): Promise<void> {
  await run(requireTool('openssl'), args, { cwd: folder });
}

/** ca.pem, and cert.pem and key.pem of a client as docker wants them; server.pem and server-key.pem for 127.0.0.1. */
async function makeCertificates(folder: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(folder, 'req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=a test CA');
  for (const [cert, keyFile, ext] of [
    ['server.pem', 'server-key.pem', 'subjectAltName=IP:127.0.0.1'],
    ['cert.pem', 'key.pem', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-subj', '/CN=test', '-addext', ext];
    await openssl(folder, 'req', '-x509', ...key, ...signed, '-keyout', keyFile, '-out', cert);
  }
}

async function file(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8');
}

let good: string;
let other: string;

/** An engine that takes the clients of `good`. @returns its port */
async function tlsEngine(): Promise<number> {
  const engine = await FakeEngine.start([fakeId(1)]);
  onTestFinished(() => engine.stop());
  const [ca, cert, key] = await Promise.all(['ca.pem', 'server.pem', 'server-key.pem'].map((name) => file(good, name)));
  return engine.openTls({ ca, cert, key, requestCert: true, rejectUnauthorized: true });
}

function discoveryOf(env: Record<string, string>, dockerHost?: string): Discovery {
  const noProcesses = { scan: async () => ({ processes: [], containers: [] }), close: async () => {} };
  const discovery = new Discovery({ docker: { dockerHost, env, home: '' } }, noProcesses);
  onTestFinished(() => discovery.close());
  return discovery;
}

async function finds(discovery: Discovery): Promise<void> {
  await waitFor('the container', async () => (await discovery.refresh()).containers[0]?.name === 'box-1');
  expect(discovery.current?.warnings).toBeUndefined();
}

function warns(discovery: Discovery, words: string): Promise<unknown> {
  return waitFor(`“${words}”`, async () => (await discovery.refresh()).warnings?.some((one) => one.includes(words)));
}

describe.skipIf(!needs('openssl'))('an engine over TLS [needs openssl]', () => {
  beforeAll(async () => {
    [good, other] = await Promise.all([makeTempDir('hw-tls'), makeTempDir('hw-tls')]);
    await Promise.all([makeCertificates(good), makeCertificates(other)]);
  });

  it('is followed with the certificates of DOCKER_CERT_PATH', async () => {
    const port = await tlsEngine();
    await finds(discoveryOf({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: good }, `tcp://127.0.0.1:${port}`));
  });

  it('is followed with the certificates of a context', async () => {
    const port = await tlsEngine();
    const config = await tempDir();
    const digest = createHash('sha256').update('secure').digest('hex');
    const [meta, tls] = [join(config, 'contexts/meta', digest), join(config, 'contexts/tls', digest, 'docker')];
    await Promise.all([meta, tls].map((folder) => mkdir(folder, { recursive: true })));
    const docker = { Host: `tcp://127.0.0.1:${port}`, SkipTLSVerify: false };
    await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: 'secure', Endpoints: { docker } }));
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) await writeFile(join(tls, name), await file(good, name));
    await finds(discoveryOf({ DOCKER_CONFIG: config, DOCKER_CONTEXT: 'secure' }));
  });

  it('that another CA vouches for is not believed, with a warning that names the file', async () => {
    const port = await tlsEngine();
    const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: other };
    const discovery = discoveryOf(env, `tcp://127.0.0.1:${port}`);
    await warns(discovery, 'not vouched for by the ca.pem');
    expect(discovery.current?.containers).toEqual([]);
  });

  it('that does not take our certificate, or gets none, is a warning', async () => {
    const port = await tlsEngine();
    const mixed = await tempDir();
    await writeFile(join(mixed, 'ca.pem'), await file(good, 'ca.pem'));
    const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: mixed };
    await warns(discoveryOf(env, `tcp://127.0.0.1:${port}`), 'client certificate');
    for (const name of ['cert.pem', 'key.pem']) await writeFile(join(mixed, name), await file(other, name));
    await warns(discoveryOf(env, `tcp://127.0.0.1:${port}`), 'client certificate');
  });

  it('whose certificate files are none is a warning', async () => {
    const port = await tlsEngine();
    const broken = await tempDir();
    for (const name of ['ca.pem', 'cert.pem', 'key.pem']) await writeFile(join(broken, name), 'nonsense');
    const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: broken };
    await warns(discoveryOf(env, `tcp://127.0.0.1:${port}`), `tcp://127.0.0.1:${port}`);
  });
});
