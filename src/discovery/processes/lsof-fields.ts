/**
 * The field output of `lsof -F0`: every field is a letter, its value and a NUL; every set of fields ends with a line
 * feed. Documented in lsof(8), "OUTPUT FOR OTHER PROGRAMS". Pure.
 */

/** One open file, by the letters of its fields: `f` descriptor, `t` type, `d` device, `D` device number, `i` inode, `n` name. */
export type LsofFile = Readonly<Record<string, string>>;

/** One process with its files. Text is as lsof escaped it: see {@link unescapeLsof}. */
export interface LsofProcess {
  pid: number;
  /** Fields of the process: `R` parent, `c` command, `u` user id. */
  fields: Readonly<Record<string, string>>;
  files: LsofFile[];
}

/** Processes of an output, in its order; what makes no sense is left out. */
export function parseLsofFields(text: string): LsofProcess[] {
  const processes: LsofProcess[] = [];
  let fields: Record<string, string> = {};
  for (const part of text.split('\0')) {
    // The line feed of the set before; one inside of a value stays.
    const field = part.startsWith('\n') ? part.slice(1) : part;
    const letter = field.charAt(0);
    const value = field.slice(1);
    if (letter === 'p') {
      fields = {};
      processes.push({ pid: /^\d+$/.test(value) ? Number(value) : 0, fields, files: [] });
    } else if (letter === 'f') {
      fields = {};
      processes.at(-1)?.files.push(fields);
    }
    if (letter !== '') fields[letter] = value;
  }
  return processes.filter(({ pid }) => pid > 0);
}

const SHORT: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** An escape, or as much as is none. A caret that is only a caret must not take the escape behind it along. */
const PLAIN = /\\x([0-9a-f]{2})|\\([bfnrt\\])|[^\\]+|\\/g;
const WITH_CARETS = /\\x([0-9a-f]{2})|\\([bfnrt\\])|\^([@-_?])|[^\\^]+|[\s\S]/g;

/**
 * Text as it was before lsof made it printable. In the C locale that is exact but for `^X`: a control character and a
 * caret before a letter look the same, and are taken for the latter unless `carets` is set.
 * Bytes that are no UTF-8 become U+FFFD.
 */
export function unescapeLsof(text: string, { carets = false } = {}): string {
  if (!text.includes('\\') && !carets) return text;
  const parts = [...text.matchAll(carets ? WITH_CARETS : PLAIN)].map(([whole, hex, short, control]) => {
    if (hex !== undefined) return Buffer.from(hex, 'hex');
    if (short !== undefined) return Buffer.from(SHORT[short] ?? whole);
    // lsof writes the byte 0xff as `^?`.
    if (control !== undefined) return Buffer.from([control === '?' ? 0xff : control.charCodeAt(0) - 0x40]);
    return Buffer.from(whole);
  });
  return Buffer.concat(parts).toString('utf8');
}

/** What an escaped path may mean, likeliest first; old versions leave a back-slash as it is. */
export function readingsOfPath(text: string): string[] {
  return [...new Set([unescapeLsof(text), unescapeLsof(text, { carets: true }), text])];
}
