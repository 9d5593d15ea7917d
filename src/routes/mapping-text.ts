/**
 * The text of mappings.json as members: `"key": value` pairs, in order, read with care for what is left of a torn file.
 */

/** A member of the file's object, with its value still unchecked. */
export interface Member {
  key: string;
  value: unknown;
}

/** How many damaged places are jumped over before the rest is given up: keeps hostile text linear. */
const MAX_DAMAGES = 50;

/**
 * The members of a text that is a JSON object, in its order.
 * @returns null when the text is no JSON object
 */
export function wholeMembers(text: string): Member[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  // JSON.parse makes `__proto__` an own property, and entries() lists it like any other.
  return Object.entries(parsed).map(([key, value]) => ({ key, value }));
}

/**
 * What can still be read of a torn or damaged text: every member of the outermost object that is there from its first
 * quote to its closing brace. After a damaged place reading goes on at the next line that is indented like a member.
 * Where a key comes twice, the last one counts, as in JSON.parse.
 */
export function salvageMembers(text: string): Member[] {
  const found = new Map<string, unknown>();
  const open = /^\s*\{/.exec(text);
  let at = open?.[0].length ?? 0;
  // Where the very beginning is lost, our own layout is assumed.
  const lineStart = open ? memberLine(text, at) : '\n  "';
  for (let damages = 0; damages <= MAX_DAMAGES; ) {
    const member = readMember(text, at);
    if (member) {
      found.delete(member.key);
      found.set(member.key, member.value);
      at = member.end;
      continue;
    }
    damages++;
    if (lineStart === undefined) break;
    const next = text.indexOf(lineStart, at);
    if (next === -1) break;
    // At the quote: if this one is damaged too, the next search starts behind this line's beginning.
    at = next + lineStart.length - 1;
  }
  return Array.from(found, ([key, value]) => ({ key, value }));
}

/** Line break, indentation and quote of the first member: nested ones are indented further. */
function memberLine(text: string, from: number): string | undefined {
  const first = /^\r?\n[ \t]*"/.exec(text.slice(from, from + 200));
  return first?.[0];
}

/** One member from `at` on, with the blanks and the comma before it. null where none is complete. */
function readMember(text: string, at: number): (Member & { end: number }) | null {
  const keyStart = skip(text, at, ' \t\r\n,');
  if (text[keyStart] !== '"') return null;
  const keyEnd = endOfString(text, keyStart);
  if (keyEnd === -1) return null;
  const colon = skip(text, keyEnd, ' \t\r\n');
  if (text[colon] !== ':') return null;
  const start = skip(text, colon + 1, ' \t\r\n');
  const end = endOfValue(text, start);
  if (end === -1) return null;
  try {
    const key: unknown = JSON.parse(text.slice(keyStart, keyEnd));
    const value: unknown = JSON.parse(text.slice(start, end));
    return typeof key === 'string' ? { key, value, end } : null;
  } catch {
    return null;
  }
}

function skip(text: string, from: number, characters: string): number {
  let at = from;
  while (at < text.length && characters.includes(text.charAt(at))) at++;
  return at;
}

/** Index behind the closing quote; -1 where the text or the line ends first (JSON has no line breaks in strings). */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x0a) return -1;
    if (code === 0x5c) at++;
  }
  return -1;
}

/**
 * Index behind an object, array or string; -1 where it is not complete. A bare number or word is not taken from a
 * torn text: `51` may be the beginning of `5173`. No entry of ours is one.
 */
function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== '{' && first !== '[') return -1;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at) - 1;
      if (at < 0) return -1;
    } else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
