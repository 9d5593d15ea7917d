/** Text for a terminal: colours, plain tables, nothing from outside that could move the cursor. Pure. */
import { withoutControls } from '../core/html.ts';

/** ANSI styles that the program uses; 16 colours only, so that they follow the terminal's theme. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Name of a style. */
export type Style = keyof typeof STYLES;

/** Puts a style around text, or nothing. */
export type Painter = (style: Style, text: string) => string;

/** A painter for a terminal with or without colours. */
export function painter(colour: boolean): Painter {
  if (!colour) return (_, text) => text;
  return (style, text) => {
    const [on, off] = STYLES[style];
    return text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`;
  };
}

/**
 * Make text from outside safe to print on one line: command lines and names may hold escape sequences that rewrite the
 * screen, or characters that turn the direction of the line around.
 */
export function printable(text: string): string {
  return withoutControls(text.replace(/[\t\n\r\u2028\u2029]+/g, ' '));
}

/** Break into lines of at most this many characters, at spaces; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Cut to a width, with an ellipsis. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Columns of a {@link renderTable}. */
export interface TableColumn {
  title: string;
  /** Cut at this many characters. */
  maxWidth?: number;
}

const GAP = '  ';

/** A plain table: a line of titles, then the rows, columns as wide as they need to be. The last column is never padded. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  paint: Painter,
): string {
  const cells = rows.map((row) => columns.map(({ maxWidth = 200 }, i) => clip(printable(row[i] ?? ''), maxWidth)));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join(GAP)
      .trimEnd();
  const head = paint('dim', line(columns.map(({ title }) => title)));
  return [head, ...cells.map(line)].join('\n');
}

/** `1 service`, `2 services`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
