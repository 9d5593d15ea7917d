/** Can the data folder be written? A full disk shows only when bytes are written. */
import { randomBytes } from 'node:crypto';
import { open, stat, statfs, unlink } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../core/errors.ts';
import { shellLine } from '../core/shell-quote.ts';
import { prepareDataDir } from '../platform/paths.ts';
import type { Check, Finding } from './check.ts';

const NAMED = { id: 'data', title: 'Data folder' };
/** The mappings of a large machine and a new CA. */
const PROBE_BYTES = 256 * 1024;
/** Logs alone take 20 MB. */
const LOW_BYTES = 50 * 1024 * 1024;

/** See the file's header. */
export const dataFolder: Check = {
  ...NAMED,
  look: async ({ settings: { dataDir } }) => {
    const exists = await stat(dataDir).then(
      () => true,
      (error: unknown) => systemCode(error) !== 'ENOENT',
    );
    if (!exists) return [{ ...NAMED, state: 'ok', detail: `"${dataDir}" is made at the first start` }];
    // Says owner, mode and mount; makes nothing where the folder is there.
    await prepareDataDir(dataDir);
    return [await roomIn(dataDir)];
  },
};

async function roomIn(dataDir: string): Promise<Finding> {
  try {
    await writeProbe(dataDir);
  } catch (error) {
    const code = systemCode(error);
    const detail = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : String(code ?? error);
    return { ...NAMED, state: 'problem', detail: `"${dataDir}": ${detail}`, fix: shellLine('df', '-h', dataDir) };
  }
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const megabytes = Math.floor(free / 1024 / 1024);
  if (free >= LOW_BYTES) return { ...NAMED, state: 'ok', detail: `"${dataDir}" can be written` };
  return { ...NAMED, state: 'advice', detail: `"${dataDir}" has ${megabytes} MB left on its disk` };
}

async function writeProbe(dataDir: string): Promise<void> {
  const probe = path.join(dataDir, `.write-test-${randomBytes(6).toString('hex')}`);
  const handle = await open(probe, 'wx', 0o600);
  try {
    await handle.writeFile(Buffer.alloc(PROBE_BYTES));
    await handle.sync();
  } finally {
    await handle.close();
    await unlink(probe);
  }
}
