/** One command line of the program, run as a user would run it, to its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The program, from its sources. */
export const MAIN = join(ROOT, 'src/main.ts');
/** No command of these tests may take longer, whatever it was given. */
const LIMIT_MS = 18_000;

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
      // As the scripts of package.json do: every call would compile a hundred files anew.
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compile'),
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
