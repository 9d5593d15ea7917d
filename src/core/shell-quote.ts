/** Shell lines for people to copy: any path, also one with spaces or quotes, arrives as one word. */

/**
 * One word for a POSIX shell.
 * @example
 * shellQuote("/home/o'neil") // '/home/o'\''neil'
 */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command of several words. */
export function shellLine(...words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** The command, with sudo where it is needed. */
export function rootLine(isRoot: boolean, ...words: readonly string[]): string {
  return shellLine(...(isRoot ? words : ['sudo', ...words]));
}
