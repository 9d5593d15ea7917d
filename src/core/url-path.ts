/** Paths of URLs as they are sent: bytes are compared as they are, nothing is decoded. */

/** Does a path lie in a prefix? Whole segments count: `/apifoo` is not in `/api`. @param prefix no slash at its end */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  // End, `/`, `?`, `#`.
  return Number.isNaN(next) || next === 0x2f || next === 0x3f || next === 0x23;
}
