/** Looks for programs as a shell would, without starting one. */
import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../../core/errors.ts';

/** Where administration programs are when a user's PATH leaves them out. */
const EXTRA_FOLDERS = ['/usr/sbin', '/sbin'];

/**
 * Absolute paths of those programs that are there.
 * @param searchPath a PATH. Relative parts are skipped, because they mean the working directory, and so are the
 *   Windows folders that WSL adds: slow to ask, and without Linux programs
 */
export async function findPrograms(names: readonly string[], searchPath: string): Promise<Map<string, string>> {
  const listed = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const folders = [...new Set([...listed, ...EXTRA_FOLDERS])].filter((folder) => !/^\/mnt\/[a-z]\//.test(folder));
  const listings = await Promise.all(folders.map(listing));
  const found = await Promise.all(names.map(async (name) => [name, await findOne(name, listings)] as const));
  return new Map(found.flatMap(([name, file]) => (file === undefined ? [] : [[name, file] as const])));
}

/** A folder, and what is in it: one question instead of one per name, of which nearly all would be answered by an error. */
interface Listing {
  folder: string;
  /** undefined where it may not be listed; what is in it may be run all the same. */
  names: ReadonlySet<string> | undefined;
}

async function listing(folder: string): Promise<Listing> {
  try {
    return { folder, names: new Set(await readdir(folder)) };
  } catch (error) {
    return { folder, names: systemCode(error) === 'EACCES' ? undefined : new Set() };
  }
}

async function findOne(name: string, listings: readonly Listing[]): Promise<string | undefined> {
  for (const { folder, names } of listings) {
    if (names?.has(name) === false) continue;
    const file = path.join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
