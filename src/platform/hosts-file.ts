/**
 * The system's hosts file, changed as a whole or not at all: mode, owner and the link that it may be stay as they were.
 */
import { open, realpath } from 'node:fs/promises';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { withHostsBlock } from '../core/hosts-block.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { READ_AT_ONCE } from './regular-file.ts';

/** Where it is. */
export const HOSTS_FILE = '/etc/hosts';
/** Lists against advertisements have some megabytes; nothing real has more. */
const MAX_BYTES = 32 * 1024 * 1024;

interface Read {
  /** The file itself, behind its link. */
  file: string;
  text: string;
  mode: number;
  owner: { uid: number; gid: number };
}

/** Its text, each byte a character; '' where it cannot be read. */
export async function hostsText(file = HOSTS_FILE): Promise<string> {
  return read(file).then(
    ({ text }) => text,
    () => '',
  );
}

/**
 * Write our block, or take it out when there are no names. A file that cannot be read, or has half a marker, is left alone.
 * @returns was anything changed?
 * @throws {AppError} HOSTS_FILE_UNUSABLE
 */
export async function writeHostsBlock(names: readonly string[], file = HOSTS_FILE): Promise<boolean> {
  const found = await read(file);
  const edit = withHostsBlock(found.text, names);
  if ('problem' in edit) throw unusable(file, edit.problem, 'Put the markers right, or remove both');
  if (edit.text === found.text) return false;
  try {
    await writeFileAtomic(found.file, Buffer.from(edit.text, 'latin1'), { mode: found.mode, owner: found.owner });
    return true;
  } catch (error) {
    throw unusable(file, reasonOf(error), hintOf(error), error);
  }
}

async function read(file: string): Promise<Read> {
  try {
    const place = await realpath(file);
    const handle = await open(place, READ_AT_ONCE);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error('it is no regular file');
      const { size, mode, uid, gid } = stats;
      if (size > MAX_BYTES) throw new Error(`it has ${size} bytes`);
      const text = (await handle.readFile()).toString('latin1');
      return { file: place, text, mode: mode & 0o7777, owner: { uid, gid } };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unusable(file, `it cannot be read (${messageOf(error)})`, 'It is left as it is', error);
  }
}

function reasonOf(error: unknown): string {
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'only root may change it';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'EBUSY':
      return 'it is a mount of its own, as in containers, and cannot be replaced';
    default:
      return messageOf(error);
  }
}

function hintOf(error: unknown): string {
  const code = systemCode(error);
  if (code === 'EACCES' || code === 'EPERM') return 'Call this with sudo';
  return 'It is as it was; add the lines yourself, one for each name: 127.0.0.1 NAME';
}

function unusable(file: string, reason: string, hint: string, cause?: unknown): AppError {
  return new AppError('HOSTS_FILE_UNUSABLE', `"${file}" was not changed: ${reason}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
