/** Free text that goes into a prompt, or comes out of a model. */

/**
 * Text without what could hide in it: control characters, direction marks, zero-width and Unicode tag characters,
 * blanks collapsed, cut to a length.
 */
export function cleanText(text: string, maxChars: number): string {
  return text
    .slice(0, maxChars * 4)
    .replace(/(?:[\s\p{Cc}\p{Cf}\p{Co}\p{Cs}]|\p{Variation_Selector})+/gu, ' ')
    .trim()
    .slice(0, maxChars);
}
