/**
 * Our lines in a hosts file, between two markers: put in, brought up to date and taken out again. Everything else of the
 * file stays as it is, byte for byte. Pure; the text may be latin1, so that odd bytes survive.
 * @see hosts(5)
 */

const BEGIN = '# hostwise begin: written by "hostwise doctor --hosts write", removed by "--hosts remove"';
const END = '# hostwise end';
/** Whatever stands behind them: a later version may say more. */
const BEGIN_LINE = /^# hostwise begin\b/;
const END_LINE = /^# hostwise end\b/;

/** A block of a thousand names is read at every look-up of every program. */
export const MAX_HOSTS_NAMES = 500;

/** A file with our block, or why it has to be left alone. */
export type HostsEdit = { text: string } | { problem: string };

/**
 * The file with these names in our block, each on both loopback addresses; without a block when there are none. Names
 * that the user's own lines have are left out.
 */
export function withHostsBlock(text: string, names: readonly string[]): HostsEdit {
  const parts = split(text);
  if ('problem' in parts) return parts;
  const { before, after } = parts;
  const taken = namesIn(before + after);
  const wanted = [...new Set(names)].filter((name) => !taken.has(name)).slice(0, MAX_HOSTS_NAMES);
  if (wanted.length === 0) return { text: before + after };
  const end = lineEnd(text);
  const lines = [BEGIN, ...wanted.flatMap((name) => [`127.0.0.1 ${name}`, `::1 ${name}`]), END];
  const start = before === '' || before.endsWith('\n') ? before : before + end;
  return { text: `${start}${lines.join(end)}${end}${after}` };
}

/** The names in our block; empty without one, or where its markers are damaged. */
export function hostsBlockNames(text: string): string[] {
  const parts = split(text);
  return 'problem' in parts ? [] : [...namesIn(parts.inside)];
}

/** All names of a hosts file. */
export function namesIn(text: string): Set<string> {
  const names = text.split(/\r?\n/).flatMap((line) => line.replace(/#.*$/, '').trim().split(/\s+/).slice(1));
  return new Set(names.map((name) => name.toLowerCase()));
}

interface Parts {
  before: string;
  inside: string;
  after: string;
}

function split(text: string): Parts | { problem: string } {
  // With their line ends, so that the parts make the whole again.
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const begins = lines.flatMap((line, i) => (BEGIN_LINE.test(line) ? [i] : []));
  const ends = lines.flatMap((line, i) => (END_LINE.test(line) ? [i] : []));
  const [begin, end] = [begins[0], ends[0]];
  if (begin === undefined && end === undefined) return { before: text, inside: '', after: '' };
  if (begins.length !== 1 || ends.length !== 1 || begin === undefined || end === undefined || end < begin) {
    const where = [...begins, ...ends].map((i) => i + 1).sort((a, b) => a - b);
    return { problem: `its hostwise markers are not one pair (line ${where.join(', ')})` };
  }
  return {
    before: lines.slice(0, begin).join(''),
    inside: lines.slice(begin + 1, end).join(''),
    after: lines.slice(end + 1).join(''),
  };
}

/** As the file has them. */
function lineEnd(text: string): string {
  return /\r\n/.test(text) ? '\r\n' : '\n';
}
