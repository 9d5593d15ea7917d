/**
 * The text of mappings.json as members: `"key": value` pairs, in order, read with care for what is left of a torn file.
 */

/** A member of the file's object, with its value still unchecked. */
export interface Member {
  key: string;
  value: unknown;
  /** The value as it is written. */
  raw: string;
}

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

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
  // Read once more member by member: JSON.parse drops all but the last of two with the same key.
  const members: Member[] = [];
  for (let at = text.indexOf('{') + 1; ; ) {
    const member = readMember(text, at, endOfWholeValue);
    if (member === null) return members;
    members.push(member);
    at = member.end;
  }
}

/** Is a value nested deeper than this? `raw` is whole. Linear, and without recursion. */
export function isDeeperThan(raw: string, maxDepth: number): boolean {
  if (raw.length <= maxDepth) return false;
  let depth = 0;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code === QUOTE) at = endOfString(raw, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** Would a number in a value be another one after reading and writing it (`12345678901234567890`)? */
export function hasLongNumber(raw: string): boolean {
  if (!/\d{16}|\d[.eE]/.test(raw)) return false;
  let isLong = false;
  const look = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value === 'number' && JSON.stringify(value) !== context?.source) isLong = true;
    return value;
  };
  JSON.parse(raw, look);
  return isLong;
}

/**
 * What can still be read of a torn or damaged text: every member of the outermost object that is there from its first
 * quote to its closing brace. After a damaged place reading goes on at the next line that is indented like a member.
 * Where a key comes twice, the last one counts, as in JSON.parse.
 */
export function salvageMembers(text: string): Member[] {
  const found = new Map<string, Member>();
  const open = /^\s*\{/.exec(text);
  let at = open?.[0].length ?? 0;
  // Where the very beginning is lost, our own layout is assumed.
  const lineStart = open ? memberLine(text, at) : '\n  "';
  for (let damages = 0; damages <= MAX_DAMAGES; ) {
    const member = readMember(text, at, endOfValue);
    if (member) {
      found.delete(member.key);
      found.set(member.key, member);
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
  return Array.from(found.values(), ({ key, value, raw }) => ({ key, value, raw }));
}

/** Line break, indentation and quote of the first member: nested ones are indented further. */
function memberLine(text: string, from: number): string | undefined {
  const first = /^\r?\n[ \t]*"/.exec(text.slice(from, from + 200));
  return first?.[0];
}

/** Index behind a value that begins at `start`; -1 where there is no complete one. */
type FindEnd = (text: string, start: number) => number;

/** One member from `at` on, with the blanks and the comma before it. null where none is complete. */
function readMember(text: string, at: number, findEnd: FindEnd): (Member & { end: number }) | null {
  const keyStart = skip(text, at, ' \t\r\n,');
  if (text[keyStart] !== '"') return null;
  const keyEnd = endOfString(text, keyStart);
  if (keyEnd === -1) return null;
  const colon = skip(text, keyEnd, ' \t\r\n');
  if (text[colon] !== ':') return null;
  const start = skip(text, colon + 1, ' \t\r\n');
  const end = findEnd(text, start);
  if (end === -1) return null;
  try {
    const raw = text.slice(start, end);
    const key: unknown = JSON.parse(text.slice(keyStart, keyEnd));
    const value: unknown = JSON.parse(raw);
    return typeof key === 'string' ? { key, value, raw, end } : null;
  } catch {
    return null;
  }
}

/** The end of any value of a text that is known to be JSON. */
function endOfWholeValue(text: string, start: number): number {
  const end = endOfValue(text, start);
  if (end !== -1) return end;
  const rest = /[^\s,}]+/y;
  rest.lastIndex = start;
  return rest.test(text) ? rest.lastIndex : -1;
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
