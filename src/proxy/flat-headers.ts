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
