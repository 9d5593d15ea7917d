/** A line of the log for people. Pure. */
import { type Painter, printable, type Style } from './text.ts';

const STYLES: Readonly<Record<string, Style>> = {
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
  debug: 'dim',
  trace: 'dim',
};

/** `2026-01-31 09:15:02 warn  message field=value`, in local time; what is not of our log stays as it is. */
export function logLineText(line: string, paint: Painter): string {
  const record = parse(line);
  if (record === undefined) return printable(line);
  const { time, level, msg, ...fields } = record;
  const word = typeof level === 'string' ? level : '';
  const said = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
  const message = [typeof msg === 'string' ? msg : '', ...said].join(' ').trim();
  const style = STYLES[word];
  const painted = style === undefined ? word.padEnd(5) : paint(style, word.padEnd(5));
  return `${paint('dim', localTime(time))} ${painted} ${printable(message)}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  // Of an error its words: the stack is in the file.
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  return JSON.stringify(value) ?? '';
}

function localTime(time: unknown): string {
  const date = new Date(typeof time === 'string' ? time : Number.NaN);
  if (Number.isNaN(date.getTime())) return '-';
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
