/**
 * Which process a listening socket belongs to, where several hold it.
 *
 * The rule: of each process that holds the socket take the oldest ancestor that holds it too, and of those the lowest pid.
 * - A pre-forking server (gunicorn, nginx, puma, `uvicorn --reload`) and its workers hold one socket: the service is
 *   the parent, whose command line and directory are what the user typed, and which outlives its workers.
 * - A child that listens on a socket of its own is a service of its own, whatever its parent listens on.
 * - The init process and systemd's user instance open sockets for others (socket activation): they own one only while
 *   nobody else holds it.
 * - Orphaned workers that are all siblings: the lowest pid, which is the oldest until pids come round, and which every
 *   tool knows. A scan that remembers an owner keeps it for as long as it holds the socket.
 */

/** What the rule asks about the machine. */
export interface Holders {
  /** Descriptor by which `pid` holds the socket, undefined where it does not (or may not be seen). */
  fdOf(pid: number, inode: string): number | undefined;
  /** Parent of `pid`; 0 where there is none or it is gone. */
  parentOf(pid: number): number;
  /** Does this process open sockets on behalf of others? */
  activates(pid: number): boolean;
}

/** A process and the descriptor by which it holds a socket. */
export interface Owner {
  pid: number;
  fd: number;
}

/** No real tree is deeper; a bound against a torn view of it, where a pid came round again. */
const MAX_ANCESTORS = 64;

/** Apply the rule above to all holders that are known; undefined where there are none but those that open for others. */
export function ownerAmong(known: readonly Owner[], inode: string, holders: Holders): Owner | undefined {
  const roots = known.filter(({ pid }) => !holders.activates(pid)).map((one) => ownerFrom(one, inode, holders));
  return roots.reduce<Owner | undefined>((lowest, one) => (lowest && lowest.pid <= one.pid ? lowest : one), undefined);
}

/** The oldest ancestor of one holder that holds the socket too, else the holder itself. */
export function ownerFrom(holder: Owner, inode: string, holders: Holders): Owner {
  let owner = holder;
  let pid = holders.parentOf(holder.pid);
  for (let steps = 0; pid > 0 && steps < MAX_ANCESTORS; steps++) {
    const fd = holders.activates(pid) ? undefined : holders.fdOf(pid, inode);
    if (fd !== undefined) owner = { pid, fd };
    pid = holders.parentOf(pid);
  }
  return owner;
}
