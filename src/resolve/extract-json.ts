/**
 * Find JSON objects in what a model wrote: bare, in a fence, after a think block, between sentences.
 * The text is hostile and may be long: the work is bounded.
 */

/** Longest text that is looked at, in characters. */
const MAX_TEXT_CHARS = 100_000;
/** Most opening braces that are tried. */
const MAX_STARTS = 50;

/** Every JSON object in the text, the likeliest first: the whole text, then each balanced `{...}` from the start. */
export function* jsonObjects(text: string): Generator<unknown> {
  const answer = withoutThinking(text.slice(0, MAX_TEXT_CHARS)).trim();
  const whole = parseObject(answer);
  if (whole !== undefined) {
    yield whole;
    return;
  }
  let from = 0;
  for (let tries = 0; tries < MAX_STARTS; tries++) {
    const start = answer.indexOf('{', from);
    if (start === -1) return;
    const end = closingBrace(answer, start);
    const value = end === -1 ? undefined : parseObject(answer.slice(start, end + 1));
    if (value !== undefined) yield value;
    from = value === undefined ? start + 1 : end + 1;
  }
}

/** Some servers leave `<think>...</think>` in the answer, some only its end. */
function withoutThinking(text: string): string {
  const end = text.lastIndexOf('</think>');
  return end === -1 ? text : text.slice(end + '</think>'.length);
}

function parseObject(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Index of the brace that closes the one at `start`, strings skipped; -1 when it is never closed. */
function closingBrace(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return i;
  }
  return -1;
}
