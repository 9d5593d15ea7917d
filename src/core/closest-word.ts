/** "Did you mean": the known word that a mistyped one is closest to. */

/**
 * The closest of `known`, by edits, where it is close enough to be meant: at most 3 edits and under 40% of the word.
 * Case does not count. Cost: the product of the lengths for each word, so the words are cut at 60 characters.
 */
export function closestWord(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestEdits = 4;
  for (const candidate of known) {
    const edits = editDistance(word.slice(0, 60).toLowerCase(), candidate.toLowerCase());
    if (edits >= bestEdits || edits > Math.max(word.length, candidate.length) * 0.4) continue;
    best = candidate;
    bestEdits = edits;
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
