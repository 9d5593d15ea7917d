/**
 * Listening sockets that a service manager opened for us: systemd binds 443 as root and hands it over, so that no part
 * of hostwise needs root's rights and a restart never loses a connection.
 * @see sd_listen_fds(3)
 */

/** SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;
/** Two units with a handful of addresses each. */
const MAX_DESCRIPTORS = 64;

/** Descriptors by the name of their unit (FileDescriptorName=). */
export type InheritedSockets = ReadonlyMap<string, readonly number[]>;

/**
 * Take them: once, since the variables are removed, as sd_listen_fds(3) asks, so that no child believes them meant for it.
 * @param pid ours: descriptors for another process (LISTEN_PID) are left alone
 * @returns nothing where there is no service manager, or it says something that makes no sense
 */
export function takeInheritedSockets(env: Record<string, string | undefined>, pid: number): InheritedSockets {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  const sockets = new Map<string, number[]>();
  if (LISTEN_PID !== String(pid)) return sockets;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete env[name];
  const count = /^\d{1,3}$/.test(LISTEN_FDS ?? '') ? Math.min(Number(LISTEN_FDS), MAX_DESCRIPTORS) : 0;
  const names = (LISTEN_FDNAMES ?? '').split(':');
  for (let i = 0; i < count; i++) {
    const name = names[i] || 'unknown';
    sockets.set(name, [...(sockets.get(name) ?? []), FIRST_DESCRIPTOR + i]);
  }
  return sockets;
}
