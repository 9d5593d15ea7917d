/** Which process listens on a unix socket: asked only when that process does not answer for itself. */
import { readFile } from 'node:fs/promises';
import { pidOfSocket } from './port-holder.ts';

/** SO_ACCEPTCON of a row's flags: it listens (net/unix/af_unix.c, unix_seq_show). */
const LISTENS = '00010000';

/**
 * The process that holds the listening socket, from /proc.
 * @param socketPath where it is now, or with `~` behind it, as control sockets are called when they are made
 * @returns undefined where that cannot be told: no /proc, another user's process, or several of that name
 */
export async function socketHolder(socketPath: string): Promise<number | undefined> {
  const text = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  const pids = new Set<number>();
  for (const line of text.split('\n')) {
    // Num RefCount Protocol Flags Type St Inode Path; a path may have spaces.
    const [, flags, inode, name] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line) ?? [];
    if (flags !== LISTENS || inode === undefined) continue;
    if (name !== socketPath && name !== `${socketPath}~`) continue;
    const pid = await pidOfSocket(inode);
    if (pid !== undefined) pids.add(pid);
  }
  const [only] = pids;
  return pids.size === 1 ? only : undefined;
}
