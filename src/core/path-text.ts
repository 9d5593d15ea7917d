/** Paths as text, of whatever machine a snapshot was taken on: always with slashes, never looked up. */

/** Last segment of a path; '' for the root. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** The directory above; '' above the root. */
export function parentPath(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.slice(0, Math.max(0, trimmed.lastIndexOf('/')));
}

/** Is `path` this directory, or below it? */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** A user's home directory itself (`/home/kim`, `/Users/kim`, `/root`), or the root: no project is named after it. */
export function isHomeOrRoot(path: string): boolean {
  return path === '/' || path === '' || /^(?:\/(?:home|Users)(?:\/[^/]+)?|\/root|\/var\/root)\/?$/.test(path);
}
