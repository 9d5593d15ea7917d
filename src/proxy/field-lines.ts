/** Header fields as lines of HTTP/1.1. */

/** RFC 9110 section 5.6.2. */
const NAMES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5. */
const FORBIDDEN_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Lines of these fields, each with its end.
 * @param headers flat, at least one field
 * @returns undefined for a name or a value that may not be written so
 */
export function fieldLines(headers: readonly string[]): string | undefined {
  let lines = '';
  let names = '';
  let values = '';
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    if (name === '') return undefined;
    names += name;
    values += value;
    lines += `${name}: ${value}\r\n`;
  }
  // All at once: a character that may not be in one may not be in any.
  return NAMES.test(names) && !FORBIDDEN_IN_VALUES.test(values) ? lines : undefined;
}
