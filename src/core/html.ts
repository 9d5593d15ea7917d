/**
 * HTML that is escaped by construction: what is put into an {@link html} template is text, unless it is HTML that the
 * same tag made. Values come from command lines, labels, LLM answers and hostnames; nobody has to remember to escape.
 * Attributes are written in double quotes, and a URL from outside is checked before it becomes an href.
 */

/** Finished HTML. Only {@link html} and {@link raw} make it. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text, a number, HTML, a list of these, or nothing (`false`, null, undefined). */
export type HtmlValue = string | number | Html | false | null | undefined | readonly HtmlValue[];

/**
 * Template tag.
 * @example
 * html`<p title="${'"'}">${'<b>'}</p>`.toString() // <p title="&quot;">&lt;b&gt;</p>
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? '';
  for (const [i, value] of values.entries()) text += render(value) + (strings[i + 1] ?? '');
  return new Html(text);
}

/** Text of our own that is HTML already. Never for anything that came from outside. */
export function raw(text: string): Html {
  return new Html(text);
}

function render(value: HtmlValue): string {
  if (value instanceof Html) return value.toString();
  if (value === false || value === null || value === undefined) return '';
  if (typeof value === 'object') return value.map(render).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

function escapeHtml(text: string): string {
  return withoutControls(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/**
 * Replace characters that change what a reader sees around them: controls (a terminal's escape sequences among them)
 * and the bidirectional overrides that let `gpj.exe` pose as another name (Unicode TR 36 section 2.7.1).
 */
export function withoutControls(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    '\ufffd',
  );
}
