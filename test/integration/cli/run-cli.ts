/** One command line of the program, run as a user would run it, to its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** No command of these tests may hang, whatever it was given; on a busy machine they take ten times their time. */
const LIMIT_MS = 50_000;

/** What a command left behind. */
export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What may differ from a call in a shell without any setting. */
export interface CliOptions {
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Default: a new empty one. */
  dataDir?: string;
  /** Stop reading stdout after its first chunk, as `head` does. */
  readLittle?: boolean;
}

/** Run `hostwise ARGS`. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const dataDir = options.dataDir ?? (await tempDir('hw-cli'));
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? ROOT,
    env: developerEnv({
      HOSTWISE_DATA_DIR: dataDir,
      ...COMPILE_CACHE,
      DOCKER_HOST: `unix://${join(dataDir, 'no-docker.sock')}`,
      ...options.env,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const result: CliResult = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    result.stdout += chunk.toString();
    if (options.readLittle) child.stdout.destroy();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    result.stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...result, code }));
  });
}
