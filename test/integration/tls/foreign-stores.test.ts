/** The trust stores that are not Linux's own: macOS and Windows by the commands as built, Java for real. */
import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Authority, loadOrCreateAuthority, rotateAuthority } from '../../../src/tls/authority.ts';
import type { TrustOptions } from '../../../src/tls/trust/surroundings.ts';
import { type StoreChange, trustEverywhere, untrustEverywhere } from '../../../src/tls/trust/trust-everywhere.ts';
import { rootOf, trustReport } from '../../../src/tls/trust/trust-report.ts';
import { macosTools, put, windowsTools } from '../../fixtures/foreign-trust-tools.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const run = promisify(execFile);
/** A Java machine takes a second to start, and five on a busy machine; it is started a dozen times. */
const LIMIT_MS = 120_000;

let home: string;
let authority: Authority;
/** Called like ours and of another kind: somebody else's, in the same store. */
let stranger: Authority;

beforeEach(async () => {
  home = path.join(await tempDir('hw-foreign'), 'my home');
  await mkdir(home, { recursive: true });
  authority = await loadOrCreateAuthority(home, { domains: ['localhost'] });
  stranger = await loadOrCreateAuthority(path.join(home, 'other'), { domains: ['example.test'] });
});

const results = (changes: readonly StoreChange[]) => changes.map(({ id, result }) => `${id} ${result}`);

describe('the keychains of macOS', () => {
  const options = (tools: ReturnType<typeof macosTools>, isRoot: boolean): TrustOptions => ({
    platform: 'darwin',
    isRoot,
    isWsl: false,
    systemRoot: path.join(home, 'nothing'),
    programs: new Map(),
    run: tools.run,
  });

  it.each([
    ['login', 'keychain', false],
    ['system', 'keychain', true],
  ])('the %s one takes the CA once, and loses it and those before it, and nobody else’s', async (name, id, isRoot) => {
    const tools = macosTools({ isRoot });
    put(tools.store(name), stranger.rootPem);
    const given = options(tools, isRoot);
    expect(results(await trustEverywhere(rootOf(authority), home, given))).toEqual([`${id} done`]);
    expect(results(await trustEverywhere(rootOf(authority), home, given))).toEqual([`${id} unchanged`]);
    expect((await trustReport(authority, home, given)).trusted).toBe(true);
    const next = await rotateAuthority(home, { domains: ['localhost'] });
    await trustEverywhere(rootOf(next), home, given);
    expect(tools.store(name).size).toBe(3);
    expect(results(await untrustEverywhere(home, given))).toEqual([`${id} done`]);
    expect([...tools.store(name).values()].join('')).toBe(stranger.rootPem);
  });

  it('that may not be changed over SSH are a reason and the one command, and nothing fails', async () => {
    const given = options(macosTools({ isRoot: false, refuses: true }), false);
    const [change] = await trustEverywhere(rootOf(authority), home, given);
    expect(change).toMatchObject({ result: 'failed', reason: expect.stringContaining('no user interaction') });
    expect(change?.commands).toEqual([
      `security add-trusted-cert -r trustRoot -k '${home}/Library/Keychains/login.keychain-db' '${authority.rootFile}'`,
    ]);
  });
});

describe('the root store of Windows', () => {
  it.each([
    ['from WSL, by paths of Windows', true],
    ['of this machine', false],
  ])('%s takes the CA once, and loses it, and nobody else’s', async (_how, isWsl) => {
    const tools = windowsTools({ isWsl });
    put(tools.store('Root'), stranger.rootPem);
    const given: TrustOptions = {
      platform: isWsl ? 'linux' : 'win32',
      isRoot: false,
      isWsl,
      systemRoot: path.join(home, 'nothing'),
      programs: new Map(),
      run: tools.run,
    };
    expect(results(await trustEverywhere(rootOf(authority), home, given))).toEqual(['windows done']);
    expect(results(await trustEverywhere(rootOf(authority), home, given))).toEqual(['windows unchanged']);
    expect(tools.changes).toHaveLength(1);
    expect(results(await untrustEverywhere(home, given))).toEqual(['windows done']);
    expect([...tools.store('Root').values()].join('')).toBe(stranger.rootPem);
  });
});

describe.skipIf(!needs('javac'))('Java of JAVA_HOME [needs javac]', () => {
  it(
    'takes the CA once, and loses it, and nobody else’s',
    async () => {
      const javaHome = path.join(home, 'jdk');
      await mkdir(path.join(javaHome, 'bin'), { recursive: true });
      await mkdir(path.join(javaHome, 'lib/security'), { recursive: true });
      const keytool = path.join(requireTool('javac'), '../keytool');
      await symlink(keytool, path.join(javaHome, 'bin/keytool'));
      const place = ['-keystore', path.join(javaHome, 'lib/security/cacerts'), '-storepass', 'changeit'];
      await run(keytool, ['-importcert', '-noprompt', '-alias', 'other', '-file', stranger.rootFile, ...place]);
      const entries = async (): Promise<number> =>
        ((await run(keytool, ['-list', ...place])).stdout.match(/trustedCertEntry/g) ?? []).length;

      const given: TrustOptions = {
        platform: 'linux',
        isRoot: false,
        isWsl: false,
        systemRoot: path.join(home, 'nothing'),
        programs: new Map(),
        javaHome,
      };
      expect(results(await trustEverywhere(rootOf(authority), home, given))).toEqual(['java done']);
      expect(results(await trustEverywhere(rootOf(authority), home, given))).toEqual(['java unchanged']);
      expect(await entries()).toBe(2);
      expect(results(await untrustEverywhere(home, given))).toEqual(['java done']);
      expect(await entries()).toBe(1);
    },
    LIMIT_MS,
  );
});
