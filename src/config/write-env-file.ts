/** Settings into `<data-dir>/hostwise.env`: whole or not at all, readable for its user alone. */
import { realpath } from 'node:fs/promises';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import { MAX_ENV_FILE_BYTES } from './env-file.ts';
import { withAssignments } from './env-text.ts';

/**
 * Change some settings of the file; the others stay. It gets mode 0600, since a key may be in it; the file behind a link
 * is changed, and the link stays.
 * @param values undefined takes a setting away
 * @throws {AppError} CONFIG_FILE_UNREADABLE with the file as it was · DATA_DIR_UNUSABLE
 */
export async function writeEnvFile(file: string, values: Readonly<Record<string, string | undefined>>): Promise<void> {
  const before = await textOf(file);
  const after = withAssignments(before ?? '', values);
  if (after === (before ?? '')) return;
  try {
    const place = before === undefined ? file : await realpath(file);
    await writeFileAtomic(place, after, { mode: 0o600 });
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `"${file}" cannot be written: ${messageOf(error)}`, {
      hint: 'It is as it was; make room, or make the folder writable, and try again',
      cause: error,
    });
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readRegularFile(file, MAX_ENV_FILE_BYTES);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new AppError('CONFIG_FILE_UNREADABLE', `The settings file "${file}" cannot be read: ${messageOf(error)}`, {
      hint: 'It is left as it is; make it a file that you may read, or remove it',
      cause: error,
    });
  }
}
