/** Paths as text, of whatever machine a snapshot was taken on: always with slashes, never looked up. */

/** Last segment of a path; '' for the root. */
export function baseName(path: string): string {
  const trimmed = withoutEndSlashes(path);
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** The directory above; '' above the root. */
export function parentPath(path: string): string {
  const trimmed = withoutEndSlashes(path);
  return trimmed.slice(0, Math.max(0, trimmed.lastIndexOf('/')));
}

function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** Is `path` this directory, or below it? Makes no text of its own: it is asked for every pair of two lists. */
export function isWithin(path: string, directory: string): boolean {
  if (!path.startsWith(directory)) return false;
  return path.length === directory.length || path[directory.length] === '/' || directory.endsWith('/');
}

/**
 * Where the users of this and of neighbouring systems live: Linux and macOS, `/var/home` (Fedora's immutable ones),
 * `/usr/home` (FreeBSD), `/export/home`, a Mac's data volume, and Windows as itself, from WSL, MSYS and Docker Desktop.
 */
const HOME =
  /^(?:\/(?:var|usr|export|data|private|System\/Volumes\/Data|(?:mnt|host_mnt|run\/desktop\/mnt\/host)\/[^/]+|[a-z])|[A-Za-z]:)?\/(?:home|Users)(?:\/([^/]+)|(?=\/?$))/;

/** A user's home directory itself (`/home/kim`, `/Users/kim`, `/root`), or the root: no project is named after it. */
export function isHomeOrRoot(path: string): boolean {
  if (path === '/' || path === '' || /^\/(?:var\/)?root\/?$/.test(path)) return true;
  const home = HOME.exec(path)?.[0];
  return home !== undefined && path.length - home.length <= 1;
}

/** The name of the user in whose home directory a path is; null for one elsewhere. Backslashes count as slashes. */
export function userOfPath(path: string): string | null {
  return HOME.exec(path.replaceAll('\\', '/'))?.[1] ?? null;
}
