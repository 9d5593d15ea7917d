/** Looks for programs as a shell would, without starting one. */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';

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
  const found = await Promise.all(names.map(async (name) => [name, await findOne(name, folders)] as const));
  return new Map(found.flatMap(([name, file]) => (file === undefined ? [] : [[name, file] as const])));
}

async function findOne(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
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
