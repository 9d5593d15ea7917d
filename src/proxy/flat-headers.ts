/** Header fields as flat arrays `[name, value, ...]`, the form in which they keep order, case and repeats. */

/** Value of a header in a flat list. @param name lower case */
export function flatHeader(flat: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < flat.length; i += 2) {
    if (flat[i]?.length === name.length && flat[i]?.toLowerCase() === name) return flat[i + 1];
  }
  return undefined;
}

/** The same as pairs, as `addTrailers` wants them. */
export function headerPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return pairs;
}

/** The same as Node's HTTP/2 takes them: lower-case names, repeats in an array. */
export function grouped(flat: readonly string[]): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] ?? '').toLowerCase();
    const value = flat[i + 1] ?? '';
    const earlier = result[name];
    result[name] = earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  }
  return result;
}
